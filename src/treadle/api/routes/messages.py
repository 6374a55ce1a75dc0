"""Messages: put, list, read, try again, discard."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from treadle.api.answers import answers, problem_answers, reply, takes
from treadle.api.body import JsonBody, NoBody
from treadle.api.deps import CallDep, Cursor, IdempotencyKey, Limit
from treadle.api.once import repeatable
from treadle.api.routing import NounRouter
from treadle.api.schemas.messages import Message, MessagePage, PutMessages, to_message, to_put
from treadle.domain.messages import MessageState
from treadle.domain.posting import MessageRequest, read_requests
from treadle.services.messages import MessageFilters
from treadle.services.paging import DEFAULT_LIMIT

_EXAMPLE: Final = {"type": "mail", "payload": {"to": "ops@example.org"}, "key": "customer-7"}

Types = Annotated[list[str] | None, Query(description="Only messages of this type.")]
States = Annotated[list[MessageState] | None, Query()]
Processed = Annotated[bool | None, Query(description="Only those that are processed, or only those that are not.")]

router = NounRouter(tags=["messages"])


@router.post(
    "/messages",
    status_code=201,
    operation_id="put_messages",
    responses=answers(PutMessages, "What became of each message.", 400, 409, 413, 415, status=201),
    openapi_extra=takes(MessageRequest, example=_EXAMPLE, many=True),
)
@repeatable
async def put_messages(call: CallDep, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Put a message, or a list of at most 1000, all or none."""
    requests = read_requests(document, keyed=idempotency_key is not None)
    received = await call.services.messages.put(call.domain, requests, key=idempotency_key)
    answer = to_put(received)
    replayed = idempotency_key is not None and all(each.duplicate for each in answer.items)
    return reply(answer, 201, {"Idempotency-Replayed": "true"} if replayed else {})


@router.get("/messages", operation_id="list_messages", responses=answers(MessagePage, "A page of messages."))
async def list_messages(
    call: CallDep,
    type: Types = None,  # noqa: A002 - the parameter's name
    state: States = None,
    is_processed: Processed = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Messages, newest first. A filter given several times means any of its values."""
    filters = MessageFilters(types=tuple(type or ()), states=tuple(state or ()), is_processed=is_processed)
    page = await call.services.messages.page(call.domain, filters, limit=limit, cursor=cursor)
    items = [to_message(message) for message in page.items]
    return reply(MessagePage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get("/messages/{message_id}", operation_id="get_message", responses=answers(Message, "The message.", 404))
async def get_message(call: CallDep, message_id: str) -> Response:
    """One message."""
    return reply(to_message(await call.services.messages.get(call.domain, message_id)))


@router.post(
    "/messages/{message_id}/retry",
    operation_id="retry_message",
    dependencies=[NoBody],
    responses=answers(Message, "The message, which waits again.", 404, 409),
)
async def retry_message(call: CallDep, message_id: str) -> Response:
    """Let a message that was set aside wait again, in its old place and with all its attempts."""
    return reply(to_message(await call.services.messages.retry(call.domain, message_id)))


@router.post(
    "/messages/{message_id}/discard",
    status_code=204,
    operation_id="discard_message",
    dependencies=[NoBody],
    responses={204: {"description": "It is gone."}, **problem_answers(404, 409)},
)
async def discard_message(call: CallDep, message_id: str) -> Response:
    """Remove a message that waits or was set aside."""
    await call.services.messages.discard(call.domain, message_id)
    return Response(status_code=204)
