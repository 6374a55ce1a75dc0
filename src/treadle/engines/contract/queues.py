"""The store of queues: what they were told, and how they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import UNSET, UnsetType

from treadle.domain.instants import Instant
from treadle.domain.queues import Queue, QueueControl, QueueState
from treadle.domain.rates import Rate


class QueueStore(Protocol):
    """Queues: what was told of them, and how they are."""

    async def find(
        self, domain: str, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200
    ) -> list[Queue]:
        """Queues that runs were submitted to or that were told anything, by name, from the first beyond `after`.

        `names` are the only ones asked for; unknown ones are left out.
        """
        ...

    async def controls(self, domain: str, names: Sequence[str]) -> dict[str, QueueControl]:
        """What queues were told, without a look at their runs; those that were told nothing are left out."""
        ...

    async def switch(self, domain: str, name: str, state: QueueState, *, now: Instant | None = None) -> bool:
        """Put a queue into a state, with its event; False where it was in it. In force with the commit, everywhere."""
        ...

    async def limit(
        self,
        domain: str,
        name: str,
        rate: Rate | None,
        *,
        seen: Rate | UnsetType | None = UNSET,
        now: Instant | None = None,
    ) -> bool:
        """Give a queue a rate or take it away, with its event; False where nothing changed.

        Raises StaleVersion where another rate stands than the one that was `seen`.
        """
        ...
