"""Pruning finished runs: weeks of history go as a whole, and run by run what is in none that is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from treadle.domain.instants import Instant
from treadle.engines.postgres import periods
from treadle.engines.postgres.periods import Busy, Period
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.writer import Transaction, Writer
from treadle.engines.sql.dependencies import bury
from treadle.engines.sql.transaction import WallClock

_SQL: Final = load("runs")
_PERIODS: Final = load("periods")
_BELONGINGS: Final = ("prune_attempts", "prune_steps", "prune_kv", "prune_logs", "prune_keys")

_logger = structlog.get_logger(__name__)


class Pruning:
    """See `contract.RunStore.prune`. Makes the coming weeks' tables as well: whoever prunes comes by often."""

    def __init__(self, write: Writer, clock: WallClock) -> None:
        self._write = write
        self._clock = clock
        self._cleared: tuple[Instant, str] = (0, "")
        """The week that is to go, and its last run that has been cleared up after."""

    async def __call__(self, before: Instant, limit: int) -> int:
        wall = self._clock.wall()
        try:
            await self._write(lambda tx: periods.make_ahead(tx.fetch, wall))
        except Busy:
            _logger.info("history is being read: the coming weeks get their tables later")
        over = await self._write(lambda tx: _over(tx, wall))
        for week in over:
            if week.end <= before and (count := await self._prune_week(week, limit)):
                return count
        closed = over[-1].end if over else 0
        return await self._write(lambda tx: self._prune_singly(tx, before, limit, closed))

    async def _prune_week(self, week: Period, limit: int) -> int:
        """Clear up after the next runs of a week, in the order of their ids, and drop it behind the last."""
        start, last = self._cleared
        after = last if start == week.start else ""
        ids = await self._write(lambda tx: self._clear(tx, week, after, limit))
        if ids:
            self._cleared = (week.start, ids[-1])
        if len(ids) < limit:
            try:
                await self._write(lambda tx: _drop(tx, week))
            except Busy:
                _logger.info("history is being read: a week that is over goes later", table=week.table)
        return len(ids)

    async def _clear(self, tx: Transaction, week: Period, after: str, limit: int) -> list[str]:
        ids = []
        if week in await periods.standing(tx.fetch):
            ids = [run_id for (run_id,) in await tx.fetch(_in_week("next_of_week", week), after, limit)]
            await self._forget(tx, ids, limit)
        return ids

    async def _prune_singly(self, tx: Transaction, before: Instant, limit: int, closed: Instant) -> int:
        ids = [run_id for (run_id,) in await tx.fetch(_SQL["prunable"], before, limit, closed)]
        await self._forget(tx, ids, limit)
        await tx.fetch(_SQL["prune_history"], ids)
        return len(ids)

    async def _forget(self, tx: Transaction, ids: Sequence[str], limit: int) -> None:
        """Remove what belongs to runs that go."""
        now = self._clock.wall()
        await bury(tx, ids, now, limit)
        await tx.call("filing.forget", ids)
        for statement in _BELONGINGS:
            await tx.fetch(_SQL[statement], ids)
        await tx.fetch(_SQL["sweep_keys"], now, limit)


async def _over(tx: Transaction, now: Instant) -> list[Period]:
    """The weeks in which nothing finishes any more."""
    return [week for week in await periods.standing(tx.fetch) if week.end + periods.CLOSED_AFTER <= now]


async def _drop(tx: Transaction, week: Period) -> None:
    """Drop a week, unless another has done so, or children of its runs have not all been told."""
    if week in await periods.standing(tx.fetch) and not (await tx.fetch(_in_week("waited_for", week)))[0][0]:
        await periods.drop(tx.fetch, week)


def _in_week(statement: str, week: Period) -> str:
    return _PERIODS[statement].replace("{table}", week.table)
