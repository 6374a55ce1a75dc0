"""The run store: submit, step, cancel, read. What a trip does to rows is in `enqueuing`, `claiming` and `settling`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from treadle.domain.dependencies import Parent
from treadle.domain.instants import Instant
from treadle.domain.runs import Attempt, Claim, NewRun, Run, State
from treadle.domain.states import Transition
from treadle.engines.contract import REFUSALS, Accepted, Admission, RunQuery, Step, Topic
from treadle.engines.postgres.finding import find, get
from treadle.engines.postgres.lines import Lines
from treadle.engines.postgres.pruning import Pruning
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.settling import settle
from treadle.engines.postgres.stepping import Stepper
from treadle.engines.postgres.submitting import Submitter
from treadle.engines.postgres.within import Within
from treadle.engines.postgres.workers import check_leases
from treadle.engines.postgres.writer import Transaction, Writer
from treadle.engines.sql import dependencies
from treadle.engines.sql.cancelling import cancel
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.enqueuing import Enqueuer, after_commit
from treadle.engines.sql.records import to_claim, to_error
from treadle.engines.sql.transaction import WallClock

_SQL: Final = load("runs")


class _Refused(Exception):
    """Undoes what a caller has written in its transaction."""

    def __init__(self, answers: list[Accepted]) -> None:
        super().__init__()
        self.answers = answers


class PostgresRuns:
    """See `contract.RunStore`."""

    def __init__(
        self, write: Writer, within: Within, read: Reader, clock: WallClock, lines: Lines, enqueue: Enqueuer
    ) -> None:
        self._write = write
        self._within = within
        self._read = read
        self._lines = lines
        self._enqueue = enqueue
        self._short = Submitter(write, lines)
        self._step = Stepper(write, read, lines)
        self._pruning = Pruning(write, clock)

    async def enqueue(
        self, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        async def work(tx: Transaction) -> list[Accepted]:
            answers = await self._submit(tx, runs, at := await tx.now(now), together=together)
            await work_off(tx, at)
            return answers

        if self._short.can_take(runs) and await self._short(runs):
            return [Accepted(run.id, Admission.CREATED) for run in runs]
        try:
            return await self._write(work)
        except _Refused as refused:
            return refused.answers

    async def enqueue_within(
        self, connection: object, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        async def prepare(tx: Transaction) -> None:
            await self._enqueue.prepare(tx, runs, await tx.now(now))

        async def work(tx: Transaction) -> list[Accepted]:
            tx.topics.add(Topic.CASCADES)  # parents that have ended are told of after the commit
            return await self._submit(tx, [after_commit(run) for run in runs], await tx.now(now), together=together)

        if self._enqueue.must_prepare(runs):
            await self._write(prepare)
        try:
            return await self._within(connection, work)
        except _Refused as refused:
            return refused.answers

    async def step(self, worker_id: str, done: Sequence[Transition], want: int, *, now: Instant | None = None) -> Step:
        return await self._step(worker_id, done, want, now)

    async def settle(self, done: Sequence[Transition], *, now: Instant | None = None) -> tuple[str, ...]:
        async def work(tx: Transaction) -> tuple[str, ...]:
            workers = {each.worker_id for each in done if each.worker_id is not None}
            if workers:
                await check_leases(tx, sorted(workers), now)
            refused = await settle(tx, self._lines, done, at := await tx.now(now))
            await work_off(tx, at)
            return refused

        return await self._write(work)

    async def held_by(self, worker_ids: Sequence[str]) -> list[tuple[str, Claim, Instant | None]]:
        rows = await self._read.fetch(_SQL["held"], list(worker_ids))
        return [(row[0], to_claim((*row[2:], ())), row[1]) for row in rows]

    async def cancel(self, domain: str, run_ids: Sequence[str], *, now: Instant | None = None) -> dict[str, State]:
        async def work(tx: Transaction) -> dict[str, State]:
            tx.topics.update((Topic.CANCELS, Topic.EVENTS))
            at = await tx.now(now)
            answer = await cancel(tx, domain, run_ids, at)
            await work_off(tx, at)
            return answer

        return await self._write(work)

    async def resolve(self, *, now: Instant | None = None) -> bool:
        async def work(tx: Transaction) -> bool:
            return await work_off(tx, await tx.now(now))

        return await self._write(work)

    async def parents(self, domain: str, run_id: str, *, results: bool = False) -> list[Parent]:
        return await self._read.together(lambda look: dependencies.parents(look, domain, run_id, with_results=results))

    async def children(self, domain: str, run_id: str, *, after: str = "", limit: int = 200) -> list[str]:
        return await self._read.together(lambda look: dependencies.children(look, domain, run_id, after, limit))

    async def get(self, domain: str, run_ids: Sequence[str]) -> list[Run]:
        return await self._read.together(lambda look: get(look, domain, run_ids))

    async def find(self, query: RunQuery) -> list[Run]:
        return await self._read.together(lambda look: find(look, query))

    async def attempts(self, domain: str, run_id: str) -> list[Attempt]:
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
            for row in await self._read.fetch(_SQL["attempts"], run_id, domain)
        ]

    async def ahead(self, domain: str, run_id: str, limit: int) -> int:
        ((count,),) = await self._read.fetch(_SQL["ahead"], run_id, domain, limit)
        return int(count)

    async def counts(self, domain: str) -> dict[State, int]:
        return {State(state): count for state, count in await self._read.fetch(_SQL["counts"], domain)}

    async def prune(self, before: Instant, limit: int) -> int:
        return await self._pruning(before, limit)

    async def _submit(self, tx: Transaction, runs: Sequence[NewRun], now: Instant, *, together: bool) -> list[Accepted]:
        tx.topics.update((Topic.RUNS, Topic.EVENTS))
        answers = await self._enqueue(tx, runs, now)
        if together and any(answer.admission in REFUSALS for answer in answers):
            raise _Refused(answers)
        return answers
