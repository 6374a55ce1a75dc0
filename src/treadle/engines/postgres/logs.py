"""What runs said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from treadle.domain.instants import Instant
from treadle.domain.logs import Level, LogLine, StoredLogLine, Stream
from treadle.engines.contract import Topic
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.writer import Transaction, Writer, columns

_SQL: Final = load("logs")


class PostgresLogs:
    """See `contract.LogStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def append(self, lines: Sequence[LogLine]) -> None:
        async def work(tx: Transaction) -> None:
            tx.topics.add(Topic.LOGS)
            await tx.fetch(_SQL["append"], *columns([_row(line) for line in lines], 9))

        await self._write(work)

    async def read(self, domain: str, run_id: str, *, after: int, limit: int) -> list[StoredLogLine]:
        rows = await self._read.fetch(_SQL["read"], run_id, after, domain, limit)
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
        return len(await self._write(lambda tx: tx.fetch(_SQL["prune"], before, limit)))


def _row(line: LogLine) -> tuple[Any, ...]:
    return (
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
