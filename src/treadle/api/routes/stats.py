"""Figures: an overview, series over time, the hours of a week."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import CallDep
from treadle.api.moments import Moment, read_moments
from treadle.api.routing import NounRouter
from treadle.api.schemas.stats import Heatmap, StatsOverview, Timeseries, to_heatmap, to_overview, to_timeseries
from treadle.domain.stats import Bucket
from treadle.services.stats import MOST_WEEKS, Series, Window

Zone = Annotated[str, Query(description="Whose days and hours are meant, by its IANA name.", examples=["Asia/Jakarta"])]

router = NounRouter(tags=["stats"])


async def _series(
    job: Annotated[str | None, Query(description="Only runs of this job; goes without queue.")] = None,
    queue: Annotated[str | None, Query(description="Only runs of this queue; goes without job.")] = None,
) -> Series:
    return Series(job_id=job, queue=queue)


Wanted = Annotated[Series, Depends(_series)]


@router.get("/stats/overview", operation_id="get_stats_overview", responses=answers(StatsOverview, "How things are."))
async def get_stats_overview(call: CallDep, series: Wanted, window: Window = Window.DAY) -> Response:
    """How runs ended lately and how long they took and waited, how the live ones stand, when the next schedule fires.

    Of the filters only what has ended is meant: live runs and the next fire are the domain's.
    """
    return reply(to_overview(await call.services.stats.overview(call.domain, window, series), window))


@router.get("/stats/timeseries", operation_id="get_timeseries", responses=answers(Timeseries, "The buckets."))
async def get_timeseries(
    call: CallDep,
    series: Wanted,
    bucket: Bucket = Bucket.HOUR,
    since: Moment = None,
    until: Moment = None,
    timezone: Zone = "UTC",
) -> Response:
    """How runs ended, bucket by bucket: by the minute over a day at most, by the hour over 31, by the day over 93."""
    start, end = read_moments(since=since, until=until)
    found = await call.services.stats.timeseries(call.domain, bucket, series, since=start, until=end, tz=timezone)
    return reply(to_timeseries(found, timezone))


@router.get("/stats/heatmap", operation_id="get_heatmap", responses=answers(Heatmap, "The hours of a week."))
async def get_heatmap(
    call: CallDep,
    series: Wanted,
    weeks: Annotated[int, Query(ge=1, le=MOST_WEEKS, description="How many weeks are added up.")] = 4,
    timezone: Zone = "UTC",
) -> Response:
    """How runs ended in the last weeks, by weekday and hour of the day."""
    return reply(to_heatmap(await call.services.stats.heatmap(call.domain, weeks, series, tz=timezone), timezone))
