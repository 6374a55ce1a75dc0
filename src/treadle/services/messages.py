"""Messages: put, read, try again, discard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, to_builtins

from treadle.domain.errors import Conflict, NotFound
from treadle.domain.messages import Message, MessageState
from treadle.domain.posting import MessageRequest, build_messages
from treadle.engines.contract import Engine, MessageQuery, Received
from treadle.services.paging import Page, decode_cursor, encode_cursor


class MessageFilters(Struct, frozen=True, kw_only=True):
    """Which messages are asked for; several values of one field mean any of them."""

    types: tuple[str, ...] = ()
    states: tuple[MessageState, ...] = ()
    is_processed: bool | None = None

    @property
    def wanted(self) -> tuple[MessageState, ...]:
        """The states that are asked for; none where no message can be in one."""
        states = self.states or tuple(MessageState)
        return tuple(each for each in states if self.is_processed in (None, each is MessageState.PROCESSED))


class Messages:
    """The use cases of messages. `max_payload` is the cap on one payload in bytes."""

    def __init__(self, engine: Engine, new_id: Callable[[str], str], max_payload: int) -> None:
        self._engine = engine
        self._new_id = new_id
        self._max_payload = max_payload

    async def put(self, domain: str, requests: Sequence[MessageRequest], *, key: str | None = None) -> list[Received]:
        """Put messages, all or none. A call or a message whose key came before names the messages of then.

        Raises InvalidInput, PayloadTooLarge, and KeyReused where a key came with something else.
        """
        messages = build_messages(
            requests,
            domain=domain,
            now=self._engine.now(),
            new_id=self._new_id,
            max_payload=self._max_payload,
            key=key,
        )
        return await self._engine.messages.put(messages)

    async def get(self, domain: str, message_id: str) -> Message:
        """One message. Raises NotFound."""
        found = await self._engine.messages.get(domain, [message_id])
        if not found:
            raise NotFound(f"there is no message {message_id}")
        return found[0]

    async def page(
        self, domain: str, filters: MessageFilters, *, limit: int, cursor: str | None = None
    ) -> Page[Message]:
        """Messages, newest first. Raises InvalidInput for a cursor of another question."""
        question = ("messages", domain, to_builtins(filters))
        before = None if cursor is None else decode_cursor(cursor, question)
        if not filters.wanted:
            return Page([], None)
        messages = await self._engine.messages.find(
            MessageQuery(domain=domain, limit=limit + 1, before=before, types=filters.types, states=filters.wanted)
        )
        more = len(messages) > limit
        messages = messages[:limit]
        return Page(messages, encode_cursor(messages[-1].id, question) if more else None)

    async def retry(self, domain: str, message_id: str) -> Message:
        """A message that was set aside, waiting again. Raises NotFound, and Conflict where it is not poison."""
        if not await self._engine.messages.retry(domain, [message_id]):
            message = await self.get(domain, message_id)
            raise Conflict(f"message {message_id} is {message.state}: only poison is tried again")
        return await self.get(domain, message_id)

    async def discard(self, domain: str, message_id: str) -> None:
        """Remove a message that waits or is poison. Raises NotFound, and Conflict where it is neither."""
        if not await self._engine.messages.discard(domain, [message_id]):
            message = await self.get(domain, message_id)
            raise Conflict(f"message {message_id} is {message.state}: only one that waits or is poison is discarded")
