"""Credentials, and who changed what."""

from __future__ import annotations

from treadle.domain.access import Credential, CredentialKind
from treadle.domain.audit import AuditEntry
from treadle.domain.instants import Instant
from treadle.engines.contract import AuditQuery
from treadle.engines.sql.credentials import audit_filters, audit_row, credential_row, to_credential, to_entry
from treadle.engines.sql.transaction import Reader, Transaction, Writer


class Access:
    """See `contract.AccessStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read

    async def put(self, credential: Credential) -> bool:
        return bool(await self._write.call("access.put", *credential_row(credential)))

    async def replace(self, credential: Credential, *, seen: Credential | None = None) -> bool:
        id_, _, name, domain, _, expires_at, _, _, body = credential_row(credential)

        async def work(tx: Transaction) -> bool:
            await tx.lock("access.lock", id_)
            for row in await tx.call("access.get", id_):
                to_credential(tuple(row)).check_seen(seen)
            return bool(await tx.call("access.replace", id_, name, domain, expires_at, body))

        return await self._write(work)

    async def get(self, credential_id: str) -> Credential | None:
        rows = await self._read.call("access.get", credential_id)
        return to_credential(tuple(rows[0])) if rows else None

    async def find(
        self,
        kind: CredentialKind,
        *,
        domain: str | None = None,
        name: str | None = None,
        after: str = "",
        limit: int = 200,
    ) -> list[Credential]:
        rows = await self._read.call("access.find", kind, after, domain, name, limit)
        return [to_credential(tuple(row)) for row in rows]

    async def touch(self, credential_id: str, at: Instant) -> None:
        await self._write.call("access.touch", credential_id, at)

    async def revoke(self, credential_id: str, at: Instant) -> bool:
        rows = await self._write.call("access.revoke", credential_id, at)
        return credential_id in {row[0] for row in rows}

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write.call("access.prune", before, limit))


class Audit:
    """See `contract.AuditStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read

    async def append(self, entry: AuditEntry) -> None:
        await self._write.call("audit.append", *audit_row(entry))

    async def find(self, query: AuditQuery) -> list[AuditEntry]:
        return [to_entry(tuple(row)) for row in await self._read.call("audit.find", *audit_filters(query))]

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write.call("audit.prune", before, limit))
