"""What is counted of runs that are settled and of schedules that fire, as the engine takes them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

import structlog

from treadle import tracing
from treadle.domain.instants import SECOND, Instant
from treadle.domain.runs import State
from treadle.domain.states import Change, Transition
from treadle.domain.work import decode_work
from treadle.engines.contract import Firing, Step
from treadle.meters.catalog import ATTEMPTS, DURATION, FIRE_LAG, WAIT
from treadle.meters.tally import Tally

Call: TypeAlias = Callable[..., Awaitable[Any]]

_BOUNDS: Final = tuple(round(bound * SECOND) for bound in DURATION.bounds)
_SUM: Final = len(_BOUNDS) + 1

_logger = structlog.get_logger(__name__)


class Settles:
    """Counts attempts by what they came to, how long they took and how long they had waited."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._rows: dict[tuple[str, str, Change], tuple[int, int, int]] = {}

    def counting_step(self, step: Call) -> Call:
        """`RunStore.step`, which counts."""

        async def counted(worker_id: str, done: Sequence[Transition], want: int, **more: Any) -> Step:
            answer: Step = await step(worker_id, done, want, **more)
            self._count(done, answer.refused)
            return answer

        return counted

    def counting_settle(self, settle: Call) -> Call:
        """`RunStore.settle`, which counts."""

        async def counted(done: Sequence[Transition], **more: Any) -> tuple[str, ...]:
            refused: tuple[str, ...] = await settle(done, **more)
            self._count(done, refused)
            return refused

        return counted

    def _count(self, done: Sequence[Transition], refused: Sequence[str]) -> None:
        """For every run: this is on the run path, and does no more than it must."""
        rows, cells = self._rows, self._tally.cells
        for each in done:
            run = each.run
            if refused and run.id in refused:
                continue
            key = (run.domain, run.queue, each.change)
            place = rows.get(key) or self._place(key)
            attempts, durations, waits = place
            cells[attempts] += 1.0
            if (began := each.started_at) is not None:
                took, waited = each.at - began, began - run.due_at
                cells[durations + bisect_left(_BOUNDS, took)] += 1.0
                cells[durations + _SUM] += took / SECOND
                cells[waits + bisect_left(_BOUNDS, waited)] += 1.0
                cells[waits + _SUM] += waited / SECOND
            if each.to is State.FAILED:
                _log(each)

    def _place(self, key: tuple[str, str, Change]) -> tuple[int, int, int]:
        domain, queue, change = key
        row = self._tally.row
        place = row(ATTEMPTS, domain, queue, change), row(DURATION, domain, queue, change), row(WAIT, domain, queue)
        self._rows[key] = place
        return place


class Fires:
    """Counts how late slots are when they fire; those that catch up were late before anybody could fire them."""

    def __init__(self, tally: Tally, now: Callable[[], Instant]) -> None:
        self._tally = tally
        self._now = now

    def counting(self, fire: Call) -> Call:
        """`ScheduleStore.fire`, which counts."""

        async def counted(firings: Sequence[Firing], **more: Any) -> list[bool]:
            fired: list[bool] = await fire(firings, **more)
            now = self._now()
            for firing, took_effect in zip(firings, fired, strict=True):
                for run in firing.runs[firing.late :] if took_effect else ():
                    if run.slot is not None:
                        self._tally.observe(FIRE_LAG, (now - run.slot) / SECOND, firing.domain)
            return fired

        return counted


def _log(failed: Transition) -> None:
    """A run that failed for good, by its codes alone: what it said is in its own log."""
    run = failed.run
    _logger.warning(
        "run failed",
        domain=run.domain,
        job_id=run.job_id,
        run_id=run.id,
        attempt=run.attempt,
        worker=failed.worker_id,
        trace_id=tracing.trace_id(decode_work(run.work).trace),
        error_code=failed.error.code if failed.error else "",
    )
