"""The model's credentials and its audit log."""

from __future__ import annotations

from msgspec import structs

from treadle.domain.access import Credential, CredentialKind
from treadle.domain.audit import AuditEntry
from treadle.domain.instants import Instant
from treadle.engines.contract import AuditQuery
from treadle.testing.model.state import Data


class ModelAccess:
    """See `contract.AccessStore`."""

    def __init__(self, data: Data) -> None:
        self._data = data

    async def put(self, credential: Credential) -> bool:
        if credential.kind is CredentialKind.USER:
            users = await self.find(CredentialKind.USER, name=credential.name)
            if any(user.revoked_at is None and user.domain == credential.domain for user in users):
                return False
        self._data.credentials[credential.id] = credential
        return True

    async def replace(self, credential: Credential, *, seen: Credential | None = None) -> bool:
        standing = self._data.credentials.get(credential.id)
        if standing is None:
            return False
        standing.check_seen(seen)
        self._data.credentials[credential.id] = structs.replace(
            credential, used_at=standing.used_at, revoked_at=standing.revoked_at
        )
        return True

    async def get(self, credential_id: str) -> Credential | None:
        return self._data.credentials.get(credential_id)

    async def find(
        self,
        kind: CredentialKind,
        *,
        domain: str | None = None,
        name: str | None = None,
        after: str = "",
        limit: int = 200,
    ) -> list[Credential]:
        return [
            each
            for _, each in sorted(self._data.credentials.items())
            if each.kind is kind and domain in (None, each.domain) and name in (None, each.name) and each.id > after
        ][:limit]

    async def touch(self, credential_id: str, at: Instant) -> None:
        if (standing := self._data.credentials.get(credential_id)) is not None:
            self._data.credentials[credential_id] = structs.replace(standing, used_at=at)

    async def revoke(self, credential_id: str, at: Instant) -> bool:
        ended = [
            each
            for each in self._data.credentials.values()
            if credential_id in (each.id, each.owner) and each.revoked_at is None
        ]
        for each in ended:
            self._data.credentials[each.id] = structs.replace(each, revoked_at=at)
        return credential_id in {each.id for each in ended}

    async def prune(self, before: Instant, limit: int) -> int:
        old = [
            each.id
            for each in self._data.credentials.values()
            if min(each.revoked_at or before, each.expires_at or before) < before
        ][:limit]
        for credential_id in old:
            del self._data.credentials[credential_id]
        return len(old)


class ModelAudit:
    """See `contract.AuditStore`."""

    def __init__(self, data: Data) -> None:
        self._data = data

    async def append(self, entry: AuditEntry) -> None:
        self._data.audit.append(entry)

    async def find(self, query: AuditQuery) -> list[AuditEntry]:
        return [
            entry
            for entry in sorted(self._data.audit, key=lambda entry: entry.id, reverse=True)
            if query.domain in (None, entry.domain)
            and query.who in (None, entry.who)
            and query.action in (None, entry.action)
            and (query.target is None or f"{entry.target}/".startswith(f"{query.target}/"))
            and (query.before is None or entry.id < query.before)
        ][: query.limit]

    async def prune(self, before: Instant, limit: int) -> int:
        old = [entry for entry in self._data.audit if entry.at < before][:limit]
        self._data.audit = [entry for entry in self._data.audit if entry not in old]
        return len(old)
