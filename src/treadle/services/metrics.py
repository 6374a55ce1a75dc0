"""Metrics: what processes counted, and what the engine says when it is asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from treadle.domain.errors import Moved, Unavailable
from treadle.domain.instants import SECOND, Instant
from treadle.domain.limits import LaneUse
from treadle.domain.queues import Queue, QueueState
from treadle.domain.runs import LIVE
from treadle.domain.workers import Role, Worker, WorkerState
from treadle.engines.contract import Engine
from treadle.meters import catalog
from treadle.meters.catalog import Metric
from treadle.meters.sharing import collected
from treadle.meters.tally import Rows, Tally, merged, of_domain
from treadle.services.domains import Domains
from treadle.services.kept import Kept

KEPT_SECONDS: Final = 3.0
"""How long what the engine said is told again instead of asking anew."""

PATIENCE_SECONDS: Final = 3.0
MOST_DOMAINS: Final = 20
MOST_QUEUES: Final = 100
MOST_LANES: Final = 200
"""Of how many domains, of how many of a domain's queues and lanes, the engine is asked."""


class Overview(Struct, frozen=True, kw_only=True):
    """How things stand in a domain."""

    domain: str
    queues: list[Queue]
    lanes: list[LaneUse]
    workers: list[Worker]


class Metrics:
    """The figures of an installation, as far as they can be seen from this process."""

    def __init__(self, engine: Engine, domains: Domains, tally: Tally, data: Path, own_domain: str) -> None:
        """`tally` is this process's own; those of others are found in the folder `data`."""
        self._engine = engine
        self._domains = domains
        self._tally = tally
        self._data = data
        self._own = own_domain
        self._asked = Kept(self._ask, KEPT_SECONDS)

    async def rows(self, domain: str | None = None) -> Rows:
        """All figures; those of one domain only where it is named."""
        found = merged([self._tally.read(), await collected(self._data), await self._asked()])
        return found if domain is None else of_domain(found, domain)

    async def overview(self, domain: str) -> Overview:
        """How things stand in a domain, by the engine. Raises Unavailable."""
        return Overview(
            domain=domain,
            queues=await self._engine.queues.find(domain, limit=MOST_QUEUES),
            lanes=await self._engine.lanes.find(domain, limit=MOST_LANES),
            workers=await self._engine.workers.find(domain),
        )

    async def domains(self) -> list[str]:
        """The domains that are there, this process's own first. Raises Unavailable."""
        found = await self._domains.names(MOST_DOMAINS)
        return [self._own, *(name for name in found if name != self._own)][:MOST_DOMAINS]

    async def _ask(self) -> Rows:
        """What the engine says; without an answer, that there is none."""
        rows: Rows = {}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                next_due = await self._engine.schedules.next_due()
                for domain in await self.domains():
                    rows |= _told(await self.overview(domain), self._engine.now())
        except (Unavailable, Moved, TimeoutError):
            return {_key(catalog.ENGINE_UP): [0.0]}
        lag = 0.0 if next_due is None else max(0.0, (self._engine.now() - next_due) / SECOND)
        return rows | {_key(catalog.ENGINE_UP): [1.0], _key(catalog.SCHEDULER_LAG): [lag]}


def _told(found: Overview, now: Instant) -> Rows:
    domain = found.domain
    rows: Rows = {}
    for queue in found.queues:
        for state in LIVE:
            rows[_key(catalog.RUNS, domain, queue.name, state)] = [float(getattr(queue, state))]
        waiting = 0 if queue.oldest_due_at is None else max(0, now - queue.oldest_due_at)
        rows[_key(catalog.OLDEST_READY, domain, queue.name)] = [waiting / SECOND]
        rows[_key(catalog.PAUSED, domain, queue.name)] = [float(queue.control.state is QueueState.PAUSED)]
    return rows | _lanes(domain, found.lanes) | _processes(domain, found.workers)


def _lanes(domain: str, lanes: Iterable[LaneUse]) -> Rows:
    rows: Rows = {}
    for lane in lanes:
        kind = lane.key.partition(":")[0]
        figures = (
            (catalog.LANE_USE, lane.held),
            (catalog.LANE_LIMIT, lane.limit),
            (catalog.LANE_FULL, lane.held >= lane.limit),
            (catalog.LANE_WAITING, lane.waiting),
        )
        for metric, number in figures:
            rows.setdefault(_key(metric, domain, kind), [0.0])[0] += number
    return rows


def _processes(domain: str, workers: Iterable[Worker]) -> Rows:
    counted = Counter((worker.role, worker.state) for worker in workers)
    online = [each for each in workers if each.role is Role.WORKER and each.state is WorkerState.ONLINE]
    rows: Rows = {_key(catalog.PROCESSES, domain, *key): [float(count)] for key, count in counted.items()}
    rows[_key(catalog.SLOTS, domain)] = [float(sum(each.slots for each in online))]
    rows[_key(catalog.SLOTS_BUSY, domain)] = [float(sum(each.running for each in online))]
    return rows


def _key(metric: Metric, *labels: str) -> tuple[str, ...]:
    return (metric.name, *map(str, labels))
