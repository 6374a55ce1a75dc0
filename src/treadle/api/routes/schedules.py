"""Schedules: when jobs run by themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.schemas.schedules import ComingFires, Schedule, SchedulePage, to_schedule
from treadle.domain.instants import to_datetime
from treadle.services.paging import DEFAULT_LIMIT, MAX_LIMIT

router = APIRouter(tags=["schedules"])


@router.get("/schedules", operation_id="list_schedules", responses=answers(SchedulePage, "A page of schedules."))
async def list_schedules(
    call: CallDep,
    job: Annotated[str | None, Query(description="Only those of this job.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Schedules by id."""
    page = await call.services.schedules.page(call.domain, limit=limit, cursor=cursor, job_id=job)
    items = [to_schedule(schedule) for schedule in page.items]
    return reply(SchedulePage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get("/schedules/{schedule_id}", operation_id="get_schedule", responses=answers(Schedule, "The schedule.", 404))
async def get_schedule(call: CallDep, schedule_id: str) -> Response:
    """One schedule."""
    return reply(to_schedule(await call.services.schedules.get(call.domain, schedule_id)))


@router.get(
    "/schedules/{schedule_id}/next",
    operation_id="list_coming_fires",
    responses=answers(ComingFires, "Its next slots.", 404),
)
async def list_coming_fires(
    call: CallDep, schedule_id: str, count: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 5
) -> Response:
    """When a schedule fires next; nothing where it is disabled or over."""
    schedule, coming = await call.services.schedules.coming(call.domain, schedule_id, count)
    fires = [to_datetime(instant) for instant in coming]
    return reply(ComingFires(schedule_id=schedule.id, timezone=schedule.timezone, next=fires))
