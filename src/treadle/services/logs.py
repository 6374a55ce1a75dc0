"""Logs: what a run has said, and what it is saying."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Final

from treadle.domain.errors import Unavailable
from treadle.domain.instants import MILLISECOND, Micros, to_seconds
from treadle.domain.logs import StoredLogLine, line_size
from treadle.domain.runs import TERMINAL, Run
from treadle.engines.contract import Engine
from treadle.events.hub import POLL_SECONDS, Hub
from treadle.events.pages import Pager
from treadle.services.runs import Runs

LINGER: Final[Micros] = 500 * MILLISECOND
"""How long lines are waited for after a run has ended: they travel beside its way, a little behind.

Each that comes then has the next waited for as long again."""

_SHORTEST_REST: Final = 0.02
_LONGEST_REST: Final = 0.5


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

    async def follow(self, domain: str, run_id: str, after: int, patience: float) -> AsyncIterator[list[StoredLogLine]]:
        """Lines of a run beyond a position, until it has ended and said its last.

        Yields at least every `patience` seconds: an empty list where there is nothing new, or the engine cannot be
        reached. Raises NotFound where the run is none, or is none any more.
        """
        loop, alarm, pager = asyncio.get_running_loop(), self._hub.run_alarm(run_id), Pager[StoredLogLine](line_size)
        until = math.inf
        rest = _SHORTEST_REST
        while True:
            await self._hub.turns.take()
            mark = alarm.mark
            over = loop.time() >= until
            try:
                run = await self._runs.get(domain, run_id)  # before its lines: none is missed that came before the end
                found = await self._engine.logs.read(domain, run_id, after=after, limit=pager.limit)
            except Unavailable:
                yield []
                await asyncio.sleep(min(patience, POLL_SECONDS))
                continue
            lines, whole = pager.fit(found)
            yield lines
            after = lines[-1].seq if lines else after
            if not whole:
                continue
            if run.state in TERMINAL:
                if over and not lines:
                    return
                if lines or until == math.inf:
                    until = loop.time() + (self._linger(run) if until == math.inf else to_seconds(LINGER))
            # Notices tell of the lines of all runs: one that is silent is not looked at for each of them.
            rest = _SHORTEST_REST if lines else min(2 * rest, _LONGEST_REST)
            await asyncio.sleep(max(min(rest, until - loop.time()), 0.0))
            await alarm.wait(mark, max(min(patience, until - loop.time()), 0.0))

    def _linger(self, run: Run) -> float:
        """For how many seconds lines of a run that has ended may still be on their way."""
        ended_for = self._engine.now() - (run.finished_at or 0)
        return to_seconds(min(max(LINGER - ended_for, 0), LINGER))
