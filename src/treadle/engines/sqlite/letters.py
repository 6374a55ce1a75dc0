"""Dead letters: failed runs in history that nobody has retried or discarded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.letters import LETTER_DISCARDED_EVENT, LETTER_RETRIED_EVENT, Resolution, discarded, retried
from treadle.domain.runs import NewRun, Run
from treadle.engines.contract import RunQuery, Topic
from treadle.engines.records import to_json
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.events import append
from treadle.engines.sqlite.finding import find_dead
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("letters")


def resolve_by(connection: apsw.Connection, retry: NewRun) -> bool:
    """Resolve the dead letter that a new run does again, if there is one; the caller holds the write transaction."""
    assert retry.retry_of is not None  # noqa: S101 - the caller has looked
    resolution = retried(retry.id, retry.created_at)
    return _resolve(connection, retry.domain, retry.retry_of, resolution, LETTER_RETRIED_EVENT)


class SqliteDeadLetters:
    """See `contract.DeadLetterStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    async def find(self, query: RunQuery) -> list[Run]:
        return await self._read(lambda connection: find_dead(connection, query))

    async def discard(
        self, domain: str, run_ids: Sequence[str], *, by: str, why: str = "", now: Instant | None = None
    ) -> list[str]:
        resolution = discarded(by, why, self._clock.wall() if now is None else now)

        def work(write: Write) -> list[str]:
            write.topics.add(Topic.EVENTS)
            return [
                run_id
                for run_id in run_ids
                if _resolve(write.connection, domain, run_id, resolution, LETTER_DISCARDED_EVENT)
            ]

        return await self._write(work)


def _resolve(connection: apsw.Connection, domain: str, run_id: str, resolution: Resolution, event: str) -> bool:
    found = fetch(connection, _SQL["resolve"], (domain, run_id, to_json(resolution)))
    data = encode({"run_id": resolution.run_id, "by": resolution.by, "why": resolution.why})
    append(
        connection,
        [
            NewEvent(domain=domain, type=event, subject=run_id, job_id=job_id, at=resolution.at, data=data)
            for (job_id,) in found
        ],
    )
    return bool(found)
