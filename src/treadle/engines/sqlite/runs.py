"""The run store: submit, step, cancel, read. What a trip does to rows is in `enqueuing`, `claiming` and `settling`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from treadle.domain.dependencies import Parent
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import Instant
from treadle.domain.runs import TERMINAL, Attempt, Claim, NewRun, Run, State
from treadle.domain.states import Transition
from treadle.engines.contract import REFUSALS, Accepted, RunQuery, Step, Topic
from treadle.engines.sql import dependencies
from treadle.engines.sql.cancelling import cancel
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.enqueuing import Enqueuer
from treadle.engines.sql.lines import Lines
from treadle.engines.sql.records import to_error
from treadle.engines.sqlite import settling
from treadle.engines.sqlite.claiming import Claimer
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.finding import find, get
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.records import to_claim
from treadle.engines.sqlite.workers import Leases
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("runs")


class _Refused(Exception):
    """Undoes what a caller has written in its transaction."""

    def __init__(self, answers: list[Accepted]) -> None:
        super().__init__()
        self.answers = answers


class SqliteRuns:
    """See `contract.RunStore`."""

    def __init__(
        self, write: Writer, read: Reader, clock: Clock, leases: Leases, lines: Lines, enqueue: Enqueuer
    ) -> None:
        self._write = write
        self._read = read
        self._clock = clock
        self._leases = leases
        self._lines = lines
        self._enqueue = enqueue
        self._claimer = Claimer(lines)

    async def enqueue(
        self, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        async def work(write: Write) -> list[Accepted]:
            write.topics.update((Topic.RUNS, Topic.EVENTS))
            answers = await self._enqueue(write, runs, self._wall(now))
            if together and any(answer.admission in REFUSALS for answer in answers):
                raise _Refused(answers)
            await work_off(write, self._wall(now))
            return answers

        try:
            return await self._write(work)
        except _Refused as refused:
            return refused.answers

    async def enqueue_within(
        self, connection: object, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        raise InvalidInput(
            "runs are submitted within a transaction of yours where both are in one PostgreSQL database: the engine "
            "here is SQLite, whose file is the engine's alone (leave `connection` out, or move to PostgreSQL)"
        )

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

    async def held_by(self, worker_ids: Sequence[str]) -> list[tuple[str, Claim, Instant | None]]:
        ids = json_list(worker_ids)
        rows = await self._read(lambda connection: fetch(connection, _SQL["held"], (ids,)))
        return [(row[0], to_claim(row[2:]), row[1]) for row in rows]

    async def cancel(self, domain: str, run_ids: Sequence[str], *, now: Instant | None = None) -> dict[str, State]:
        async def work(write: Write) -> dict[str, State]:
            write.topics.update((Topic.CANCELS, Topic.EVENTS))
            answer = await cancel(write, domain, run_ids, self._wall(now))
            await work_off(write, self._wall(now))
            return answer

        return await self._write(work)

    async def resolve(self, *, now: Instant | None = None) -> bool:
        async def work(write: Write) -> bool:
            return await work_off(write, self._wall(now))

        return await self._write(work)

    async def parents(self, domain: str, run_id: str, *, results: bool = False) -> list[Parent]:
        return await self._read.together(lambda look: dependencies.parents(look, domain, run_id, with_results=results))

    async def children(self, domain: str, run_id: str, *, after: str = "", limit: int = 200) -> list[str]:
        return await self._read.together(lambda look: dependencies.children(look, domain, run_id, after, limit))

    async def get(self, domain: str, run_ids: Sequence[str]) -> list[Run]:
        return await self._read(lambda connection: get(connection, domain, run_ids))

    async def find(self, query: RunQuery) -> list[Run]:
        return await self._read(lambda connection: find(connection, query))

    async def attempts(self, domain: str, run_id: str) -> list[Attempt]:
        rows = await self._read(lambda connection: fetch(connection, _SQL["attempts"], (run_id, domain)))
        return [
            Attempt(
                run_id=row[0],
                token=row[1],
                attempt=row[2],
                worker_id=row[3],
                started_at=row[4],
                finished_at=row[5],
                event=row[6],
                error=to_error(row[7]),
            )
            for row in rows
        ]

    async def ahead(self, domain: str, run_id: str, limit: int) -> int:
        ((count,),) = await self._read(lambda connection: fetch(connection, _SQL["ahead"], (run_id, domain, limit)))
        return int(count)

    async def counts(self, domain: str) -> dict[State, int]:
        rows = await self._read(lambda connection: fetch(connection, _SQL["counts"], (domain,)))
        return {State(state): count for state, count in rows}

    async def prune(self, before: Instant, limit: int) -> int:
        async def work(write: Write) -> int:
            ids = [row[0] for row in fetch(write.connection, _SQL["prunable"], (before, limit))]
            listed = json_list(ids)
            await dependencies.bury(write, ids, self._clock.wall(), limit)
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
