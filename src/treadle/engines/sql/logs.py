"""What runs said."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.instants import Instant
from treadle.domain.logs import Level, LogLine, StoredLogLine, Stream
from treadle.engines.contract import Topic
from treadle.engines.sql.transaction import Reader, Row, Transaction, Writer


class Logs:
    """See `contract.LogStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read

    async def append(self, lines: Sequence[LogLine]) -> None:
        async def work(tx: Transaction) -> None:
            tx.topics.add(Topic.LOGS)
            await tx.feed("logs.append", [_to_row(line) for line in lines])

        await self._write(work)

    async def read(self, domain: str, run_id: str, *, after: int, limit: int) -> list[StoredLogLine]:
        return [_to_line(row) for row in await self._read.call("logs.read", run_id, after, domain, limit)]

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write.call("logs.prune", before, limit))


def _to_row(line: LogLine) -> Row:
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


def _to_line(row: Row) -> StoredLogLine:
    seq, domain, run_id, token, attempt, at, stream, level, message, fields = row
    return StoredLogLine(
        seq=seq,
        domain=domain,
        run_id=run_id,
        token=token,
        attempt=attempt,
        at=at,
        stream=Stream(stream),
        level=Level(level),
        message=message,
        fields=fields,
    )
