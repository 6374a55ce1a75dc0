"""The audit log: written at each change, read by administrators."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from treadle.domain.access import Principal
from treadle.domain.audit import AuditEntry, redact
from treadle.domain.json import Json, encode
from treadle.engines.contract import AuditQuery, Engine
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.system import IdSource


class Audit:
    """The use cases of the audit log."""

    def __init__(self, engine: Engine, new_id: IdSource) -> None:
        self._engine = engine
        self._new_id = new_id

    async def record(
        self,
        *,
        who: str,
        domain: str | None,
        action: str,
        target: str,
        trace_id: str,
        before: Any = None,
        after: Any = None,
    ) -> None:
        """Write what was changed. `before` and `after` are JSON values; what is secret in them is left out."""
        entry = AuditEntry(
            id=self._new_id("aud"),
            at=self._engine.now(),
            domain=domain,
            who=who,
            action=action,
            target=target,
            trace_id=trace_id,
            before=_told(before),
            after=_told(after),
        )
        await self._engine.audit.append(entry)

    async def page(
        self, caller: Principal, query: AuditQuery, *, limit: int, cursor: str | None = None
    ) -> Page[AuditEntry]:
        """Entries, newest first; of the caller's domain, where they are bound to one."""
        domain = caller.domain or query.domain
        question = ("audit", domain, query.who, query.action, query.target)
        before = None if cursor is None else decode_cursor(cursor, question)
        found = await self._engine.audit.find(structs.replace(query, domain=domain, before=before, limit=limit + 1))
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].id, question) if more else None)


def _told(value: Any) -> Json | None:
    return None if value is None else encode(redact(value))
