"""The parents of runs, read from the engine for those who ask."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from treadle.domain.dependencies import Parent
from treadle.domain.runs import Claim
from treadle.engines.contract import Engine
from treadle.worker.patience import until_available


class EngineParents:
    """See `authoring.parents.ParentSource`. Made in the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    async def read(self, claim: Claim) -> Sequence[Parent]:
        """See `ParentSource`."""
        if not claim.has_parents:
            return ()
        return await until_available(
            "read parents", lambda: self._engine.runs.parents(claim.domain, claim.id, results=True)
        )

    def read_in_thread(self, claim: Claim) -> Sequence[Parent]:
        """See `ParentSource`."""
        if threading.get_ident() == self._thread:  # it would wait for itself
            raise RuntimeError("ctx.parents() is for sync handlers: an async one writes `await ctx.parent_results()`")
        return asyncio.run_coroutine_threadsafe(self.read(claim), self._loop).result()
