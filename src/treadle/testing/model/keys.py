"""The model's keys that name no runs."""

from __future__ import annotations

from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.engines.contract import Named
from treadle.system import Clock
from treadle.testing.model.state import Data


class ModelKeys:
    """See `contract.KeyStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def get(self, domain: str, key: RunKey, *, now: Instant | None = None) -> Named | None:
        found = self._data.keys.get((domain, key.scope, key.key))
        if found is None or found[1].expires_at <= (self._clock.wall() if now is None else now):
            return None
        return Named(found[0], found[1].body_hash)

    async def take(self, domain: str, key: RunKey, stands: str, *, now: Instant | None = None) -> bool:
        if await self.get(domain, key, now=now) is not None:
            return False
        self._data.keys[domain, key.scope, key.key] = stands, key
        return True

    async def alter(self, domain: str, key: RunKey, stands: str) -> None:
        name = (domain, key.scope, key.key)
        if name in self._data.keys:
            self._data.keys[name] = stands, self._data.keys[name][1]

    async def free(self, domain: str, key: RunKey) -> None:
        self._data.keys.pop((domain, key.scope, key.key), None)
