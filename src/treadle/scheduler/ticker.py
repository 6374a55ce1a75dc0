"""Fires schedules when their slots come."""

from __future__ import annotations

from asyncio import gather
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import structlog

from treadle.domain.instants import Instant, to_seconds
from treadle.domain.jobs import Job
from treadle.domain.queues import QueueState
from treadle.domain.schedules import Schedule
from treadle.engines.contract import Engine, Firing
from treadle.engines.definitions import JOB_KIND, to_job
from treadle.scheduler.firing import forsake, make_firing

POLL_SECONDS: Final = 1.0
"""How long a change of schedules may go unnoticed where its notice is lost."""

_SCHEDULES: Final = 200
_RUNS: Final = 500
"""Runs of one transaction, which ends at the firing that goes beyond."""

_logger = structlog.get_logger(__name__)


class Ticker:
    """Takes what is due, plans it and fires it.

    Any number of tickers may run: a firing moves the schedule's cursor from where this ticker saw it, or does nothing.
    """

    def __init__(self, engine: Engine, new_id: Callable[[str], str]) -> None:
        self._engine = engine
        self._new_id = new_id

    async def __call__(self) -> float:
        """Fire what is due now; answers the seconds until the next slot, `POLL_SECONDS` at most."""
        store = self._engine.schedules
        now = self._engine.now()
        due = await store.due(_SCHEDULES, now=now)
        if due:
            for firings in _transactions(await self._firings(due, now)):
                fired = await store.fire(firings, now=now)
                _logger.debug("fired schedules that were due", fired=sum(fired), due=len(fired))
        next_due = await store.next_due()
        if next_due is None:
            return POLL_SECONDS
        return min(max(to_seconds(next_due - self._engine.now()), 0.0), POLL_SECONDS)

    async def _firings(self, due: Sequence[Schedule], now: Instant) -> list[Firing]:
        jobs = await self._jobs({(schedule.domain, schedule.job_id) for schedule in due})
        draining = await self._draining({(job.domain, job.queue) for job in jobs.values()})
        return [
            forsake(schedule, now)
            if (job := jobs.get((schedule.domain, schedule.job_id))) is None
            else make_firing(schedule, job, draining=(job.domain, job.queue) in draining, now=now, new_id=self._new_id)
            for schedule in due
        ]

    async def _jobs(self, names: set[tuple[str, str]]) -> dict[tuple[str, str], Job]:
        found = await gather(*(self._engine.documents.get(domain, JOB_KIND, job_id) for domain, job_id in names))
        return {(document.domain, document.id): to_job(document) for document in found if document is not None}

    async def _draining(self, names: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """Of queues, those that take no runs. One that begins to drain after this look refuses the firing, which the
        next round makes anew."""
        by_domain = defaultdict(list)
        for domain, name in names:
            by_domain[domain].append(name)
        found = await gather(*(self._engine.queues.controls(domain, queues) for domain, queues in by_domain.items()))
        return {
            (domain, name)
            for domain, told in zip(by_domain, found, strict=True)
            for name, control in told.items()
            if control.state is QueueState.DRAINING
        }


def _transactions(firings: Sequence[Firing]) -> Iterator[list[Firing]]:
    """Firings in groups small enough for a transaction each."""
    group: list[Firing] = []
    runs = 0
    for firing in firings:
        group.append(firing)
        runs += len(firing.runs)
        if runs >= _RUNS:
            yield group
            group, runs = [], 0
    if group:
        yield group
