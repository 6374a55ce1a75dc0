"""The store of who changed what."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from treadle.domain.audit import AuditEntry
from treadle.domain.instants import Instant


class AuditQuery(Struct, frozen=True, kw_only=True):
    """Which entries to list, newest first: those before the id `before`, for each filter those that fit.

    `target` finds what was changed at that path and below it.
    """

    domain: str | None = None
    who: str | None = None
    action: str | None = None
    target: str | None = None
    before: str | None = None
    limit: int = 50


class AuditStore(Protocol):
    """Who changed what. Entries are never changed."""

    async def append(self, entry: AuditEntry) -> None:
        """Store an entry."""
        ...

    async def find(self, query: AuditQuery) -> list[AuditEntry]:
        """Entries, newest first."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` entries from before a moment."""
        ...
