"""What happens: a page of the log of events, or a stream of it; and publishing events for runs that wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import lru_cache
from itertools import chain
from typing import Annotated, Final, TypeAlias

from fastapi import Header, Query, Request
from starlette.responses import Response

from treadle.api.answers import EVENT_STREAM, answers, reply, takes
from treadle.api.body import JsonBody
from treadle.api.deps import Call, CallDep, IdempotencyKey
from treadle.api.once import repeatable
from treadle.api.routing import NounRouter
from treadle.api.schemas.events import EventPage, PublishedEvent, to_event
from treadle.api.sse import EventStream, Told, check_stream, frame, parts, streams_of
from treadle.domain.events import Event
from treadle.domain.json import encode
from treadle.domain.publishing import EventRequest
from treadle.domain.shapes import read
from treadle.domain.waits import FAMILY
from treadle.engines.contract import Admission
from treadle.services.events import EventFilter, Position, event_filter
from treadle.services.paging import DEFAULT_LIMIT, MAX_LIMIT

MAX_POSITION: Final = 2**63 - 1
_LARGE_BYTES: Final = 4_096
_EXAMPLE: Final = {"name": "paid", "data": {"order": 17}, "source": "shop"}

LastEventId: TypeAlias = Annotated[
    int | None, Header(ge=0, le=MAX_POSITION, description="Where a stream is taken up again; goes before `after`.")
]

router = NounRouter(tags=["events"])


@router.get(
    "/events",
    operation_id="read_events",
    responses=answers(EventPage, "Events in order; as a stream where text/event-stream is accepted.", 429, stream=True),
)
async def read_events(
    request: Request,
    call: CallDep,
    topics: Annotated[list[str] | None, Query(description="Types (`run.failed`) or families (`runs`).")] = None,
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
    wanted = event_filter(
        chain.from_iterable(each.split(",") for each in topics or ()), job_ids=job or (), run_ids=run or ()
    )
    after = after if last_event_id is None else last_event_id
    if EVENT_STREAM in request.headers.get("accept", ""):
        check_stream(request)
        position = await call.services.events.position(after)
        patience = streams_of(request).limits.keep_alive_sec
        return EventStream(request, call, _stream(call, wanted, position, patience), position.after)
    page = await call.services.events.page(call.domain, wanted, after=after or 0, limit=limit)
    items = [to_event(event) for event in page.items]
    return reply(EventPage(items=items, next_cursor=page.after, has_more=page.more, reset=page.reset))


@router.post(
    "/events",
    status_code=201,
    operation_id="publish_event",
    responses=answers(PublishedEvent, "The event that was published.", 400, 409, 413, 415, status=201),
    openapi_extra=takes(EventRequest, example=_EXAMPLE),
)
@repeatable
async def publish_event(call: CallDep, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Publish an event. Runs that wait for its name, and for part of its data, go on."""
    request = read(document, EventRequest)
    published = await call.services.events.publish(call.domain, request, key=idempotency_key)
    view = PublishedEvent(seq=published.seq, type=FAMILY + request.name, woken=published.woken)
    replayed = published.admission is Admission.EXISTING
    return reply(view, 201, {"Idempotency-Replayed": "true"} if replayed else None)


async def _stream(call: Call, wanted: EventFilter, position: Position, patience: float) -> AsyncIterator[Told]:
    after = position.after
    if position.reset:
        yield Told(_reset(after), after)
    async for page in call.services.events.follow(call.domain, wanted, after, patience):
        if page.reset:
            yield Told(_reset(after), after)
        after = page.upto
        for told in parts(map(_frame, page.events), after):
            yield told


def _reset(after: int) -> bytes:
    return frame("reset", encode({"after": after}), after)


def _make_frame(event: Event) -> bytes:
    return frame(event.type, encode(to_event(event)), event.seq)


# What all readers are told, mostly at the same time, is written out once, and held once for those who do not take it.
_small_frame: Final = lru_cache(maxsize=1_024)(_make_frame)
_large_frame: Final = lru_cache(maxsize=16)(_make_frame)


def _frame(event: Event) -> bytes:
    return _large_frame(event) if len(event.data) > _LARGE_BYTES else _small_frame(event)
