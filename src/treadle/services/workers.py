"""Workers: who is there."""

from __future__ import annotations

from treadle.domain.workers import Worker
from treadle.engines.contract import Engine


class Workers:
    """The use cases of workers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def all(self, domain: str) -> list[Worker]:
        """Workers that are online or draining, and those lost or stopped within the last day."""
        return await self._engine.workers.find(domain)
