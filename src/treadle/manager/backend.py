"""What the manager does, in async code: each of its words by the services that everybody uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import to_builtins
from msgspec.structs import replace

from treadle.bootstrap import Services
from treadle.client.managed import AGENT, HANDLERS, QUERY, ManagedJob, agent_capability, of_run
from treadle.domain.affinity import Affinity
from treadle.domain.errors import Conflict, InvalidInput, NotFound, Problem
from treadle.domain.instants import DAY, from_seconds, to_datetime, to_seconds
from treadle.domain.jobs import Job, JobSpec, parse_job
from treadle.domain.retry import RetryPolicy
from treadle.domain.runs import LIVE, TERMINAL, Cause, Run, State
from treadle.domain.shapes import read
from treadle.domain.submitting import RunRequest
from treadle.domain.workers import Role, Worker, WorkerState
from treadle.engines.contract import RunQuery

SOURCE: Final = "job manager"
TIMEOUT_SECONDS: Final = 3600
"""How long one attempt of an agent or a query may take."""

MOST_MEASURED: Final = 1_000
"""Finished runs, the newest, that metrics are made of."""

_PAGE: Final = 200
_CHUNK: Final = 500
_PAYLOADS: Final[dict[str, dict[str, Any]]] = {
    AGENT: {
        "type": "object",
        "properties": {"agent_name": {"type": "string", "minLength": 1}, "parameters": {"type": "object"}},
        "required": ["agent_name"],
    },
    QUERY: {
        "type": "object",
        "properties": {"query": {"type": "string", "minLength": 1}, "inferred_goal_output": {"type": "string"}},
        "required": ["query"],
    },
}


class Backend:
    """The words of `JobManager` on open services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._engine = services.engine
        self._domain = services.settings.domain

    async def create(
        self,
        job_type: str,
        name: str,
        description: str,
        request: Mapping[str, Any],
        max_retries: int | None,
    ) -> ManagedJob:
        """See `JobManager.create_job`. `request` is a `RunRequest`'s document."""
        job = await self._define(job_type, name, description) if job_type in HANDLERS else await self._of_type(job_type)
        if (agent := request["inputs"].get("agent_name") if job_type == AGENT else job_type) and job_type in HANDLERS:
            affinity = Affinity(capabilities=(agent_capability(str(agent)),))
            job = replace(job, work=replace(job.work, affinity=affinity))
        if max_retries is not None:
            retry = read({**to_builtins(job.work.retry), "max_retries": max_retries}, RetryPolicy)
            job = replace(job, work=replace(job.work, retry=retry))
        submitted = await self._services.runs.submit_job(job, read(dict(request), RunRequest), cause=Cause.CLIENT)
        return of_run(submitted.run, job)

    async def get(self, run_id: str) -> ManagedJob | None:
        """See `JobManager.get_job`."""
        runs = await self._engine.runs.get(self._domain, [run_id])
        return (await self._tell(runs))[0] if runs else None

    async def find(self, states: Sequence[State], limit: int) -> list[ManagedJob]:
        """Jobs in any of some states, newest first."""
        return await self._tell(await self._runs(states, limit))

    async def cancel(self, run_id: str) -> ManagedJob:
        """See `JobManager.cancel_job`."""
        return (await self._tell([await self._services.runs.cancel(self._domain, run_id)]))[0]

    async def clean_up(self, days: float) -> int:
        """See `JobManager.cleanup_old_history`."""
        if days < 0:
            raise InvalidInput([Problem("days", f"cannot be below 0, as {days:g} is")])
        before = self._engine.now() - int(days * DAY)
        removed = 0
        while count := await self._engine.runs.prune(before, _CHUNK):
            removed += count
        return removed

    async def is_running(self) -> bool:
        """Whether a worker is there that takes jobs."""
        return bool(await self._online())

    async def health(self) -> dict[str, Any]:
        """See `JobManager.get_system_health`."""
        online = await self._online()
        counts = await self._engine.runs.counts(self._domain)
        dead = await self._engine.dead_letters.find(RunQuery(domain=self._domain, limit=_PAGE))
        alerts = []
        if not online:
            alerts.append("no worker is online: nothing is carried out")
        if dead:
            alerts.append(f"{len(dead)}{'+' if len(dead) == _PAGE else ''} failed runs wait for somebody to look")
        return {
            "status": "healthy" if not alerts else "degraded" if online else "unhealthy",
            "alerts": alerts,
            "engine": self._engine.version,
            "workers": {"online": len(online), "slots": sum(worker.slots for worker in online)},
            "runs": {state.value: counts.get(state, 0) for state in sorted(LIVE)},
        }

    async def metrics(self, job_type: str | None, hours: float) -> dict[str, dict[str, Any]]:
        """See `JobManager.get_job_metrics`."""
        since = self._engine.now() - from_seconds(hours * 3600)
        by_job: dict[str, list[Run]] = defaultdict(list)
        for run in await self._runs(sorted(TERMINAL), MOST_MEASURED, since):
            by_job[run.job_id].append(run)
        return {
            job_id: _measured(runs) for job_id, runs in sorted(by_job.items()) if job_type is None or job_id == job_type
        }

    async def _online(self) -> list[Worker]:
        """The workers that take runs; schedulers and APIs are told of beside them."""
        found = await self._engine.workers.find(self._domain)
        return [each for each in found if each.role is Role.WORKER and each.state is WorkerState.ONLINE]

    async def _runs(self, states: Sequence[State], limit: int, since: int | None = None) -> list[Run]:
        found: list[Run] = []
        while len(found) < limit:
            before = found[-1].id if found else None
            wanted = min(_PAGE, limit - len(found))
            query = RunQuery(
                domain=self._domain, limit=wanted, before=before, states=tuple(states), created_after=since
            )
            page = await self._engine.runs.find(query)
            found += page
            if len(page) < wanted:
                break
        return found

    async def _define(self, job_type: str, name: str, description: str) -> Job:
        """The definition behind jobs of one name; made, or brought up to date."""
        spec: JobSpec = parse_job(
            {
                "name": name,
                "description": description,
                "type": HANDLERS[job_type],
                "inputs_schema": _PAYLOADS[job_type],
                "timeout_seconds": TIMEOUT_SECONDS,
            }
        )
        standing = await self._services.jobs.find(self._domain, spec.job_id)
        if standing is not None and standing.source != SOURCE:
            message = f"there is a job {spec.job_id} already, from {standing.source}"
            raise Conflict(f"{message}: choose another name, or give its id as the job_type to run it")
        return await self._services.jobs.define(self._domain, spec, source=SOURCE)

    async def _of_type(self, job_type: str) -> Job:
        job = await self._services.jobs.find(self._domain, job_type)
        if job is None:
            raise NotFound(f"there is no job {job_type}: a job_type is JobType.AGENT, JobType.QUERY or the id of a job")
        return job

    async def _tell(self, runs: Sequence[Run]) -> list[ManagedJob]:
        ids = {run.job_id for run in runs}
        jobs = {job_id: await self._services.jobs.find(self._domain, job_id) for job_id in ids}
        return [of_run(run, jobs[run.job_id]) for run in runs]


def _measured(runs: Sequence[Run]) -> dict[str, Any]:
    """What is told of the finished runs of a job, the newest first."""
    done = [run for run in runs if run.state is State.COMPLETED]
    failed = [run for run in runs if run.state is State.FAILED]
    times = [
        to_seconds(run.finished_at - run.started_at)
        for run in runs
        if run.finished_at is not None and run.started_at is not None
    ]
    last = runs[0].finished_at
    return {
        "total_executions": len(runs),
        "successful_executions": len(done),
        "failed_executions": len(failed),
        "success_rate": len(done) / len(done + failed) if done or failed else None,
        "average_duration_seconds": sum(times) / len(times) if times else None,
        "max_duration_seconds": max(times, default=None),
        "retries": sum(max(run.attempt - 1, 0) for run in runs),
        "last_execution": None if last is None else to_datetime(last),
    }
