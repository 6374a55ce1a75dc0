"""What completed runs bring about: runs of the jobs that follow theirs."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.instants import Instant
from treadle.domain.runs import NewRun
from treadle.engines.contract import Topic, Trigger
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.enqueuing import Enqueuer
from treadle.engines.sql.transaction import Reader, Transaction, Writer


class Triggers:
    """See `contract.TriggerStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader, enqueue: Enqueuer) -> None:
        self._write = write
        self._read = read
        self._enqueue = enqueue

    async def waiting(self, limit: int) -> list[Trigger]:
        rows = await self._read.call("triggers.waiting", limit)
        return [Trigger(seq=row[0], domain=row[1], job_id=row[2], upstream=row[3], run_id=row[4]) for row in rows]

    async def pull(self, seqs: Sequence[int], runs: Sequence[NewRun] = (), *, now: Instant | None = None) -> bool:
        async def work(tx: Transaction) -> None:
            if len(await tx.call("triggers.use", list(seqs))) < len(seqs):
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
