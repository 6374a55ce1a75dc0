"""Takes back the runs of workers that fell silent, and looks after lanes and rates for which runs wait.

It only puts runs back into their lines; it never executes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

from treadle.domain.outcomes import Lost
from treadle.domain.states import settle
from treadle.domain.work import decode_work
from treadle.engines.contract import Engine

MOST_SECONDS: Final = 1.0
"""How long a lease that ended may go unnoticed, however long leases are."""

_BATCH: Final = 500
_BREATH_SECONDS: Final = 0.02

_logger = structlog.get_logger(__name__)


class Sweeper:
    """Ends leases that ran out and settles what their workers held as lost."""

    def __init__(self, engine: Engine, lease_seconds: float, chance: Callable[[], float]) -> None:
        self._engine = engine
        self._every = min(lease_seconds / 4, MOST_SECONDS)
        self._chance = chance

    async def __call__(self) -> float:
        """Sweep once; answers the seconds until the next time.

        Sweepers may race, and a worker may come back late: the run's token lets one of them settle, once. The engine
        turns the loss of a run whose cancel was accepted into its end.
        """
        if passed := await self._engine.lanes.tend(_BATCH):
            _logger.info("let runs pass that waited for lanes or rates", runs=passed)
        moved = await self._engine.lanes.step_aside(_BATCH)
        while moved >= _BATCH:
            await asyncio.sleep(_BREATH_SECONDS)  # the writer is others' too
            moved = await self._engine.lanes.step_aside(_BATCH)
        if woken := await self._engine.events.deliver():
            _logger.info("woke runs that waited for events", runs=woken)
        workers = await self._engine.workers.expire()
        if not workers:
            return self._every
        held = await self._engine.runs.held_by(workers)
        companions = Counter(worker_id for worker_id, _, _ in held)
        now = self._engine.now()
        lost = [
            settle(
                claim,
                decode_work(claim.work),
                Lost(solitary=companions[worker_id] == 1),
                now=now,
                chance=self._chance(),
                worker_id=None,
            )
            for worker_id, claim, _ in held
        ]
        for start in range(0, len(lost), _BATCH):
            await self._engine.runs.settle(lost[start : start + _BATCH])
        _logger.warning("took back the runs of lost workers", runs=len(lost), workers=sorted(companions))
        return self._every
