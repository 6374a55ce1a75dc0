"""Messages as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import AnyJson, HasMore, NextCursor, moment, raw
from treadle.domain import messages as domain
from treadle.domain.instants import to_datetime
from treadle.domain.messages import MessageState
from treadle.domain.outcomes import RunError
from treadle.engines.contract import Admission, Received

MessageId = Annotated[str, Meta(examples=["msg_019d2f6c1e5b7c3a9f40b1d2c3e4f506"])]


class Message(Struct, frozen=True, kw_only=True):
    """A message. `attempts` counts its tries; where the last of `max_attempts` fails it is `poison`, and set aside.

    `run_id` is the run that has it, or had it last. `settled_at` is when it was processed or set aside.
    """

    message_id: MessageId
    type: str
    key: str
    payload: AnyJson
    state: MessageState
    is_processed: bool
    attempts: int
    max_attempts: int | None
    error: RunError | None
    run_id: str | None
    created_at: datetime
    settled_at: datetime | None


class MessagePage(Struct, frozen=True, kw_only=True):
    """Messages, newest first."""

    items: list[Message]
    next_cursor: NextCursor
    has_more: HasMore


class PutMessage(Struct, frozen=True, kw_only=True):
    """What became of one message of a call. A `duplicate` is not stored: its key names the message of then."""

    message_id: MessageId
    duplicate: bool


class PutMessages(Struct, frozen=True, kw_only=True):
    """What became of the messages of a call, in their order."""

    items: list[PutMessage]


def to_message(message: domain.Message) -> Message:
    """A message as it is answered."""
    return Message(
        message_id=message.id,
        type=message.type,
        key=message.key,
        payload=raw(message.payload),
        state=message.state,
        is_processed=message.state is MessageState.PROCESSED,
        attempts=message.attempts,
        max_attempts=message.max_attempts,
        error=message.error,
        run_id=message.run_id,
        created_at=to_datetime(message.created_at),
        settled_at=moment(message.settled_at),
    )


def to_put(received: list[Received]) -> PutMessages:
    """What became of messages as it is answered."""
    return PutMessages(
        items=[
            PutMessage(message_id=each.message_id, duplicate=each.admission is Admission.EXISTING) for each in received
        ]
    )
