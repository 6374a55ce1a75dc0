"""A run as a test looks at it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from treadle.api.schemas.runs import Attempt, to_detail
from treadle.domain import json
from treadle.domain.events import Event
from treadle.domain.instants import to_datetime, to_seconds
from treadle.domain.logs import StoredLogLine
from treadle.domain.outcomes import RunError
from treadle.domain.progress import Progress
from treadle.domain.runs import DEFAULT_DOMAIN, Run, State
from treadle.services.runs import Told
from treadle.testing.world import World

T = TypeVar("T")

_STARTED = "run.started"
_RETRY = "run.retry_scheduled"
_MOST = 100_000


class Do(Protocol):
    """Carries out work in a world's loop."""

    def __call__(self, work: Callable[[World], Coroutine[Any, Any, T]], /) -> T: ...


class TestedRun:
    """A run by its id. What is asked of it is how it stands then."""

    __test__ = False

    def __init__(self, run_id: str, do: Do) -> None:
        self.id = run_id
        self._do = do

    def __repr__(self) -> str:
        return f"<{self.id} of {self.job_id}: {self.state}>"

    @property
    def job_id(self) -> str:
        """The id of its job."""
        return self._run.job_id

    @property
    def state(self) -> State:
        """Such as `completed`; a text."""
        return self._run.state

    @property
    def inputs(self) -> Any:
        """Its inputs, under which those of the job are."""
        return json.decode(self._run.inputs)

    @property
    def result(self) -> Any:
        """What its handler has returned, as JSON has it; None where it has not."""
        result = self._run.result
        return None if result is None else json.decode(result)

    @property
    def error(self) -> RunError | None:
        """Why it ended otherwise than completed."""
        return self._run.error

    @property
    def slot(self) -> datetime | None:
        """The moment of its schedule that it stands for, in UTC."""
        slot = self._run.slot
        return None if slot is None else to_datetime(slot)

    @property
    def attempts(self) -> list[Attempt]:
        """Its tries, each with its `outcome` and its `error`, as HTTP answers them."""

        async def read(world: World) -> list[Attempt]:
            run = await world.run(self.id)
            runs = world.runs
            return to_detail(run, await runs.attempts(run), (), await runs.told(run)).attempts

        return self._do(read)

    @property
    def progress(self) -> Progress | None:
        """How far it has come, with `done` and `total`; None where it has not said."""
        return self._told.progress

    @property
    def kept(self) -> dict[str, Any]:
        """What its handler has kept in `ctx.state`."""
        return self._told.state

    @property
    def errors(self) -> list[str]:
        """The message of each try that has failed."""
        return [each.error.message for each in self.attempts if each.error is not None]

    @property
    def starts(self) -> list[datetime]:
        """When its handler was begun, each time."""
        return [to_datetime(event.at) for event in self._events if event.type == _STARTED]

    @property
    def retried_after(self) -> list[float]:
        """How many seconds passed between each try that failed and the next."""
        told = [event for event in self._events if event.type in (_STARTED, _RETRY)]
        return [to_seconds(then.at - failed.at) for failed, then in pairwise(told) if failed.type == _RETRY]

    @property
    def events(self) -> list[str]:
        """The types of what happened to it, in order: `run.queued`, `run.started`, …"""
        return [event.type for event in self._events]

    @property
    def log(self) -> list[str]:
        """The text of each line of its log."""
        return [line.message for line in self.lines]

    @property
    def lines(self) -> list[StoredLogLine]:
        """Its log: each line with its `level`, its `message` and its `fields`."""
        return self._do(lambda world: world.engine.logs.read(DEFAULT_DOMAIN, self.id, after=0, limit=_MOST))

    @property
    def steps(self) -> dict[str, Any]:
        """What it has done for good: the results of its steps by their names."""
        steps = self._do(lambda world: world.runs.steps(DEFAULT_DOMAIN, self.id))
        return {step.name: json.decode(step.result) for step in steps}

    @property
    def why(self) -> str:
        """Why it is not running, or where it is, or how it ended: what `treadle run explain` says."""
        _, explanation = self._do(lambda world: world.runs.explain(DEFAULT_DOMAIN, self.id))
        return explanation.message

    @property
    def _run(self) -> Run:
        return self._do(lambda world: world.run(self.id))

    @property
    def _told(self) -> Told:
        async def read(world: World) -> Told:
            return await world.runs.told(await world.run(self.id))

        return self._do(read)

    @property
    def _events(self) -> list[Event]:
        read = self._do(lambda world: world.engine.events.read(DEFAULT_DOMAIN, after=0, limit=_MOST))
        return [event for event in read if event.subject == self.id and event.n]
