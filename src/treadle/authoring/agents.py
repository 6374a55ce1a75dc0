"""Agents: named Python functions that carry out the jobs `agent` and `query`, and executors that may go before them."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from treadle.authoring.binding import Binding
from treadle.authoring.context import JobContext
from treadle.authoring.decorators import AnyHandler, Handler
from treadle.authoring.retrying import GiveUp
from treadle.client.managed import AGENT, HANDLERS, QUERY, JobStatus, ManagedJob, agent_capability
from treadle.domain.errors import InvalidInput, Problem, TreadleError, nearest
from treadle.domain.jobs import parse_job

Agent: TypeAlias = Callable[..., Any]


class ExecutorFailed(TreadleError):
    """An executor answered that it has not succeeded."""

    code = "executor_failed"


class JobExecutor:
    """Carries out jobs in a way of its own; to be extended. The first that can is asked, before any agent."""

    def can_execute(self, job: ManagedJob) -> bool:
        """Whether this job is for it."""
        raise NotImplementedError

    def execute(self, job: ManagedJob) -> Mapping[str, Any]:
        """Do it. Answers `{"success": True, "result": …}`; where it was no success, `error` says why."""
        raise NotImplementedError


class Agents:
    """A registry of agents by name, and executors."""

    def __init__(self, registry: Mapping[str, Agent] | None = None) -> None:
        """Raises InvalidInput for what cannot be called."""
        self._agents: dict[str, Agent] = {}
        self._executors: list[JobExecutor] = []
        for name, agent in (registry or {}).items():
            self.add(name, agent)

    def __bool__(self) -> bool:
        return bool(self._agents or self._executors)

    def add(self, name: str, agent: Agent) -> None:
        """Name a function, sync or async. Raises InvalidInput for what cannot be called, or a name that is taken."""
        if not callable(agent):
            raise InvalidInput(f"the agent {name!r} is to be a function, not {agent!r:.60}")
        standing = self._agents.setdefault(name, agent)
        if standing is not agent:
            raise InvalidInput(f"there are two agents {name!r}: {_place(standing)} and {_place(agent)}")

    def add_executor(self, executor: JobExecutor) -> None:
        """Let an executor carry out the jobs that it can."""
        for word in ("can_execute", "execute"):
            if not callable(getattr(executor, word, None)):
                raise InvalidInput(f"an executor has a method {word}(job): {executor!r:.60} has none")
        self._executors.append(executor)

    def take_over(self, other: Agents) -> None:
        """Add all that another registry has."""
        for name, agent in other._agents.items():
            self.add(name, agent)
        self._executors.extend(other._executors)

    @property
    def capabilities(self) -> frozenset[str]:
        """What a worker with these offers. Which jobs an executor can carry out is known only once it is asked."""
        return frozenset(map(agent_capability, [*self._agents, *(["*"] if self._executors else [])]))

    def handlers(self) -> list[AnyHandler]:
        """What carries out the runs of both types in a worker; none where nothing could."""
        return [self._handler(type_) for type_ in HANDLERS] if self else []

    def _handler(self, type_: str) -> AnyHandler:
        def carry_out(ctx: JobContext) -> Any:
            return self._carry_out(_job(type_, ctx))

        spec = parse_job({"job_id": HANDLERS[type_], "type": HANDLERS[type_]})
        return Handler(carry_out, Binding(carry_out), spec, "treadle")

    def _carry_out(self, job: ManagedJob) -> Any:
        for executor in self._executors:
            if executor.can_execute(job):
                return _said(executor, executor.execute(job))
        name, parameters = _wanted(job)
        if (agent := self._agents.get(name)) is None:
            raise GiveUp(f"no agent {name!r} is known to this worker{nearest(name, self._agents)}")
        value = agent(**parameters)
        return asyncio.run(_awaited(value)) if inspect.isawaitable(value) else value


declared: Final = Agents()
"""Those that task files add."""


def add_agent(name: str, agent: Agent) -> None:
    """Name a function that carries out jobs of the type `agent`: in a task file, for the workers that load it."""
    declared.add(name, agent)


def add_executor(executor: JobExecutor) -> None:
    """Let an executor carry out the jobs that it can: in a task file, for the workers that load it."""
    declared.add_executor(executor)


def configured(text: str) -> Agents:
    """The agents in a configuration: `{"name": "package.module:function"}` as JSON, or the file in which that stands.

    Raises InvalidInput naming each that cannot be found.
    """
    agents = Agents()
    problems: list[Problem] = []
    for name, path in _read(text).items():
        try:
            agents.add(name, _load(path))
        except (ImportError, AttributeError, InvalidInput) as error:
            problems.append(Problem(f"TREADLE_AGENTS: {name}", f"{path!r} is no function that can be used: {error}"))
    if problems:
        raise InvalidInput(problems)
    return agents


def _read(text: str) -> dict[str, str]:
    if not text.strip():
        return {}
    try:
        data = text.encode() if text.lstrip().startswith("{") else Path(text).read_bytes()
        return msgspec.json.decode(data, type=dict[str, str])
    except (OSError, msgspec.DecodeError) as error:
        message = f'is {{"name": "package.module:function"}} as JSON, or a file in which that stands: {error}'
        raise InvalidInput([Problem("TREADLE_AGENTS", message)]) from error


def _load(path: str) -> Agent:
    module, _, name = path.rpartition(":" if ":" in path else ".")
    if not module:
        raise InvalidInput("write package.module:function")
    agent: Agent = getattr(importlib.import_module(module), name)
    return agent


def _job(type_: str, ctx: JobContext) -> ManagedJob:
    """The run of a context, as executors see it."""
    return ManagedJob(
        id=ctx.run_id,
        job_type=type_,
        name=ctx.job_id,
        payload=ctx.inputs,
        retry_count=ctx.attempt - 1,
        status=JobStatus.RUNNING,
        created_at=ctx.created_at,
        started_at=ctx.now,
    )


def _wanted(job: ManagedJob) -> tuple[str, dict[str, Any]]:
    """The agent for a job, and what it is called with. A query is for the agent of that name."""
    if job.job_type == QUERY:
        return QUERY, job.payload
    return job.payload.get(f"{AGENT}_name", ""), job.payload.get("parameters") or {}


def _said(executor: JobExecutor, answer: object) -> Any:
    if not isinstance(answer, Mapping) or not isinstance(answer.get("success"), bool):
        said = f"{type(executor).__name__}.execute answered {answer!r:.60}"
        raise GiveUp(f'{said}, not {{"success": True, "result": …}}')
    if not answer["success"]:
        raise ExecutorFailed(str(answer.get("error") or f"{type(executor).__name__} has not succeeded"))
    return answer.get("result")


async def _awaited(value: Any) -> Any:
    return await value


def _place(function: Agent) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', function)}"
