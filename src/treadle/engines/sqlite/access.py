"""Credentials, and who changed what."""

from __future__ import annotations

from typing import Final

from treadle.domain.access import Credential, CredentialKind
from treadle.domain.audit import AuditEntry
from treadle.domain.instants import Instant
from treadle.engines.contract import AuditQuery
from treadle.engines.credentials import audit_filters, audit_row, credential_row, to_credential, to_entry
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Writer

_SQL: Final = load("access")
_AUDIT: Final = load("audit")


class SqliteAccess:
    """See `contract.AccessStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def put(self, credential: Credential) -> bool:
        return bool(await self._write(lambda write: fetch(write.connection, _SQL["put"], credential_row(credential))))

    async def replace(self, credential: Credential) -> bool:
        id_, _, name, domain, _, expires_at, _, _, body = credential_row(credential)
        values = (id_, name, domain, expires_at, body)
        return bool(await self._write(lambda write: fetch(write.connection, _SQL["replace"], values)))

    async def get(self, credential_id: str) -> Credential | None:
        rows = await self._read(lambda connection: fetch(connection, _SQL["get"], (credential_id,)))
        return to_credential(rows[0]) if rows else None

    async def find(
        self,
        kind: CredentialKind,
        *,
        domain: str | None = None,
        name: str | None = None,
        after: str = "",
        limit: int = 200,
    ) -> list[Credential]:
        values = (kind, after, domain, name, limit)
        return [
            to_credential(row) for row in await self._read(lambda connection: fetch(connection, _SQL["find"], values))
        ]

    async def touch(self, credential_id: str, at: Instant) -> None:
        await self._write(lambda write: fetch(write.connection, _SQL["touch"], (credential_id, at)))

    async def revoke(self, credential_id: str, at: Instant) -> bool:
        rows = await self._write(lambda write: fetch(write.connection, _SQL["revoke"], (credential_id, at)))
        return (credential_id,) in rows

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write(lambda write: fetch(write.connection, _SQL["prune"], (before, limit))))


class SqliteAudit:
    """See `contract.AuditStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def append(self, entry: AuditEntry) -> None:
        await self._write(lambda write: fetch(write.connection, _AUDIT["append"], audit_row(entry)))

    async def find(self, query: AuditQuery) -> list[AuditEntry]:
        values = audit_filters(query)
        return [to_entry(row) for row in await self._read(lambda connection: fetch(connection, _AUDIT["find"], values))]

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write(lambda write: fetch(write.connection, _AUDIT["prune"], (before, limit))))
