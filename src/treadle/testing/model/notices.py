"""Wake-ups between the model's engines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from treadle.engines.contract import Topic


class ModelNotices:
    """See `contract.Notices`."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics = frozenset(topics)
        self._told: set[str] = set()
        self._changed = asyncio.Event()

    def tell(self, topics: Iterable[Topic]) -> None:
        """Something happened."""
        if wanted := self._topics.intersection(topics):
            self._told.update(wanted)
            self._changed.set()

    async def wait(self, patience: float) -> frozenset[str]:
        """See `contract.Notices`."""
        try:
            async with asyncio.timeout(max(patience, 0.0)):
                await self._changed.wait()
        except TimeoutError:
            return frozenset()
        self._changed.clear()
        told = frozenset(self._told)
        self._told.clear()
        return told

    async def close(self) -> None:
        """See `contract.Notices`."""
        self._topics = frozenset()
        self._changed.set()
