"""Entries of the audit log as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.deeds import told
from treadle.api.schemas.common import AnyJson, HasMore, NextCursor, raw
from treadle.domain import audit as domain
from treadle.domain.instants import to_datetime
from treadle.domain.wording import Words


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One change: who made it, by which operation, and how its target stood before and after. Secrets are left out."""

    entry_id: Annotated[str, Meta(examples=["aud_0199f0a1b2c37d3e8f40516273849506"])]
    at: datetime
    who: str
    domain: str | None
    action: Annotated[str, Meta(description="The operation's id.", examples=["replace_job"])]
    what: Annotated[Words, Meta(description="The same in words.")]
    target: Annotated[str, Meta(examples=["/jobs/report"])]
    before: AnyJson
    after: AnyJson
    trace_id: str


class AuditPage(Struct, frozen=True, kw_only=True):
    """Entries, newest first."""

    items: list[AuditEntry]
    next_cursor: NextCursor
    has_more: HasMore


def to_entry(found: domain.AuditEntry) -> AuditEntry:
    """An entry as it is answered."""
    return AuditEntry(
        entry_id=found.id,
        at=to_datetime(found.at),
        who=found.who,
        domain=found.domain,
        action=found.action,
        what=told(found.action),
        target=found.target,
        before=raw(found.before),
        after=raw(found.after),
        trace_id=found.trace_id,
    )
