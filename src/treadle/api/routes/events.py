"""What happens: a page of the log of events, or a stream of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from treadle.api.answers import EVENT_STREAM, answers, reply
from treadle.api.deps import Call, CallDep
from treadle.api.schemas.events import EventPage, to_event
from treadle.api.sse import EventStream, frame
from treadle.domain.json import encode
from treadle.services.events import EventFilter, Position
from treadle.services.paging import DEFAULT_LIMIT, MAX_LIMIT

MAX_POSITION: Final = 2**63 - 1

LastEventId: TypeAlias = Annotated[
    int | None, Header(ge=0, le=MAX_POSITION, description="Where a stream is taken up again; goes before `after`.")
]

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    operation_id="read_events",
    responses=answers(EventPage, "Events in order; as a stream where text/event-stream is accepted.", stream=True),
)
async def read_events(
    request: Request,
    call: CallDep,
    topics: Annotated[list[str] | None, Query(description="Types (`run.failed`) or families (`run`).")] = None,
    job: Annotated[list[str] | None, Query()] = None,
    run: Annotated[list[str] | None, Query()] = None,
    after: Annotated[int | None, Query(ge=0, le=MAX_POSITION, description="The `seq` of the last event seen.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    last_event_id: LastEventId = None,
) -> Response:
    """Events in order.

    A page begins with the oldest that is kept, or beyond `after`. A stream begins with what comes next, or beyond
    `after` or Last-Event-ID; where what follows that is no longer kept, its first event is `reset`.
    """
    wanted = EventFilter(
        topics=frozenset(name for each in topics or () for name in each.split(",")),
        job_ids=frozenset(job or ()),
        run_ids=frozenset(run or ()),
    )
    if EVENT_STREAM in request.headers.get("accept", ""):
        position = await call.services.events.position(after if last_event_id is None else last_event_id)
        frames = _frames(call, wanted, position)
        return EventStream(frames, request.app.state.stream_limits, request.app.state.stopping)
    page = await call.services.events.page(call.domain, wanted, after=after or 0, limit=limit)
    items = [to_event(event) for event in page.items]
    return reply(EventPage(items=items, next_cursor=page.after, has_more=page.more))


async def _frames(call: Call, wanted: EventFilter, position: Position) -> AsyncIterator[bytes]:
    if position.reset:
        yield frame("reset", encode({"after": position.after}), position.after)
    async for events in call.services.events.follow(call.domain, wanted, position.after):
        yield b"".join(frame(event.type, encode(to_event(event)), event.seq) for event in events)
