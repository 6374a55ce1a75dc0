"""The periods of history: a table for each week in which runs finished. They are made ahead, and dropped whole.

What finishes in a week that has no table goes into `history_rest`: whoever looks for it finds it, and it is pruned run
by run, as are those weeks that have not been over for a while.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import asyncpg

from treadle.domain.instants import DAY, Instant, Micros, to_datetime
from treadle.engines.postgres.look import Fetch
from treadle.engines.postgres.queries import load

WEEK: Final[Micros] = 7 * DAY
AHEAD: Final = 4
"""How many weeks beyond this one have a table: as long may nobody be there who makes more."""

CLOSED_AFTER: Final[Micros] = DAY
"""How long after its end nothing finishes in a week any more, whatever the clocks say."""

_SQL: Final = load("periods")
_A_MONDAY: Final[Instant] = 4 * DAY
_NAME: Final = "history_%Y%m%d"


class Busy(Exception):
    """Somebody reads what was to be changed, and others would have to wait behind: later is soon enough."""


class Period(NamedTuple):
    """A week from Monday to Monday, UTC, and its table."""

    start: Instant

    @property
    def end(self) -> Instant:
        """The first moment after it."""
        return self.start + WEEK

    @property
    def table(self) -> str:
        """The name of its table."""
        return to_datetime(self.start).strftime(_NAME)


def period_of(instant: Instant) -> Period:
    """The week of an instant."""
    return Period((instant - _A_MONDAY) // WEEK * WEEK + _A_MONDAY)


async def standing(fetch: Fetch) -> list[Period]:
    """The periods that have a table, the oldest first. Nobody else makes or drops any until the transaction ends."""
    await fetch(_SQL["lock"])
    return [Period(start) for (start,) in await fetch(_SQL["standing"])]


async def make_ahead(fetch: Fetch, now: Instant) -> None:
    """Give this week and the next ones a table. One of which runs are in the rest goes without. Raises Busy."""
    there = {period.start for period in await standing(fetch)}
    first = period_of(now)
    for start in range(first.start, first.start + (AHEAD + 1) * WEEK, WEEK):
        period = Period(start)
        if start not in there and not (await fetch(_SQL["in_rest"], start, period.end))[0][0]:
            await _change(fetch, f"CREATE TABLE treadle.{period.table} (LIKE treadle.history INCLUDING ALL)")
            bounds = f"FOR VALUES FROM ({start:d}) TO ({period.end:d})"
            await _change(fetch, f"ALTER TABLE treadle.history ATTACH PARTITION treadle.{period.table} {bounds}")


async def drop(fetch: Fetch, period: Period) -> None:
    """Drop the table of a period, with all that is in it. Raises Busy."""
    await _change(fetch, f"DROP TABLE treadle.{period.table}")


async def _change(fetch: Fetch, statement: str) -> None:
    await fetch(_SQL["be_brief"])
    try:
        await fetch(statement)
    except asyncpg.LockNotAvailableError as error:
        raise Busy from error
