"""The inbox in the words of queue messages: what waits, and what was processed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from treadle.client.binding import with_client
from treadle.domain import json
from treadle.domain.instants import to_datetime
from treadle.domain.messages import MessageState, MessageView

_WAITING: Final = (MessageState.PENDING, MessageState.LEASED)


class QueueMessageFilter(Struct, frozen=True, kw_only=True):
    """Which messages are asked for: those of a type, processed or (`False`) waiting for that; `limit` of them at most.

    Where `is_processed` is not said, those that were set aside are among them.
    """

    type: str | None = None
    is_processed: bool | None = None
    limit: int = 100

    @property
    def types(self) -> tuple[str, ...]:
        """The types that are meant; none for all."""
        return () if self.type is None else (self.type,)

    @property
    def states(self) -> tuple[MessageState, ...]:
        """The states that are meant; none for all."""
        if self.is_processed is None:
            return ()
        return (MessageState.PROCESSED,) if self.is_processed else _WAITING


class QueueMessage(Struct, frozen=True, kw_only=True):
    """A message as it stands: `payload` is the JSON value that was put, `run_id` the run that has it or had it last."""

    id: str
    type: str
    key: str
    payload: Any
    is_processed: bool
    attempts: int
    run_id: str | None
    created_at: datetime


def to_queue_message(message: MessageView) -> QueueMessage:
    """A message of the inbox."""
    return QueueMessage(
        id=message.id,
        type=message.type,
        key=message.key,
        payload=json.decode(message.payload),
        is_processed=message.state is MessageState.PROCESSED,
        attempts=message.attempts,
        run_id=message.run_id,
        created_at=to_datetime(message.created_at),
    )


async def list_queue_messages(filters: QueueMessageFilter | None = None) -> list[QueueMessage]:
    """Messages that fit, newest first: by the client that is bound to the context, else by one for the call.

    A task asks whether there is anything to do: `await list_queue_messages(QueueMessageFilter(type="tweet",
    is_processed=False))`. What it takes to deal with is in `context.messages`.
    """
    return await with_client(lambda client: client.list_queue_messages(filters))
