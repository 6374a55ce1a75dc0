"""The store of dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from treadle.domain.instants import Instant
from treadle.domain.runs import Run
from treadle.engines.contract.runs import RunQuery


class DeadLetterStore(Protocol):
    """Failed runs that nobody has retried or discarded. How they are retried is `RunStore.enqueue`."""

    async def find(self, query: RunQuery) -> list[Run]:
        """Dead letters, newest first, at no cost of what else is in history; `states` says nothing here."""
        ...

    async def discard(
        self, domain: str, run_ids: Sequence[str], *, by: str, why: str = "", now: Instant | None = None
    ) -> list[str]:
        """Resolve dead letters without another try, each with its event; answers those that were dead letters."""
        ...
