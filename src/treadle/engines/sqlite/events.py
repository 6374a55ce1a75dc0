"""The event log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw

from treadle.domain.events import Event, NewEvent
from treadle.domain.instants import Instant
from treadle.engines.contract import Topic
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer

_SQL: Final = load("events")


def append(connection: apsw.Connection, events: Sequence[NewEvent]) -> None:
    """Write events; the caller holds the write transaction."""
    connection.executemany(
        _SQL["append"],
        ((event.domain, event.type, event.subject, event.job_id, event.at, event.data) for event in events),
    )


class SqliteEvents:
    """See `contract.EventStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def append(self, events: Sequence[NewEvent]) -> None:
        def work(write: Write) -> None:
            write.topics.add(Topic.EVENTS)
            append(write.connection, events)

        await self._write(work)

    async def read(self, domain: str, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Event]:
        exact = [name for name in types if not name.endswith(".")]
        prefixes = [name for name in types if name.endswith(".")]
        clauses = ["type = ?" for _ in exact] + ["substr(type, 1, length(?)) = ?" for _ in prefixes]
        doubled = (name for prefix in prefixes for name in (prefix, prefix))
        values: tuple[Any, ...] = (after, domain, *exact, *doubled, limit)
        statement = _SQL["read"]
        if clauses:
            statement = statement.replace("ORDER BY", f"AND ({' OR '.join(clauses)}) ORDER BY")
        rows = await self._read(lambda connection: fetch(connection, statement, values))
        return [
            Event(
                seq=row[0],
                domain=row[1],
                type=row[2],
                subject=row[3],
                n=row[4],
                job_id=row[5],
                at=row[6],
                data=row[7],
            )
            for row in rows
        ]

    async def bounds(self) -> tuple[int, int]:
        ((oldest, newest),) = await self._read(lambda connection: fetch(connection, _SQL["bounds"]))
        return oldest, newest

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write(lambda write: fetch(write.connection, _SQL["prune"], (before, limit))))
