"""What completed runs bring about: runs of the jobs that follow theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from treadle.domain.instants import Instant
from treadle.domain.runs import NewRun
from treadle.engines.contract import Topic, Trigger
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.dependencies import work_off
from treadle.engines.sqlite.enqueuing import Enqueuer
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("triggers")


def note_completed(write: Write) -> None:
    """Write down the runs of the table `settling` after which jobs are to be run."""
    ((any_after,),) = fetch(write.connection, _SQL["any_after"])
    if any_after:
        write.connection.execute(_SQL["trigger"])
        if write.connection.changes():
            write.topics.add(Topic.TRIGGERS)


class SqliteTriggers:
    """See `contract.TriggerStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock, enqueue: Enqueuer) -> None:
        self._write = write
        self._read = read
        self._clock = clock
        self._enqueue = enqueue

    async def waiting(self, limit: int) -> list[Trigger]:
        rows = await self._read(lambda connection: fetch(connection, _SQL["waiting"], (limit,)))
        return [Trigger(seq=row[0], domain=row[1], job_id=row[2], upstream=row[3], run_id=row[4]) for row in rows]

    async def pull(self, seqs: Sequence[int], runs: Sequence[NewRun] = (), *, now: Instant | None = None) -> bool:
        moment = self._clock.wall() if now is None else now

        async def work(write: Write) -> None:
            if len(fetch(write.connection, _SQL["use"], (json_list(seqs),))) < len(seqs):
                raise _Used
            await self._enqueue(write, runs, moment)
            work_off(write, moment)
            write.topics.update((Topic.RUNS, Topic.EVENTS))

        try:
            await self._write(work)
        except _Used:
            return False
        return True


class _Used(Exception):
    """Another scheduler was quicker: what was used up with the others is put back."""
