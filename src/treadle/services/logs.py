"""Logs: what a run has said, and what it is saying."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from treadle.domain.instants import MILLISECOND, Micros, to_seconds
from treadle.domain.logs import StoredLogLine
from treadle.domain.runs import TERMINAL
from treadle.engines.contract import Engine
from treadle.events.hub import PAGE, Hub
from treadle.services.runs import Runs

LINGER: Final[Micros] = 500 * MILLISECOND
"""How long lines are waited for after a run has ended: they travel beside its way, a little behind."""


class Logs:
    """The use cases of logs."""

    def __init__(self, engine: Engine, runs: Runs, hub: Hub) -> None:
        self._engine = engine
        self._runs = runs
        self._hub = hub

    async def page(self, domain: str, run_id: str, *, after: int, limit: int) -> tuple[list[StoredLogLine], bool]:
        """Lines of a run beyond a position, and whether there are more now. Raises NotFound."""
        await self._runs.get(domain, run_id)
        lines = await self._engine.logs.read(domain, run_id, after=after, limit=limit + 1)
        return lines[:limit], len(lines) > limit

    async def follow(self, domain: str, run_id: str, after: int) -> AsyncIterator[list[StoredLogLine]]:
        """Lines of a run beyond a position, until it has ended and said its last.

        Yields at least once a second: an empty list where there is nothing new. Raises NotFound where the run is none,
        or is none any more.
        """
        loop = asyncio.get_running_loop()
        until: float | None = None
        while True:
            mark = self._hub.mark
            over = until is not None and loop.time() >= until
            run = await self._runs.get(domain, run_id)  # before its lines: none is missed that came before the end
            lines = await self._engine.logs.read(domain, run_id, after=after, limit=PAGE)
            yield lines
            if lines:
                after = lines[-1].seq
            if len(lines) == PAGE:
                continue
            if over:
                return
            if until is None and run.state in TERMINAL:
                ended_for = self._engine.now() - (run.finished_at or 0)
                until = loop.time() + to_seconds(min(max(LINGER - ended_for, 0), LINGER))
            await self._hub.wait(mark, 1.0 if until is None else max(until - loop.time(), 0.0))
