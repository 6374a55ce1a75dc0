"""The store of small values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Fence, Scope, Space


class KvStore(Protocol):
    """Small values of jobs and runs. What belongs to a run goes with it."""

    async def get(self, domain: str, scope: Scope, owners: Sequence[str], key: str) -> dict[str, Json]:
        """The value of one key by owner; those without one are left out."""
        ...

    async def find(self, space: Space, *, after: str = "", limit: int = 1_000) -> list[Entry]:
        """The keys of a space in order, from the first beyond `after`."""
        ...

    async def change(
        self,
        space: Space,
        change: Change,
        *,
        fence: Fence | None = None,
        event: NewEvent | None = None,
        now: Instant | None = None,
    ) -> Json | None:
        """Change a value by `domain.kv.changed`, with the event that tells of it; answers what it is then.

        Raises InvalidInput as that does, and LeaseLost where the fence does not hold: nothing is changed then.
        """
        ...
