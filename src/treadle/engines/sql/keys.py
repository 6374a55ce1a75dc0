"""Idempotency keys: what came first under a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.engines.contract import Accepted, Admission, Named
from treadle.engines.sql.transaction import Raced, Reader, Transaction, WallClock, Writer

Keyed: TypeAlias = tuple[str, RunKey]
"""A domain and a key in it."""


class Keys:
    """The keys of a batch: what stands under them, asked once, and what the batch itself puts under them."""

    def __init__(self) -> None:
        self._standing: dict[tuple[str, str, str], tuple[str, str]] = {}
        self._put: list[tuple[str, str, str, str, str, Instant]] = []

    @classmethod
    async def of(cls, tx: Transaction, keys: Iterable[Keyed], now: Instant) -> Keys:
        """What stands under keys."""
        found = cls()
        names = sorted({(domain, key.scope, key.key) for domain, key in keys})
        for domain, scope, key, standing, body_hash in await tx.feed("runs.keys", names, now):
            found._standing[domain, scope, key] = standing, body_hash
        return found

    def named(self, domain: str, key: RunKey) -> Accepted | None:
        """What already has a key."""
        if (found := self._standing.get((domain, key.scope, key.key))) is None:
            return None
        standing, body_hash = found
        return Accepted(standing, Admission.EXISTING if body_hash == key.body_hash else Admission.KEY_REUSED)

    def put(self, domain: str, key: RunKey | None, stands: str) -> None:
        """Let a key, where there is one, name what stands for it; `save` is to follow."""
        if key is not None:
            self._standing[domain, key.scope, key.key] = stands, key.body_hash
            self._put.append((domain, key.scope, key.key, stands, key.body_hash, key.expires_at))

    async def save(self, tx: Transaction, now: Instant) -> None:
        """Write down what was put. Raises Raced where somebody was quicker with one of the keys."""
        if len(await tx.feed("runs.put_keys", self._put, now)) < len(self._put):
            raise Raced


class KeyStore:
    """See `contract.KeyStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader, clock: WallClock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    async def get(self, domain: str, key: RunKey, *, now: Instant | None = None) -> Named | None:
        at = self._clock.wall() if now is None else now
        names = [(domain, key.scope, key.key)]
        rows = await self._read.in_turn(lambda look: look.feed("runs.keys", names, at))
        return Named(*rows[0][3:]) if rows else None

    async def take(self, domain: str, key: RunKey, stands: str, *, now: Instant | None = None) -> bool:
        async def work(tx: Transaction) -> bool:
            row = (domain, key.scope, key.key, stands, key.body_hash, key.expires_at)
            return bool(await tx.feed("runs.put_keys", [row], await tx.now(now)))

        return await self._write(work)

    async def alter(self, domain: str, key: RunKey, stands: str) -> None:
        await self._write.call("keys.alter", domain, key.scope, key.key, stands)

    async def free(self, domain: str, key: RunKey) -> None:
        await self._write.call("keys.free", domain, key.scope, key.key)
