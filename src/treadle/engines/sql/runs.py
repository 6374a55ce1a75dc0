"""The run store, but for the trips of workers and for pages of runs: these are each engine's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from treadle.domain.dependencies import Parent
from treadle.domain.instants import Instant
from treadle.domain.runs import Attempt, Claim, NewRun, State
from treadle.engines.contract import REFUSALS, Accepted, Topic
from treadle.engines.sql import dependencies
from treadle.engines.sql.cancelling import cancel
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.enqueuing import Enqueuer
from treadle.engines.sql.records import to_claim, to_error
from treadle.engines.sql.transaction import Reader, Transaction, Tx, Writer


class Refused(Exception):
    """Undoes what a caller has written in its transaction."""

    def __init__(self, answers: list[Accepted]) -> None:
        super().__init__()
        self.answers = answers


class Runs(Generic[Tx]):
    """See `contract.RunStore`."""

    def __init__(self, write: Writer[Tx], read: Reader, enqueue: Enqueuer) -> None:
        self._write = write
        self._read = read
        self._enqueue = enqueue

    async def enqueue(
        self, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        async def work(tx: Transaction) -> list[Accepted]:
            answers = await self._submit(tx, runs, at := await tx.now(now), together=together)
            await work_off(tx, at)
            return answers

        try:
            return await self._write(work)
        except Refused as refused:
            return refused.answers

    async def held_by(self, worker_ids: Sequence[str]) -> list[tuple[str, Claim, Instant | None]]:
        rows = await self._read.call("runs.held", list(worker_ids))
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
            for row in await self._read.call("runs.attempts", run_id, domain)
        ]

    async def ahead(self, domain: str, run_id: str, limit: int) -> int:
        ((count,),) = await self._read.call("runs.ahead", run_id, domain, limit)
        return int(count)

    async def counts(self, domain: str) -> dict[State, int]:
        return {State(state): count for state, count in await self._read.call("runs.counts", domain)}

    async def _submit(self, tx: Transaction, runs: Sequence[NewRun], now: Instant, *, together: bool) -> list[Accepted]:
        tx.topics.update((Topic.RUNS, Topic.EVENTS))
        answers = await self._enqueue(tx, runs, now)
        if together and any(answer.admission in REFUSALS for answer in answers):
            raise Refused(answers)
        return answers
