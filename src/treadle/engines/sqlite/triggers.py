"""Jobs that hang on other jobs: who names whom, and what completed runs bring about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import apsw

from treadle.domain.chains import link_problems
from treadle.domain.errors import Conflict, InvalidInput
from treadle.domain.instants import Instant
from treadle.domain.runs import NewRun
from treadle.engines.contract import Save, Topic, Trigger
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.dependencies import work_off
from treadle.engines.sqlite.enqueuing import enqueue
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("triggers")


def put_links(connection: apsw.Connection, save: Save) -> None:
    """Write down what a definition names; the caller holds the write transaction, so that none can race it.

    Raises InvalidInput for a name that is not there, and for a circle.
    """
    name = (save.domain, save.kind, save.id)
    links = [(other, 0) for other in save.links.dependencies] + [(other, 1) for other in save.links.after]
    if links:
        others = defaultdict(list)
        for job_id, named in fetch(connection, _SQL["others"], name):
            others[job_id].append(named)
        asked = json_list([other for other, _ in links])
        known = {job_id for (job_id,) in fetch(connection, _SQL["known"], (*name[:2], asked))}
        if problems := link_problems(save.id, save.links, others, known):
            raise InvalidInput(problems)
    connection.execute(_SQL["unlink"], name)
    connection.executemany(_SQL["link"], ((*name, other, after) for other, after in links))


def delete_links(connection: apsw.Connection, domain: str, kind: str, document_id: str) -> None:
    """Forget what a definition names. Raises Conflict where another one names it."""
    for (other,) in fetch(connection, _SQL["named_by"], (domain, kind, document_id)):
        raise Conflict(f"the {kind} {other} names {document_id} in its dependencies or in after: change that first")
    connection.execute(_SQL["unlink"], (domain, kind, document_id))


def note_completed(write: Write) -> None:
    """Write down the runs of the table `settling` after which jobs are to be run."""
    ((any_after,),) = fetch(write.connection, _SQL["any_after"])
    if any_after:
        write.connection.execute(_SQL["trigger"])
        if write.connection.changes():
            write.topics.add(Topic.TRIGGERS)


class SqliteTriggers:
    """See `contract.TriggerStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    async def waiting(self, limit: int) -> list[Trigger]:
        rows = await self._read(lambda connection: fetch(connection, _SQL["waiting"], (limit,)))
        return [Trigger(seq=row[0], domain=row[1], job_id=row[2], upstream=row[3], run_id=row[4]) for row in rows]

    async def pull(self, seqs: Sequence[int], runs: Sequence[NewRun] = (), *, now: Instant | None = None) -> bool:
        moment = self._clock.wall() if now is None else now

        def work(write: Write) -> None:
            if len(fetch(write.connection, _SQL["use"], (json_list(seqs),))) < len(seqs):
                raise _Used
            enqueue(write.connection, runs, moment)
            work_off(write, moment)
            write.topics.update((Topic.RUNS, Topic.EVENTS))

        try:
            await self._write(work)
        except _Used:
            return False
        return True


class _Used(Exception):
    """Another scheduler was quicker: what was used up with the others is put back."""
