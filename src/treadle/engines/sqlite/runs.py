"""The run store: submit, step, cancel, read. What a trip does to rows is in `enqueuing`, `claiming` and `settling`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from treadle.domain.errors import InvalidInput
from treadle.domain.instants import Instant
from treadle.domain.runs import TERMINAL, NewRun, Run
from treadle.domain.states import Transition
from treadle.engines.contract import Accepted, RunQuery, Step, Topic
from treadle.engines.sql import dependencies
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.enqueuing import Enqueuer
from treadle.engines.sql.lines import Lines
from treadle.engines.sql.runs import Runs
from treadle.engines.sqlite import settling
from treadle.engines.sqlite.claiming import Claimer
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.finding import count, find, find_ids, get
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import FEW, Reader
from treadle.engines.sqlite.workers import Leases
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("runs")


class SqliteRuns(Runs[Write]):
    """See `contract.RunStore`."""

    def __init__(
        self, write: Writer, read: Reader, clock: Clock, leases: Leases, lines: Lines, enqueue: Enqueuer
    ) -> None:
        super().__init__(write, read, enqueue)
        self._pages = read
        self._clock = clock
        self._leases = leases
        self._lines = lines
        self._claimer = Claimer(lines)

    async def enqueue_within(
        self, connection: object, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        raise InvalidInput("the file is the engine's alone: nobody else has a transaction in it")

    async def step(self, worker_id: str, done: Sequence[Transition], want: int, *, now: Instant | None = None) -> Step:
        async def work(write: Write) -> Step:
            lease = self._leases.check(write.connection, worker_id, now)
            refused = await self._settle(write, done, now, alive=worker_id)
            await work_off(write, self._wall(now))
            step = await self._claimer.claim(write, worker_id, lease, want, self._wall(now))
            if step.claims:
                write.topics.add(Topic.EVENTS)
            return msgspec.structs.replace(step, refused=refused)

        return await self._write(work)

    async def settle(self, done: Sequence[Transition], *, now: Instant | None = None) -> tuple[str, ...]:
        async def work(write: Write) -> tuple[str, ...]:
            refused = await self._settle(write, done, now)
            await work_off(write, self._wall(now))
            return refused

        return await self._write(work)

    async def get(self, domain: str, run_ids: Sequence[str]) -> list[Run]:
        read = self._pages if len(run_ids) > FEW else self._pages.by_key
        return await read(lambda connection: get(connection, domain, run_ids))

    async def find(self, query: RunQuery) -> list[Run]:
        return await self._pages(lambda connection: find(connection, query))

    async def find_ids(self, query: RunQuery) -> list[str]:
        return await self._pages(lambda connection: find_ids(connection, query))

    async def count(self, query: RunQuery) -> int:
        return await self._pages(lambda connection: count(connection, query))

    async def prune(self, before: Instant, limit: int) -> int:
        async def work(write: Write) -> int:
            ids = [row[0] for row in fetch(write.connection, _SQL["prunable"], (before, limit))]
            listed = json_list(ids)
            await dependencies.bury(write, ids, self._clock.wall(), limit)
            await write.call("filing.forget", ids)
            for statement in ("prune_attempts", "prune_steps", "prune_kv", "prune_logs", "prune_keys", "prune_history"):
                write.connection.execute(_SQL[statement], (listed,))
            write.connection.execute(_SQL["sweep_keys"], (self._clock.wall(), limit))
            return len(ids)

        return await self._write(work)

    async def _settle(
        self, write: Write, done: Sequence[Transition], now: Instant | None, alive: str | None = None
    ) -> tuple[str, ...]:
        """Settle for workers with a lease; that of `alive` has been looked at."""
        if not done:
            return ()
        for worker_id in {transition.worker_id for transition in done}:
            if worker_id is not None and worker_id != alive:
                self._leases.check(write.connection, worker_id, now)
        write.topics.add(Topic.EVENTS)
        if any(transition.to not in TERMINAL for transition in done):
            write.topics.add(Topic.RUNS)
        return await settling.settle(write, self._lines, done, self._wall(now))

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now
