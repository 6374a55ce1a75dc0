"""The run store: submit, step, cancel, read. What a trip does to rows is in `enqueuing`, `claiming` and `settling`."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.instants import Instant
from treadle.domain.runs import NewRun, Run
from treadle.domain.states import Transition
from treadle.engines.contract import Accepted, Admission, RunQuery, Step, Topic
from treadle.engines.postgres.finding import count, find, find_ids, get
from treadle.engines.postgres.lines import Lines
from treadle.engines.postgres.pruning import Pruning
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.settling import settle
from treadle.engines.postgres.stepping import Stepper
from treadle.engines.postgres.submitting import Submitter
from treadle.engines.postgres.within import Within
from treadle.engines.postgres.workers import check_leases
from treadle.engines.postgres.writer import Transaction, Writer
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.enqueuing import Enqueuer, after_commit
from treadle.engines.sql.runs import Refused, Runs
from treadle.engines.sql.transaction import WallClock


class PostgresRuns(Runs[Transaction]):
    """See `contract.RunStore`."""

    def __init__(
        self, write: Writer, within: Within, read: Reader, clock: WallClock, lines: Lines, enqueue: Enqueuer
    ) -> None:
        super().__init__(write, read, enqueue)
        self._within = within
        self._pages = read
        self._lines = lines
        self._short = Submitter(write, lines)
        self._step = Stepper(write, read, lines)
        self._pruning = Pruning(write, clock)

    async def enqueue(
        self, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        if self._short.can_take(runs) and await self._short(runs):
            return [Accepted(run.id, Admission.CREATED) for run in runs]
        return await super().enqueue(runs, together=together, now=now)

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
        except Refused as refused:
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

    async def get(self, domain: str, run_ids: Sequence[str]) -> list[Run]:
        return await get(self._pages, domain, run_ids)

    async def find(self, query: RunQuery) -> list[Run]:
        return await find(self._pages, query)

    async def find_ids(self, query: RunQuery) -> list[str]:
        return await self._pages.together(lambda look: find_ids(look, query))

    async def count(self, query: RunQuery) -> int:
        return await self._pages.together(lambda look: count(look, query))

    async def prune(self, before: Instant, limit: int) -> int:
        return await self._pruning(before, limit)
