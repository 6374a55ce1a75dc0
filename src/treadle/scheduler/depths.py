"""Notes how many runs wait in each queue: what is asked of the engine tells the present alone."""

from __future__ import annotations

from typing import Final

from treadle.engines.contract import Engine

EVERY_SECONDS: Final = 10.0
MOST_QUEUES: Final = 200
"""Of each domain, by name."""


class Depths:
    """Looks at every queue. Any number may do so at once: of what they note the most is kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self) -> float:
        """Note what is ready now; answers the seconds until the next time. Where nothing waits, nothing is written."""
        domains = await self._engine.domains.find()
        while domains:
            for domain in domains:
                await self._note(domain.name)
            domains = await self._engine.domains.find(after=domains[-1].name)
        return EVERY_SECONDS

    async def _note(self, domain: str) -> None:
        queues = await self._engine.queues.find(domain, limit=MOST_QUEUES)
        if ready := {queue.name: queue.ready for queue in queues if queue.ready}:
            await self._engine.stats.note_depths(domain, ready)
