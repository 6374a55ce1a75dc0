"""Testing one's own jobs: they run in memory, and hours pass in no time.

    def test_a_report_that_fails_is_tried_again() -> None:
        with JobKit(report) as kit:
            run = kit.run(report, region="java")
            assert run.retried_after == [60, 120]

Jobs are carried out by the product's own parts, on an engine in memory and a clock that moves only where something
waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from treadle.authoring.decorators import AnyHandler, Handler
from treadle.authoring.discovery import Failure, discover
from treadle.authoring.registry import Registry
from treadle.authoring.tasks import BaseTask
from treadle.domain import json
from treadle.domain.errors import InvalidInput, NotFound, nearest
from treadle.domain.instants import Instant, from_datetime, from_seconds, to_datetime
from treadle.domain.kv import Scope, Space
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.domain.triggers import fires
from treadle.domain.waits import FAMILY
from treadle.engines.contract import RunQuery
from treadle.settings import Settings
from treadle.testing.clock import VirtualClock
from treadle.testing.told import TestedRun
from treadle.testing.world import Stuck, World

T = TypeVar("T")

AnyJob: TypeAlias = AnyHandler | type[BaseTask[Any]] | str
"""A job: its function or its class, or its id."""

_MOST: Final = 100_000

__all__ = ["JobKit", "Stuck", "TestedRun"]


class JobKit:
    """Jobs at work in memory, as a context manager."""

    def __init__(self, *jobs: AnyJob | Path, at: datetime | str | None = None) -> None:
        """`jobs` are functions and classes under `@job`, and folders of task files; `at` is the moment to begin at.

        Raises InvalidInput for what is no job and no folder, and for a moment without an offset; Conflict for two jobs
        of one id.
        """
        self._registry = Registry()
        self._failures: list[Failure] = []
        for each in jobs:
            self._registry.add(*self._handlers(each))
        clock = VirtualClock() if at is None else VirtualClock(_instant(at))
        self._world = World(self._registry, Settings(), clock)

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner(loop_factory=self._world.make_loop)
        try:
            self._do(World.open)
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._do(World.close)
        finally:
            self._runner.close()

    @property
    def now(self) -> datetime:
        """The moment at which it is, in UTC."""
        return to_datetime(self._world.clock.wall())

    def run(self, job: AnyJob, inputs: object | None = None, /, **named: Any) -> TestedRun:
        """Submit a run as `enqueue` does, and let time pass until it has ended, however it does.

        Raises Stuck where it waits for what no time brings, and what `enqueue` raises.
        """
        run = self._submit(job, inputs, named)
        self._do(lambda world: world.finish(run.id))
        return run

    def submit(self, job: AnyJob, inputs: object | None = None, /, **named: Any) -> TestedRun:
        """Submit a run, and let happen what can happen without time passing."""
        run = self._submit(job, inputs, named)
        self._do(World.settle)
        return run

    def finish(self, run: TestedRun) -> TestedRun:
        """Let time pass until a run has ended. Raises Stuck as `run` does."""
        self._do(lambda world: world.finish(run.id))
        return run

    def advance(self, seconds: float = 0, **span: float) -> list[TestedRun]:
        """Let time pass, such as `advance(days=7)`: what is due in it is fired and carried out.

        Answers the runs that came into being meanwhile, in order. `span` is what `timedelta` takes.
        """
        until = self._world.clock.wall() + _micros(seconds, span)
        before = {run.id for run in self.runs()}
        self._do(lambda world: world.advance(until))
        return [run for run in self.runs() if run.id not in before]

    def fires(self, job: AnyJob, **span: float) -> list[datetime]:
        """When a job's schedule will fire in a span from now, such as `days=7`, each in the schedule's time zone.

        Nothing is run for it.
        """
        until = self._world.clock.wall() + _micros(0, span)
        job_id = self._handler(job).spec.job_id
        found = self._do(lambda world: world.engine.schedules.find(DEFAULT_DOMAIN, job_id=job_id))
        slots: list[datetime] = []
        for schedule in found:
            if schedule.next_at is not None:
                coming = fires(schedule.trigger, schedule.next_at - 1, schedule.spec.end_at)
                within = takewhile(lambda at: at <= until, islice(coming, _MOST))
                slots += [to_datetime(at).astimezone(ZoneInfo(schedule.timezone)) for at in within]
        return sorted(slots)

    def runs(self, job: AnyJob | None = None) -> list[TestedRun]:
        """All runs, or those of one job, in the order in which they came into being."""
        job_ids = () if job is None else (self._handler(job).spec.job_id,)
        query = RunQuery(domain=DEFAULT_DOMAIN, limit=_MOST, job_ids=job_ids)
        found = self._do(lambda world: world.engine.runs.find(query))
        return [TestedRun(run.id, self._do) for run in sorted(found, key=lambda run: (run.created_at, run.id))]

    def publish(self, name: str, data: dict[str, Any] | None = None) -> None:
        """Publish an event, and let happen what it brings about."""
        self._do(lambda world: world.client.publish(name, data))
        self._do(World.settle)

    def published(self, name: str) -> list[dict[str, Any]]:
        """The data of the events of a name that were published, by runs or by the test, in order."""
        read = self._do(
            lambda world: world.engine.events.read(DEFAULT_DOMAIN, after=0, limit=_MOST, types=[FAMILY + name])
        )
        return [json.decode(event.data) for event in read]

    def put(self, type: str, *payloads: Any, key: str = "") -> None:  # noqa: A002 - its name
        """Put messages for jobs to take, and let happen what they bring about."""
        messages = [{"type": type, "payload": payload, "key": key} for payload in payloads]
        self._do(lambda world: world.client.put_messages(messages))
        self._do(World.settle)

    def values(self, job: AnyJob) -> dict[str, Any]:
        """What a job keeps in `ctx.kv`."""
        space = Space(DEFAULT_DOMAIN, Scope.JOB, self._handler(job).spec.job_id)
        entries = self._do(lambda world: world.engine.kv.find(space))
        return {entry.key: json.decode(entry.value) for entry in entries}

    def cancel(self, run: TestedRun) -> None:
        """Cancel a run, and let it end."""
        self._do(lambda world: world.client.cancel(run.id))
        self._do(World.settle)

    def _submit(self, job: AnyJob, inputs: object | None, named: dict[str, Any]) -> TestedRun:
        handler = self._handler(job)

        async def submit(_: World) -> str:
            return (await handler.enqueue(inputs, **named)).id

        return TestedRun(self._do(submit), self._do)

    def _do(self, work: Callable[[World], Coroutine[Any, Any, T]]) -> T:
        with suppress(RuntimeError):  # it says that no loop runs here
            asyncio.get_running_loop()
            raise InvalidInput("a JobKit has an event loop of its own: use it in a test that is `def`, not `async def`")
        return self._runner.run(work(self._world))

    def _handler(self, job: AnyJob) -> AnyHandler:
        wanted = job if isinstance(job, str) else self._handlers(job)[0].type
        found = self._registry.get(wanted)
        if found is None:
            known = [handler.type for handler in self._registry]
            broken = "".join(f"\n{failure.file} was not loaded: {failure.message}" for failure in self._failures)
            raise NotFound(f"this kit has no job {wanted!r}{nearest(wanted, known)}{broken}")
        return found

    def _handlers(self, job: AnyJob | Path) -> list[AnyHandler]:
        if isinstance(job, Path | str):
            if not Path(job).is_dir():
                raise InvalidInput(f"there is no folder {job}")
            found = discover(Path(job))
            self._failures += found.failures
            return list(found.registry)
        handler = getattr(job, "handler", None) if isinstance(job, type) else job
        if not isinstance(handler, Handler):
            raise InvalidInput(f"{job!r:.80} is no job: give a function or a class under @job, or a folder of them")
        return [handler]


def _instant(at: datetime | str) -> Instant:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    if moment.tzinfo is None:
        raise InvalidInput(f"{at} could be anywhere: give it an offset, such as 2026-03-02T09:00:00+00:00")
    return from_datetime(moment)


def _micros(seconds: float, span: dict[str, float]) -> int:
    return from_seconds(seconds + timedelta(**span).total_seconds())
