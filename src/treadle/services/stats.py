"""Figures: how runs ended and how long they took, over any range, and how the live ones stand.

They are made of tallies that the scheduler keeps up to date; see `domain.stats`.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

from msgspec import Struct

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import DAY, HOUR, Instant, Micros
from treadle.domain.stats import (
    EVERYTHING,
    LONGEST,
    Bucket,
    Ends,
    Standing,
    Tally,
    by_weekday,
    floor,
    gather,
    job_series,
    queue_series,
    starts,
    step_of,
    total,
)
from treadle.domain.triggers import zones
from treadle.engines.contract import Engine
from treadle.services.kept import KeptEach

MOST_WEEKS: Final = 13

KEPT_SECONDS: Final = 1.0
"""How old a series or the hours of a week may be: no scheduler counts more often. Each adds up hundreds of tallies,
and pages of many people ask for the same ones."""


class Window(StrEnum):
    """How far an overview looks back."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"


_WINDOWS: Final[dict[Window, tuple[Micros, Bucket]]] = {
    Window.HOUR: (HOUR, Bucket.MINUTE),
    Window.DAY: (DAY, Bucket.HOUR),
    Window.WEEK: (7 * DAY, Bucket.HOUR),
    Window.MONTH: (30 * DAY, Bucket.HOUR),
}
_USUAL: Final[dict[Bucket, Micros]] = {Bucket.MINUTE: HOUR, Bucket.HOUR: DAY, Bucket.DAY: 30 * DAY}


class Series(Struct, frozen=True, kw_only=True):
    """Of whom figures are asked: of a job, of a queue, or of all runs of the domain."""

    job_id: str | None = None
    queue: str | None = None

    @property
    def name(self) -> str:
        """The series of tallies. Raises InvalidInput for both a job and a queue: nothing is counted by both."""
        if self.job_id is not None and self.queue is not None:
            raise InvalidInput([Problem("/query/queue", "goes without job: figures are kept for each, not for both")])
        if self.job_id is not None:
            return job_series(self.job_id)
        return EVERYTHING if self.queue is None else queue_series(self.queue)


class Overview(Struct, frozen=True, kw_only=True):
    """How things are: runs that ended since a moment, the live ones, and when a schedule fires next."""

    since: Instant
    now: Instant
    tally: Tally
    standing: Standing
    next_fire: Instant | None


class Timeseries(Struct, frozen=True, kw_only=True):
    """Tallies of buckets that follow each other from the first to `until`, each with its start."""

    bucket: Bucket
    until: Instant
    buckets: list[tuple[Instant, Tally]]


class Heatmap(Struct, frozen=True, kw_only=True):
    """How runs ended by weekday (0 is Monday) and hour of the day."""

    since: Instant
    until: Instant
    cells: list[tuple[int, int, Ends]]


class Stats:
    """The use cases of figures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._series: KeptEach[Timeseries] = KeptEach(KEPT_SECONDS)
        self._weeks: KeptEach[Heatmap] = KeptEach(KEPT_SECONDS)

    async def overview(self, domain: str, window: Window, series: Series) -> Overview:
        """How things are now. Only what has ended is of the series: how the live runs stand is of the whole domain."""
        length, bucket = _WINDOWS[window]
        now = self._engine.now()
        since = floor(bucket, now - length, "UTC")
        tallies, standing, next_fire = await asyncio.gather(
            self._engine.stats.tallies(domain, series.name, step_of(bucket), since, now),
            self._engine.stats.standing(domain),
            self._engine.schedules.next_due(domain),
        )
        return Overview(
            since=since,
            now=now,
            tally=total(tally for _, tally in tallies),
            standing=standing,
            next_fire=next_fire,
        )

    async def timeseries(
        self,
        domain: str,
        bucket: Bucket,
        series: Series,
        *,
        since: Instant | None = None,
        until: Instant | None = None,
        tz: str = "UTC",
    ) -> Timeseries:
        """How runs ended, bucket by bucket. Raises InvalidInput for a range too long or none, or for no zone."""
        check_zone(tz)
        question = (domain, bucket, series, since, until, tz)
        return await self._series(question, lambda: self._timeseries(domain, bucket, series, since, until, tz))

    async def heatmap(self, domain: str, weeks: int, series: Series, *, tz: str = "UTC") -> Heatmap:
        """How runs ended in the last weeks, by weekday and hour. Raises InvalidInput for what is no zone."""
        check_zone(tz)
        return await self._weeks((domain, weeks, series, tz), lambda: self._heatmap(domain, weeks, series, tz))

    async def _timeseries(
        self, domain: str, bucket: Bucket, series: Series, since: Instant | None, until: Instant | None, tz: str
    ) -> Timeseries:
        until = self._engine.now() if until is None else until
        since = until - _USUAL[bucket] if since is None else since
        if not 0 <= since < until:
            raise InvalidInput([Problem("/query/since", "must lie before until, and after 1970 began")])
        if until - since > LONGEST[bucket]:
            most = f"{LONGEST[bucket] // DAY} days"
            raise InvalidInput([Problem("/query/since", f"a series by the {bucket} covers {most} at most")])
        edges = starts(bucket, since, until, tz)
        tallies = await self._engine.stats.tallies(domain, series.name, step_of(bucket), edges[0], until)
        return Timeseries(bucket=bucket, until=until, buckets=list(zip(edges, gather(tallies, edges), strict=True)))

    async def _heatmap(self, domain: str, weeks: int, series: Series, tz: str) -> Heatmap:
        now = self._engine.now()
        since = floor(Bucket.HOUR, now - weeks * 7 * DAY, tz)
        tallies = await self._engine.stats.tallies(domain, series.name, HOUR, since, now)
        cells = [(day, hour, ends) for (day, hour), ends in by_weekday(tallies, tz).items()]
        return Heatmap(since=since, until=now, cells=cells)


def check_zone(tz: str) -> None:
    """Raises InvalidInput for what is no zone."""
    if found := zones.problems(tz):
        raise InvalidInput([Problem("/query/timezone", found[0].message)])
