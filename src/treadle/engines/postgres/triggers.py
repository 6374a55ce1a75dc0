"""What completed runs bring about: runs of the jobs that follow theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from treadle.domain.instants import Instant
from treadle.domain.runs import Claim, NewRun
from treadle.engines.contract import Topic, Trigger
from treadle.engines.postgres.dependencies import work_off
from treadle.engines.postgres.enqueuing import Enqueuer
from treadle.engines.postgres.look import columns
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.writer import Transaction, Writer

_SQL: Final = load("triggers")


async def note_completed(tx: Transaction, runs: Sequence[Claim]) -> None:
    """Write down those of the runs that complete in this transaction after which jobs are to be run."""
    completed = [(run.domain, run.job_id, run.id) for run in runs]
    if completed and await tx.fetch(_SQL["trigger"], *columns(completed, 3)):
        tx.topics.add(Topic.TRIGGERS)


class PostgresTriggers:
    """See `contract.TriggerStore`."""

    def __init__(self, write: Writer, read: Reader, enqueue: Enqueuer) -> None:
        self._write = write
        self._read = read
        self._enqueue = enqueue

    async def waiting(self, limit: int) -> list[Trigger]:
        rows = await self._read.fetch(_SQL["waiting"], limit)
        return [Trigger(seq=row[0], domain=row[1], job_id=row[2], upstream=row[3], run_id=row[4]) for row in rows]

    async def pull(self, seqs: Sequence[int], runs: Sequence[NewRun] = (), *, now: Instant | None = None) -> bool:
        async def work(tx: Transaction) -> None:
            if len(await tx.fetch(_SQL["use"], list(seqs))) < len(seqs):
                raise _Used
            moment = await tx.now(now)
            await self._enqueue(tx, runs, moment)
            await work_off(tx, moment)
            tx.topics.update((Topic.RUNS, Topic.EVENTS))

        try:
            await self._write(work)
        except _Used:
            return False
        return True


class _Used(Exception):
    """Another scheduler was quicker: what was used up with the others is put back."""
