"""The store of idempotency keys that name something else than a run: what their first call was answered."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey


class Named(Struct, frozen=True):
    """What a key stands for, and the hash of the request with which it came first."""

    stands: str
    body_hash: str


class KeyStore(Protocol):
    """Keys by scope and domain. One that has expired is as one that never was."""

    async def get(self, domain: str, key: RunKey, *, now: Instant | None = None) -> Named | None:
        """What a key stands for."""
        ...

    async def take(self, domain: str, key: RunKey, stands: str, *, now: Instant | None = None) -> bool:
        """Let a key stand for something; False where it stands for something already, which stays."""
        ...

    async def alter(self, domain: str, key: RunKey, stands: str) -> None:
        """Let a key that was taken stand for something else."""
        ...

    async def free(self, domain: str, key: RunKey) -> None:
        """Forget a key."""
        ...
