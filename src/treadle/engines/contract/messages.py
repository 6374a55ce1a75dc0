"""The inbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.messages import Intake, Message, MessageState, NewMessage
from treadle.domain.runs import Claim, NewRun
from treadle.engines.contract.runs import Admission


class Received(Struct, frozen=True):
    """The answer to one message put. `message_id` is the one that stands: it, or the one that came before."""

    message_id: str
    admission: Admission


class MessageQuery(Struct, frozen=True, kw_only=True):
    """A page of messages, newest first. Several values of one field mean any of them; `before` is an exclusive id."""

    domain: str
    limit: int
    before: str | None = None
    types: tuple[str, ...] = ()
    states: tuple[MessageState, ...] = ()


class Consumer(Struct, frozen=True):
    """A job that the arrival of messages starts."""

    domain: str
    job_id: str
    type: str


class MessageStore(Protocol):
    """The inbox. What becomes of leased messages is decided in the transaction that settles the run that has them."""

    async def put(self, messages: Sequence[NewMessage], *, now: Instant | None = None) -> list[Received]:
        """Store messages, all or none, in one transaction with one event. One that came before is not stored again.

        Raises KeyReused where what came before under its key was another message.
        """
        ...

    async def take(self, holder: Claim, intake: Intake) -> list[Message]:
        """The batch of a running run: the one that it has, else a new one by the rule of `domain.messages.pick`.

        Nothing for a run that does not run under the claim's token any more.
        """
        ...

    async def get(self, domain: str, message_ids: Sequence[str]) -> list[Message]:
        """Messages by id; unknown ids are left out."""
        ...

    async def find(self, query: MessageQuery) -> list[Message]:
        """Messages, newest first."""
        ...

    async def retry(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        """Put poison messages back in their places, with all their attempts; answers those that were poison."""
        ...

    async def discard(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        """Remove messages that are pending or poison; answers those that were."""
        ...

    async def awaited(self, limit: int) -> list[Consumer]:
        """Of the definitions saved with `consumes`, those with messages pending and no run that is not finished."""
        ...

    async def start(self, runs: Sequence[NewRun], *, now: Instant | None = None) -> list[bool]:
        """Submit the runs of consumers, each only if it is still awaited; answers which were submitted."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` messages processed or set aside before a moment."""
        ...
