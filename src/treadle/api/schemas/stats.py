"""Figures as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from treadle.api.schemas.common import moment
from treadle.domain import stats as domain
from treadle.domain.histograms import Histogram, quantiles
from treadle.domain.instants import to_datetime, to_seconds
from treadle.domain.queues import MOST_COUNTED
from treadle.domain.stats import Bucket
from treadle.services import stats as services
from treadle.services.stats import Window

SuccessRate = Annotated[
    float | None, Meta(description="Those that completed among those that completed or failed, 0 to 1.")
]
Weekday = Annotated[int, Meta(ge=0, le=6, description="0 is Monday.")]


class Quantiles(Struct, frozen=True, kw_only=True):
    """Lengths of time in seconds, each within 1/32; null where there is nothing to tell them from."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None


class Ends(Struct, frozen=True, kw_only=True):
    """Runs that ended, by how they did."""

    completed: int
    failed: int
    cancelled: int
    skipped: int
    success_rate: SuccessRate


class Counts(Ends, frozen=True, kw_only=True):
    """Runs that ended, by how they did, and how long they took and waited.

    `duration_sec` is from the start of a run's first attempt to its end, of those that completed or failed; `wait_sec`
    from when it was due to its start, of those that were started once.
    """

    duration_sec: Quantiles
    wait_sec: Quantiles


class LiveRuns(Struct, frozen=True, kw_only=True):
    """Live runs by status. Counting stops at 10,000: then `at_least` is true."""

    ready: int
    scheduled: int
    blocked: int
    running: int
    at_least: bool
    oldest_due_at: Annotated[datetime | None, Meta(description="Since when the longest waiting ready run is due.")]
    oldest_wait_sec: Annotated[float | None, Meta(description="How long that is ago.")]


class StatsOverview(Counts, frozen=True, kw_only=True):
    """How runs ended since a moment, how the live runs of the domain stand, and when a schedule fires next."""

    window: Window
    since: datetime
    until: datetime
    live: LiveRuns
    next_run_at: datetime | None


class TimeBucket(Counts, frozen=True, kw_only=True):
    """Runs that ended in one bucket, and how many waited in it."""

    start: datetime
    depth: Annotated[
        int, Meta(description="The most runs that were seen ready at once; told of queues, and 0 of a job.")
    ]


class Timeseries(Struct, frozen=True, kw_only=True):
    """Buckets, the oldest first, also those in which nothing ended. The last one ends at `until`."""

    bucket: Bucket
    timezone: str
    until: datetime
    items: list[TimeBucket]


class HeatmapCell(Ends, frozen=True, kw_only=True):
    """Runs that ended on a weekday in one hour of the day."""

    weekday: Weekday
    hour: Annotated[int, Meta(ge=0, le=23)]


class Heatmap(Struct, frozen=True, kw_only=True):
    """The hours of a week, Monday's first: 168 cells."""

    timezone: str
    since: datetime
    until: datetime
    items: list[HeatmapCell]


def to_overview(overview: services.Overview, window: Window) -> StatsOverview:
    """An overview as it is answered."""
    return StatsOverview(
        **_counts(overview.tally),
        window=window,
        since=to_datetime(overview.since),
        until=to_datetime(overview.now),
        live=_to_live(overview),
        next_run_at=moment(overview.next_fire),
    )


def to_timeseries(series: services.Timeseries, tz: str) -> Timeseries:
    """A series as it is answered."""
    return Timeseries(
        bucket=series.bucket,
        timezone=tz,
        until=to_datetime(series.until),
        items=[TimeBucket(**_counts(tally), start=to_datetime(at), depth=tally.depth) for at, tally in series.buckets],
    )


def to_heatmap(heatmap: services.Heatmap, tz: str) -> Heatmap:
    """A heatmap as it is answered."""
    return Heatmap(
        timezone=tz,
        since=to_datetime(heatmap.since),
        until=to_datetime(heatmap.until),
        items=[HeatmapCell(**_ends(ends), weekday=day, hour=hour) for day, hour, ends in heatmap.cells],
    )


def _to_live(overview: services.Overview) -> LiveRuns:
    standing = overview.standing
    oldest = standing.oldest_due_at
    most = max(standing.ready, standing.scheduled, standing.blocked, standing.running)
    return LiveRuns(
        ready=standing.ready,
        scheduled=standing.scheduled,
        blocked=standing.blocked,
        running=standing.running,
        at_least=most >= MOST_COUNTED,
        oldest_due_at=moment(oldest),
        oldest_wait_sec=None if oldest is None else to_seconds(max(overview.now - oldest, 0)),
    )


def _counts(tally: domain.Tally) -> dict[str, Any]:
    return {
        **_ends(tally),
        "duration_sec": _quantiles(tally.durations),
        "wait_sec": _quantiles(tally.waits),
    }


def _ends(ends: domain.Ends) -> dict[str, Any]:
    return {
        "completed": ends.completed,
        "failed": ends.failed,
        "cancelled": ends.cancelled,
        "skipped": ends.skipped,
        "success_rate": ends.success,
    }


def _quantiles(histogram: Histogram) -> Quantiles:
    p50, p95, p99 = (
        None if length is None else to_seconds(length) for length in quantiles(histogram, (0.5, 0.95, 0.99))
    )
    return Quantiles(count=sum(histogram.values()), p50=p50, p95=p95, p99=p99)
