"""Queues: how they are; pause, resume, drain, set."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from treadle.api.answers import answers, reply, takes
from treadle.api.body import JsonBody, NoBody
from treadle.api.deps import Call, CallDep, Cursor, Limit
from treadle.api.etags import ExpectedRevision, tagged
from treadle.api.routing import NounRouter
from treadle.api.schemas.queues import Queue, QueuePage, to_queue
from treadle.domain import queues as domain
from treadle.domain.queues import QueueSettings
from treadle.domain.shapes import read
from treadle.services.paging import DEFAULT_LIMIT

_EXAMPLE: Final = {"rate": {"runs": 100, "window_sec": 60}}
_ANSWERED: Final = answers(Queue, "The queue.", 404)

Create = Annotated[
    bool, Query(description="Make the queue where no job, run or setting knows the name; else it is 404.")
]

router = NounRouter(tags=["queues"])


@router.get("/queues", operation_id="list_queues", responses=answers(QueuePage, "A page of queues."))
async def list_queues(call: CallDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Queues by name: those that runs were submitted to, and those that were told anything."""
    page = await call.services.queues.page(call.domain, limit=limit, cursor=cursor)
    now = call.services.engine.now()
    items = [to_queue(queue, now) for queue in page.items]
    return reply(QueuePage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get("/queues/{name}", operation_id="get_queue", responses=_ANSWERED)
async def get_queue(call: CallDep, name: str) -> Response:
    """One queue."""
    return _reply(call, await call.services.queues.get(call.domain, name))


@router.put(
    "/queues/{name}",
    operation_id="set_queue",
    responses=answers(Queue, "The queue.", 400, 404, 412, 413, 415),
    openapi_extra=takes(QueueSettings, example=_EXAMPLE),
)
async def set_queue(
    call: CallDep, name: str, document: JsonBody, expected: ExpectedRevision, *, create: Create = False
) -> Response:
    """Set how often runs of a queue may start: all of `runs` at once after a pause, then one every `window_sec / runs`.

    So at most `runs` start beyond those whose turn came back since. A rate of null takes the limit away.
    """
    settings = read(document, QueueSettings)
    queues = call.services.queues
    return _reply(call, await queues.set(call.domain, name, settings, create=create, expected=expected))


@router.post("/queues/{name}/pause", operation_id="pause_queue", dependencies=[NoBody], responses=_ANSWERED)
async def pause_queue(call: CallDep, name: str, *, create: Create = False) -> Response:
    """Let no run of a queue start from now on, on any worker. What runs goes on, and new runs are taken."""
    return _reply(call, await call.services.queues.pause(call.domain, name, create=create))


@router.post("/queues/{name}/resume", operation_id="resume_queue", dependencies=[NoBody], responses=_ANSWERED)
async def resume_queue(call: CallDep, name: str) -> Response:
    """Let a queue go on that is paused or draining."""
    return _reply(call, await call.services.queues.resume(call.domain, name))


@router.post("/queues/{name}/drain", operation_id="drain_queue", dependencies=[NoBody], responses=_ANSWERED)
async def drain_queue(call: CallDep, name: str, *, create: Create = False) -> Response:
    """Refuse new runs for a queue with 409, and work off those that it has; then it is `drained`."""
    return _reply(call, await call.services.queues.drain(call.domain, name, create=create))


def _reply(call: Call, queue: domain.Queue) -> Response:
    return reply(to_queue(queue, call.services.engine.now()), headers=tagged(queue.revision))
