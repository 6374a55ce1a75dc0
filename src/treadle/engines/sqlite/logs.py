"""What runs said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from treadle.domain.instants import Instant
from treadle.domain.logs import Level, LogLine, StoredLogLine, Stream
from treadle.engines.contract import Topic
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer

_SQL: Final = load("logs")


class SqliteLogs:
    """See `contract.LogStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def append(self, lines: Sequence[LogLine]) -> None:
        def work(write: Write) -> None:
            write.topics.add(Topic.LOGS)
            write.connection.executemany(
                _SQL["append"],
                (
                    (
                        line.domain,
                        line.run_id,
                        line.token,
                        line.attempt,
                        line.at,
                        line.stream,
                        line.level,
                        line.message,
                        line.fields,
                    )
                    for line in lines
                ),
            )

        await self._write(work)

    async def read(self, domain: str, run_id: str, *, after: int, limit: int) -> list[StoredLogLine]:
        rows = await self._read(lambda connection: fetch(connection, _SQL["read"], (run_id, after, domain, limit)))
        return [
            StoredLogLine(
                seq=row[0],
                domain=row[1],
                run_id=row[2],
                token=row[3],
                attempt=row[4],
                at=row[5],
                stream=Stream(row[6]),
                level=Level(row[7]),
                message=row[8],
                fields=row[9],
            )
            for row in rows
        ]

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write(lambda write: fetch(write.connection, _SQL["prune"], (before, limit))))
