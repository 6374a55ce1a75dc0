"""The event log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from treadle.domain.events import Event, NewEvent
from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.engines.contract.runs import Admission


class Published(Struct, frozen=True):
    """The answer to a published event: its position, whether its key was known, and how many runs it woke."""

    seq: int
    admission: Admission
    woken: int = 0


class EventStore(Protocol):
    """The log of events."""

    async def append(self, events: Sequence[NewEvent]) -> None:
        """Write events that belong to no other change."""
        ...

    async def read(self, domain: str | None, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Event]:
        """Events of a domain beyond a position, in order; of all domains for None, who tells them apart.

        `types` are exact names or prefixes that end in a dot.
        """
        ...

    async def publish(self, event: NewEvent, *, key: RunKey | None = None, now: Instant | None = None) -> Published:
        """Store an event of the family `user.` and wake the runs whose waits it answers.

        So many as one transaction bears are woken in the event's own, the rest in those that follow; where the process
        ends in between, by whoever calls `deliver`. A `key` that exists names its first event instead.
        """
        ...

    async def deliver(self, *, now: Instant | None = None) -> int:
        """Wake the runs for which published events are still on the way; answers how many."""
        ...

    async def published(self, domain: str, name: str, *, since: Instant, after: int, limit: int) -> list[Event]:
        """The events that people published under a name from a moment on and beyond a position, in order."""
        ...

    async def newest(self, domain: str, type: str, limit: int) -> list[Event]:  # noqa: A002
        """The last events of a type that no runs have, newest first."""
        ...

    async def bounds(self) -> tuple[int, int]:
        """The positions of the oldest event kept and of the newest; (0, 0) where there are none."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` events older than a moment; the newest is kept."""
        ...
