"""The store of credentials."""

from __future__ import annotations

from typing import Protocol

from treadle.domain.access import Credential, CredentialKind
from treadle.domain.instants import Instant


class AccessStore(Protocol):
    """Credentials. They are looked up by id: of their secrets only digests are kept."""

    async def put(self, credential: Credential) -> bool:
        """Store a new credential. False where a user of its name and domain is there and in force."""
        ...

    async def replace(self, credential: Credential, *, seen: Credential | None = None) -> bool:
        """Store a credential anew, but for when it was used and revoked. False where it is not there.

        Raises StaleVersion where it opens otherwise, or allows something else, than it did when it was `seen`.
        """
        ...

    async def get(self, credential_id: str) -> Credential | None:
        """A credential, in force or not."""
        ...

    async def find(
        self,
        kind: CredentialKind,
        *,
        domain: str | None = None,
        name: str | None = None,
        after: str = "",
        limit: int = 200,
    ) -> list[Credential]:
        """Credentials by id from the first beyond `after`, in force or not; of one domain, of one name."""
        ...

    async def touch(self, credential_id: str, at: Instant) -> None:
        """Note when a credential was used."""
        ...

    async def revoke(self, credential_id: str, at: Instant) -> bool:
        """End a credential, and the sessions that it owns. False where it is not there, or was ended before."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` credentials that ended before a moment."""
        ...
