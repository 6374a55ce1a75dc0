"""Credentials and audit entries as rows of the engines that keep tables."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import structs

from treadle.domain.access import Credential
from treadle.domain.audit import AuditEntry
from treadle.engines.contract import AuditQuery

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Credential)


def credential_row(each: Credential) -> tuple[Any, ...]:
    """id, kind, name, domain, owner, expires_at, used_at, revoked_at, body."""
    body = _encoder.encode(each)
    return each.id, each.kind, each.name, each.domain, each.owner, each.expires_at, each.used_at, each.revoked_at, body


def to_credential(row: tuple[Any, ...]) -> Credential:
    """A credential from `body, used_at, revoked_at`: what changes most is not in its body."""
    body, used_at, revoked_at = row
    return structs.replace(_decoder.decode(body), used_at=used_at, revoked_at=revoked_at)


def audit_row(entry: AuditEntry) -> tuple[Any, ...]:
    """id, at, domain, who, action, target, trace_id, before, after."""
    return structs.astuple(entry)


def to_entry(row: tuple[Any, ...]) -> AuditEntry:
    """An entry from the same columns."""
    return AuditEntry(**dict(zip(AuditEntry.__struct_fields__, row, strict=True)))


def audit_filters(query: AuditQuery) -> tuple[Any, ...]:
    """domain, who, action, target, before, limit."""
    return query.domain, query.who, query.action, query.target, query.before, query.limit
