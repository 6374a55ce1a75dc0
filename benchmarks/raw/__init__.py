"""Raw limits: the least that an engine's store must do for the same work, with the same library, settings and disk.

Bare tables, one index, one connection, nothing of Treadle: whatever the engine adds (ids, fences, ranks, lines, leases,
listing) is what a ratio to these limits tells. Each store's module has the same three loops.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from benchmarks.raw import postgres, sqlite

BATCH: Final = 100


class Loops(Protocol):
    """The bare loops of a store, on an empty folder or database."""

    async def drain(self, folder: Path, runs: int, batch: int, /) -> float:
        """Runs per second of a loop that claims a batch, and then deletes it and writes what became of it."""
        ...

    async def enqueue(self, folder: Path, runs: int, /) -> float:
        """Runs per second where each is inserted, with its event, in a transaction of its own."""
        ...

    async def waits(self, folder: Path, runs: int, pace: int, /) -> list[float]:
        """Milliseconds to insert a run and then to claim it, each on disk, so many times a second."""
        ...


def loops(engine: str) -> Loops:
    """The loops of the store below an engine."""
    return sqlite if engine == "sqlite" else postgres
