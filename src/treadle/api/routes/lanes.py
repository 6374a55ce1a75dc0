"""Lanes: who holds them; set their limits."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from treadle.api.answers import answers, problem_answers, reply, takes
from treadle.api.body import JsonBody, NoBody
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.etags import ExpectedRevision, tagged
from treadle.api.routing import NounRouter
from treadle.api.schemas.lanes import Lane, LanePage, to_lane
from treadle.domain.limits import LaneSettings, LaneUse
from treadle.domain.shapes import read
from treadle.services.paging import DEFAULT_LIMIT

_EXAMPLE: Final = {"limit": 2}

router = NounRouter(tags=["lanes"])


@router.get("/lanes", operation_id="list_lanes", responses=answers(LanePage, "A page of lanes."))
async def list_lanes(call: CallDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Lanes by key: those that jobs and runs declare, and those whose limit was set by hand."""
    page = await call.services.lanes.page(call.domain, limit=limit, cursor=cursor)
    items = [to_lane(lane) for lane in page.items]
    return reply(LanePage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get("/lanes/{key:path}", operation_id="get_lane", responses=answers(Lane, "The lane.", 404))
async def get_lane(call: CallDep, key: str) -> Response:
    """One lane, with who holds it."""
    return _told(await call.services.lanes.get(call.domain, key))


@router.put(
    "/lanes/{key:path}",
    operation_id="set_lane",
    responses=answers(Lane, "The lane.", 400, 404, 412, 413, 415),
    openapi_extra=takes(LaneSettings, example=_EXAMPLE),
)
async def set_lane(call: CallDep, key: str, document: JsonBody, expected: ExpectedRevision) -> Response:
    """Set a limit by hand: it goes before what jobs declare, until it is taken back. 0 lets nothing more start.

    In force at once: who may start now does. What runs goes on. A job or a flow must have declared a limit, else its
    runs hold no lane, and this is 404; a key may be limited before its first run.
    """
    return _told(await call.services.lanes.set(call.domain, key, read(document, LaneSettings), expected=expected))


@router.delete(
    "/lanes/{key:path}",
    operation_id="clear_lane",
    dependencies=[NoBody],
    status_code=204,
    responses={204: {"description": "The limit is that of the jobs again."}, **problem_answers(404, 412)},
)
async def clear_lane(call: CallDep, key: str, expected: ExpectedRevision) -> Response:
    """Take back a limit that was set by hand."""
    await call.services.lanes.clear(call.domain, key, expected=expected)
    return Response(status_code=204)


def _told(lane: LaneUse) -> Response:
    return reply(to_lane(lane), headers=tagged(lane.revision))
