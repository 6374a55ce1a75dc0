"""Workers and their leases: one row, one heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from treadle.domain.errors import LeaseLost
from treadle.domain.instants import DAY, Instant, Micros
from treadle.domain.workers import EVERY_DOMAIN, IN_SERVICE, Worker, WorkerSpec, WorkerState
from treadle.engines.contract import Renewal
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.writer import Transaction, Writer
from treadle.engines.sql.transaction import WallClock
from treadle.engines.sql.workers import Takes, switch, to_takes, to_worker

_SQL: Final = load("workers")


class Lease(Struct, frozen=True):
    """What the engine knows of a worker whose lease is alive, and the time by which it is."""

    takes: Takes
    claims: bool
    now: Instant


async def check_leases(tx: Transaction, worker_ids: Sequence[str], now: Instant | None) -> dict[str, Lease]:
    """The leases of workers. Raises LeaseLost where one has none that is alive."""
    rows = {row[0]: row for row in await tx.fetch(_SQL["leases"], list(worker_ids), now)}
    leases = {}
    for worker_id in worker_ids:
        if (row := rows.get(worker_id)) is None:
            raise LeaseLost(f"no worker {worker_id} is registered")
        _, *its, state, alive, at = row
        if state not in IN_SERVICE or not alive:
            raise LeaseLost(f"the lease of worker {worker_id} has ended: it must register again, under a new id")
        leases[worker_id] = Lease(to_takes(its), claims=state == WorkerState.ONLINE, now=at)
    return leases


async def check_lease(tx: Transaction, worker_id: str, now: Instant | None) -> None:
    """Raises LeaseLost where a worker has no lease that is alive."""
    await check_leases(tx, [worker_id], now)


class PostgresWorkers:
    """See `contract.WorkerStore`. Heartbeats have a `Writer` of their own, with a connection that nobody else takes."""

    def __init__(self, write: Writer, urgent: Writer, read: Reader, clock: WallClock) -> None:
        self._write = write
        self._urgent = urgent
        self._read = read
        self._clock = clock

    async def register(self, worker: WorkerSpec, lease: Micros, *, now: Instant | None = None) -> None:
        async def work(tx: Transaction) -> None:
            await tx.fetch(
                _SQL["register"],
                worker.id,
                list(worker.domains),
                worker.host,
                worker.pid,
                worker.slots,
                list(worker.queues),
                sorted(worker.requires),
                worker.version,
                worker.role,
                msgspec.json.encode(worker.traits).decode(),
                lease,
                now,
            )

        await self._urgent(work)

    async def renew(self, worker_ids: Sequence[str], lease: Micros, *, now: Instant | None = None) -> Renewal:
        async def work(tx: Transaction) -> Renewal:
            rows = await tx.fetch(_SQL["renew"], list(worker_ids), lease, now)
            cancels = tuple((worker, run_id, at) for worker, _, run_id, at in rows if run_id is not None)
            draining = frozenset(worker for worker, state, _, _ in rows if state == WorkerState.DRAINING)
            return Renewal(frozenset(row[0] for row in rows), cancels, draining)

        return await self._urgent(work)

    async def switch(
        self, domain: str, worker_ids: Sequence[str], state: WorkerState, *, now: Instant | None = None
    ) -> frozenset[str]:
        return await self._urgent(lambda tx: switch(tx, domain, worker_ids, state, now))

    async def stop(self, worker_ids: Sequence[str]) -> None:
        await self._execute("stop", worker_ids)

    async def expire(self, *, now: Instant | None = None) -> list[str]:
        async def work(tx: Transaction) -> list[str]:
            await tx.fetch(_SQL["expire"], now)
            return [row[0] for row in await tx.fetch(_SQL["ended_holders"])]

        return await self._write(work)

    async def find(self, domain: str) -> list[Worker]:
        rows = await self._read.fetch(_SQL["list"], domain, self._clock.wall() - DAY, EVERY_DOMAIN)
        return [to_worker(row) for row in rows]

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write(lambda tx: tx.fetch(_SQL["prune"], before, limit)))

    async def _execute(self, statement: str, worker_ids: Sequence[str]) -> None:
        await self._urgent(lambda tx: tx.fetch(_SQL[statement], list(worker_ids)))
