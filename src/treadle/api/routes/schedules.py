"""Schedules: when jobs run by themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from treadle.api.answers import DRY_RUN, answers, reply, takes
from treadle.api.body import JsonBody, NoBody
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.etags import ExpectedRevision, tagged
from treadle.api.moments import Moment, read_moments
from treadle.api.once import once
from treadle.api.routing import NounRouter
from treadle.api.schemas.runs import Run, to_run
from treadle.api.schemas.schedules import (
    Backfill,
    ComingFires,
    Schedule,
    SchedulePage,
    to_backfill,
    to_fires,
    to_schedule,
)
from treadle.domain import schedules as domain
from treadle.domain.backfill import BackfillRequest
from treadle.domain.shapes import read
from treadle.services.paging import DEFAULT_LIMIT, MAX_LIMIT

router = NounRouter(tags=["schedules"])


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
    return _reply(await call.services.schedules.get(call.domain, schedule_id))


@router.get(
    "/schedules/{schedule_id}/next",
    operation_id="list_coming_fires",
    responses=answers(ComingFires, "Its next slots.", 404),
)
async def list_coming_fires(
    call: CallDep,
    schedule_id: str,
    count: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 5,
    after: Moment = None,
) -> Response:
    """When a schedule fires next, or beyond `after`; nothing where it is disabled or over."""
    (beyond,) = read_moments(after=after)
    schedule, coming = await call.services.schedules.coming(call.domain, schedule_id, count, beyond)
    fires = to_fires(coming)
    return reply(
        ComingFires(schedule_id=schedule.id, timezone=schedule.timezone, next=[each.at for each in fires], fires=fires)
    )


@router.post(
    "/schedules/{schedule_id}/pause",
    operation_id="pause_schedule",
    dependencies=[NoBody],
    responses=answers(Schedule, "The schedule.", 404, 412),
)
async def pause_schedule(call: CallDep, schedule_id: str, expected: ExpectedRevision) -> Response:
    """Keep a schedule from firing until it is resumed: a restart, or a new version of its source, changes nothing."""
    return _reply(await call.services.schedules.pause(call.domain, schedule_id, expected=expected))


@router.post(
    "/schedules/{schedule_id}/resume",
    operation_id="resume_schedule",
    dependencies=[NoBody],
    responses=answers(Schedule, "The schedule.", 404, 412),
)
async def resume_schedule(call: CallDep, schedule_id: str, expected: ExpectedRevision) -> Response:
    """Let a schedule fire again, from its next slot on. What came due meanwhile does not fire: `backfill` it."""
    return _reply(await call.services.schedules.resume(call.domain, schedule_id, expected=expected))


@router.post(
    "/schedules/{schedule_id}/trigger",
    status_code=202,
    operation_id="trigger_schedule",
    dependencies=[NoBody],
    responses=answers(Run, "The run that was accepted.", 404, 409, status=202),
)
@once
async def trigger_schedule(call: CallDep, schedule_id: str) -> Response:
    """Submit a run with the schedule's inputs, now. Its slots stay as they are."""
    run = await call.services.schedules.trigger(call.domain, schedule_id)
    return reply(to_run(run), 202, {"Location": f"{call.prefix}/runs/{run.id}"})


@router.post(
    "/schedules/{schedule_id}/backfill",
    status_code=202,
    operation_id="backfill_schedule",
    responses=answers(Backfill, "The slots, and their runs.", 400, 404, 409, 413, 415, status=202),
    openapi_extra=takes(
        BackfillRequest, example={"after": "2026-11-01T00:00:00Z", "before": "2026-11-05T00:00:00Z", "dry_run": True}
    ),
)
@once
async def backfill_schedule(call: CallDep, schedule_id: str, document: JsonBody) -> Response:
    """Submit a run for each slot of a time gone by that has none, all or none. Asking again adds nothing."""
    request = read(document, BackfillRequest)
    found = await call.services.schedules.backfill(call.domain, schedule_id, request)
    return reply(to_backfill(found), 202, {DRY_RUN: "true"} if request.dry_run else None)


def _reply(schedule: domain.Schedule) -> Response:
    return reply(to_schedule(schedule), headers=tagged(schedule.revision))
