"""Carries how far runs have come to the engine, beside the way of the runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Final, Self, TypeAlias

import structlog

from treadle.domain.errors import LeaseLost, Moved, Unavailable
from treadle.domain.progress import Progress
from treadle.domain.runs import Claim

SPACING_SECONDS: Final = 1.0

Store: TypeAlias = Callable[[Claim, Progress], Awaitable[None]]

_logger = structlog.get_logger(__name__)


class ProgressBuffer:
    """Keeps the newest word of each run and stores it: the first at once, further ones at most once a second."""

    def __init__(self, store: Store, *, spacing: float = SPACING_SECONDS) -> None:
        self._store = store
        self._spacing = spacing
        self._newest: dict[str, tuple[Claim, Progress]] = {}
        self._lock = threading.Lock()
        self._storing = asyncio.Lock()
        self._waiting = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._flusher = asyncio.create_task(self._run(), name="progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._flusher.cancel()

    def put(self, claim: Claim, progress: Progress) -> None:
        """Takes a run's word, from any thread; the one before need not be stored any more."""
        with self._lock:
            first = not self._newest
            self._newest[claim.id] = claim, progress
        if first:
            self._loop.call_soon_threadsafe(self._waiting.set)

    def owes(self, run_id: str) -> bool:
        """Whether the newest word of a run is not stored yet."""
        return run_id in self._newest

    async def flush(self, run_id: str) -> None:
        """Store the newest word of a run, which is its last; nothing waits for an engine that is away."""
        async with self._storing:
            if (found := self._newest.get(run_id)) is None:
                return
            try:
                await self._store(*found)
            except (LeaseLost, Moved, Unavailable) as error:
                _logger.warning("progress not stored", run_id=run_id, error=error.message)
            except Exception:
                # It lies beside the way of the runs: a fault of the store costs it, never the run.
                _logger.exception("progress not stored", run_id=run_id)
            with self._lock:
                if self._newest.get(run_id) is found:
                    del self._newest[run_id]

    async def _run(self) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            for run_id in list(self._newest):
                await self.flush(run_id)
            await asyncio.sleep(self._spacing)
            if self._newest:
                self._waiting.set()
