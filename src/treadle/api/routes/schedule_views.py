"""Views of schedules: how they stand, why slots got no run, and what is to come."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.routes.stats import Zone
from treadle.api.routing import NounRouter
from treadle.api.schemas.schedule_views import (
    Agenda,
    ScheduleOverviewPage,
    SkippedSlots,
    to_agenda,
    to_overview,
    to_skipped,
)
from treadle.domain.agenda import LONGEST
from treadle.domain.instants import DAY
from treadle.domain.schedules import Standing
from treadle.services.paging import DEFAULT_LIMIT
from treadle.services.schedule_views import Wanted

router = NounRouter(tags=["schedules"])


async def _wanted(
    job: Annotated[list[str] | None, Query(description="Of these jobs.")] = None,
    schedule: Annotated[list[str] | None, Query(description="These alone, by their ids.")] = None,
    standing: Annotated[list[Standing] | None, Query(description="That stand so.")] = None,
    q: Annotated[str, Query(max_length=200, description="A text in the id, the job's id or the description.")] = "",
) -> Wanted:
    return Wanted(job_ids=tuple(job or ()), schedule_ids=tuple(schedule or ()), standings=tuple(standing or ()), text=q)


Meant = Annotated[Wanted, Depends(_wanted)]


@router.get(
    "/overview/schedules",
    operation_id="list_schedule_overviews",
    responses=answers(ScheduleOverviewPage, "A page of schedules."),
)
async def list_schedule_overviews(
    call: CallDep, wanted: Meant, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """Schedules by id, each with how it stands, how its last runs went, and what it last skipped."""
    page = await call.services.schedule_views.overview(call.domain, wanted, limit=limit, cursor=cursor)
    items = [to_overview(each) for each in page.items]
    return reply(ScheduleOverviewPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get("/overview/agenda", operation_id="get_agenda", responses=answers(Agenda, "What is to come."))
async def get_agenda(
    call: CallDep,
    wanted: Meant,
    days: Annotated[int, Query(ge=1, le=LONGEST // DAY, description="How many days from now on.")] = 7,
    timezone: Zone = "UTC",
) -> Response:
    """What schedules will do in the next days: fires in order of time, busy minutes, and fires by weekday and hour."""
    found = await call.services.schedule_views.agenda(call.domain, wanted, days * DAY, timezone)
    return reply(to_agenda(found, timezone))


@router.get(
    "/schedules/{schedule_id}/skipped",
    operation_id="list_skipped_slots",
    responses=answers(SkippedSlots, "What it passed over.", 404),
)
async def list_skipped_slots(call: CallDep, schedule_id: str, limit: Limit = 20) -> Response:
    """Why a schedule did not fire: what it passed over lately, newest first, as long as events are kept."""
    await call.services.schedules.get(call.domain, schedule_id)
    found = await call.services.schedule_views.skips(call.domain, schedule_id, limit)
    return reply(SkippedSlots(items=[to_skipped(each) for each in found]))
