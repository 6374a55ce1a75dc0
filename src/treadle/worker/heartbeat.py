"""The heartbeat of a worker's children: renews their leases, and ends those that lost theirs or may lose it unseen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Final

import structlog

from treadle.domain.errors import Moved, TreadleError
from treadle.domain.instants import from_seconds
from treadle.engines.contract import Engine
from treadle.settings import Settings
from treadle.worker.board import Why
from treadle.worker.children import Child

_SAFE: Final = 2 / 3
"""The part of a lease after which a child that could not be renewed is ended: before anybody else takes its runs."""

_LATE: Final = 1 / 10
"""The part of a lease for which an answer is awaited even then: this process may only have come late to ask."""

_logger = structlog.get_logger(__name__)


class Heartbeat:
    """Renews the leases of all `children` that are ready, in one call."""

    def __init__(self, engine: Engine, settings: Settings, children: Mapping[str, Child]) -> None:
        self._engine = engine
        self._lease = settings.lease_sec
        self._every = settings.heartbeat_sec
        self._grace = settings.grace_sec
        self._children = children
        self._cancels: dict[str, float] = {}

    async def run(self) -> None:
        """Beat until cancelled."""
        renewed = time.monotonic()
        pause = self._every
        while True:
            await asyncio.sleep(pause)
            asked = time.monotonic()
            end = renewed + _SAFE * self._lease
            known = {child.worker_id: child for child in self._children.values() if child.ready}
            patience = min(self._lease / 3, max(end - asked, _LATE * self._lease))
            if not known or await self._renew(known, patience):
                renewed, pause = asked, self._every
            elif (left := end - time.monotonic()) > 0:
                pause = min(self._every / 5, left)
            else:
                _logger.error("leases could not be renewed, ending the worker processes", workers=sorted(known))
                for child in known.values():
                    child.kill({})
                pause = self._every

    async def _renew(self, known: Mapping[str, Child], patience: float) -> bool:
        try:
            async with asyncio.timeout(patience):
                renewal = await self._engine.workers.renew(list(known), from_seconds(self._lease))
        except Moved:
            raise
        except (TreadleError, TimeoutError) as error:
            _logger.warning("heartbeat failed", error=str(error) or "no answer in time")
            return False
        for worker_id in known.keys() - renewal.alive:
            _logger.warning("lease lost, ending the worker process", worker_id=worker_id)
            known[worker_id].kill({})
        for worker_id in renewal.draining:
            known[worker_id].drain()
        self._end_deaf((known[worker_id], run_id) for worker_id, run_id, _ in renewal.cancels)
        return True

    def _end_deaf(self, cancels: Iterable[tuple[Child, str]]) -> None:
        """End children that have not heard of a cancel within the grace: they are blocked."""
        now = time.monotonic()
        wanted = {run_id: child for child, run_id in cancels if not _heard(child, run_id)}
        self._cancels = {run_id: self._cancels.get(run_id, now) for run_id in wanted}
        deaf = {run_id: Why.CANCEL for run_id, since in self._cancels.items() if now - since >= self._grace}
        for child in {wanted[run_id] for run_id in deaf}:
            _logger.warning("a cancel was not heard in time, ending the worker process", worker_id=child.worker_id)
            child.kill(deaf)


def _heard(child: Child, run_id: str) -> bool:
    return any(entry.run_id == run_id and entry.why is not Why.TIMEOUT for entry in child.board.entries())
