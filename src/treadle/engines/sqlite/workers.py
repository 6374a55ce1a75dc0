"""Workers and their leases: one row, one heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import apsw
import msgspec
from msgspec import Struct

from treadle.domain.errors import LeaseLost
from treadle.domain.instants import DAY, Instant, Micros
from treadle.domain.workers import EVERY_DOMAIN, IN_SERVICE, Worker, WorkerSpec, WorkerState
from treadle.engines.contract import Renewal
from treadle.engines.sql.workers import Takes, switch, to_takes, to_worker
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock, boot_id

_SQL: Final = load("workers")


class Lease(Struct, frozen=True):
    """What the engine knows of a worker whose lease is alive."""

    takes: Takes
    claims: bool


class Leases:
    """The rule for when a lease is alive. Used in the writer's thread only.

    Leases are on the steady clock, which a jump of the wall clock does not touch; a row from another boot of the
    machine is over, since its clock is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._boot = boot_id()

    def steady(self, now: Instant | None) -> Micros:
        """The time for leases: the caller's, else the steady clock's."""
        return self._clock.steady() if now is None else now

    @property
    def boot(self) -> str:
        """This boot of the machine."""
        return self._boot

    def check(self, connection: apsw.Connection, worker_id: str, now: Instant | None) -> Lease:
        """The lease of a worker. Raises LeaseLost where it has none that is alive."""
        found = fetch(connection, _SQL["lease"], (worker_id,))
        if not found:
            raise LeaseLost(f"no worker {worker_id} is registered")
        *its, state, lease_until, boot = found[0]
        if state not in IN_SERVICE or boot != self._boot or lease_until <= self.steady(now):
            raise LeaseLost(f"the lease of worker {worker_id} has ended: it must register again, under a new id")
        return Lease(_takes(*its), claims=state == WorkerState.ONLINE)

    async def check_lease(self, write: Write, worker_id: str, now: Instant | None) -> None:
        """Raises LeaseLost where a worker has no lease that is alive."""
        self.check(write.connection, worker_id, now)


@lru_cache(maxsize=1024)
def _takes(domains: str, queues: str, requires: str, has: str) -> Takes:
    return to_takes((*map(msgspec.json.decode, (domains, queues, requires)), has))


class SqliteWorkers:
    """See `contract.WorkerStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock, leases: Leases) -> None:
        self._write = write
        self._read = read
        self._clock = clock
        self._leases = leases

    async def register(self, worker: WorkerSpec, lease: Micros, *, now: Instant | None = None) -> None:
        async def work(write: Write) -> None:
            wall = self._wall(now)
            write.connection.execute(
                _SQL["register"],
                (
                    worker.id,
                    msgspec.json.encode(worker.domains).decode(),
                    worker.host,
                    worker.pid,
                    worker.slots,
                    msgspec.json.encode(worker.queues).decode(),
                    msgspec.json.encode(sorted(worker.requires)).decode(),
                    worker.version,
                    worker.role,
                    msgspec.json.encode(worker.traits).decode(),
                    WorkerState.ONLINE,
                    wall,
                    wall,
                    self._leases.steady(now) + lease,
                    self._leases.boot,
                ),
            )

        await self._write(work, urgent=True)

    async def renew(self, worker_ids: Sequence[str], lease: Micros, *, now: Instant | None = None) -> Renewal:
        async def work(write: Write) -> Renewal:
            ids = json_list(worker_ids)
            steady = self._leases.steady(now)
            alive = fetch(
                write.connection, _SQL["renew"], (ids, steady + lease, self._wall(now), self._leases.boot, steady)
            )
            cancels = fetch(write.connection, _SQL["cancels_held"], (json_list([row[0] for row in alive]),))
            draining = frozenset(worker_id for worker_id, state in alive if state == WorkerState.DRAINING)
            marked = tuple((row[0], row[1], row[2]) for row in cancels)
            return Renewal(frozenset(row[0] for row in alive), marked, draining)

        return await self._write(work, urgent=True)

    async def switch(
        self, domain: str, worker_ids: Sequence[str], state: WorkerState, *, now: Instant | None = None
    ) -> frozenset[str]:
        return await self._write(lambda tx: switch(tx, domain, worker_ids, state, now), urgent=True)

    async def stop(self, worker_ids: Sequence[str]) -> None:
        await self._execute("workers.stop", worker_ids)

    async def expire(self, *, now: Instant | None = None) -> list[str]:
        async def work(write: Write) -> list[str]:
            write.connection.execute(_SQL["expire"], (self._leases.steady(now), self._leases.boot))
            return [row[0] for row in fetch(write.connection, _SQL["ended_holders"])]

        return await self._write(work, urgent=True)

    async def find(self, domain: str) -> list[Worker]:
        rows = await self._read.call("workers.list", domain, self._clock.wall() - DAY, EVERY_DOMAIN)
        return [to_worker(row) for row in rows]

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write(lambda write: write.call("workers.prune", before, limit)))

    async def _execute(self, statement: str, worker_ids: Sequence[str]) -> None:
        await self._write(lambda write: write.call(statement, list(worker_ids)), urgent=True)

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now
