"""The stores of selections and of what is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from treadle.domain.bulk_actions import BulkAction, BulkStep, Tally
from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.domain.selections import Selection
from treadle.engines.contract.runs import Accepted


class SelectionStore(Protocol):
    """Runs that were selected, by their ids, until that is forgotten."""

    async def freeze(
        self, selection: Selection, parts: Sequence[Sequence[str]], *, key: RunKey | None = None
    ) -> Accepted:
        """Store a selection with its parts. A key that exists names its first selection instead."""
        ...

    async def get(self, domain: str, selection_id: str) -> Selection | None:
        """A selection, also one that has expired and was not removed yet."""
        ...

    async def part(self, selection_id: str, number: int) -> list[str]:
        """The ids of one part, counted from 0; none where there is no such part."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove selections, a part at a time, that expired before a moment; answers how many parts and selections.

        One that an action works on stays until that has ended.
        """
        ...


class BulkActionStore(Protocol):
    """Actions on selections. Whatever is done to a part is one transaction with the move beyond it: nothing twice."""

    async def begin(self, action: BulkAction, *, key: RunKey | None = None) -> Accepted:
        """Store an action, for whoever carries it out. A key that exists names its first action instead."""
        ...

    async def get(self, domain: str, action_id: str) -> BulkAction | None:
        """An action, as far as it has come."""
        ...

    async def find(self, domain: str, *, before: str | None = None, limit: int = 50) -> list[BulkAction]:
        """Actions, newest first; `before` is an exclusive id."""
        ...

    async def unfinished(self, limit: int) -> list[BulkAction]:
        """Actions of all domains that have not come to their end, the oldest first."""
        ...

    async def advance(self, step: BulkStep, *, now: Instant | None = None) -> bool:
        """Do a step and move beyond its part. Nothing happens where the action has moved before: False."""
        ...

    async def foresee(self, step: BulkStep, *, now: Instant | None = None) -> Tally:
        """What would become of a part if the step were done now; nothing is changed."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` actions that ended before a moment."""
        ...
