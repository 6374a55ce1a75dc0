"""The store of what runs said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from treadle.domain.instants import Instant
from treadle.domain.logs import LogLine, StoredLogLine


class LogStore(Protocol):
    """What runs said."""

    async def append(self, lines: Sequence[LogLine]) -> None:
        """Write lines in order."""
        ...

    async def read(self, domain: str, run_id: str, *, after: int, limit: int) -> list[StoredLogLine]:
        """Lines of a run beyond a position, in order."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` lines older than a moment."""
        ...
