"""The step store."""

from __future__ import annotations

from typing import Final

from treadle.domain.instants import Instant
from treadle.domain.steps import RunStep
from treadle.domain.waits import FAMILY, EventWait
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.records import to_step
from treadle.engines.sqlite.workers import Leases
from treadle.engines.sqlite.writer import Write, Writer

_SQL: Final = load("steps")


class SqliteSteps:
    """See `contract.StepStore`."""

    def __init__(self, write: Writer, read: Reader, leases: Leases) -> None:
        self._write = write
        self._read = read
        self._leases = leases

    async def record(
        self, worker_id: str, run_id: str, token: int, step: RunStep, *, now: Instant | None = None
    ) -> bool:
        row = (run_id, step.name, step.kind, token, step.at, step.event, step.result)

        def work(write: Write) -> bool:
            self._leases.check(write.connection, worker_id, now)
            for seq, stepped in fetch(write.connection, _SQL["fence"], (run_id, token)):
                write.connection.execute(_SQL["record"], row)
                if not stepped:  # the row of a run holds its inputs: it is written once for all of its steps
                    write.connection.execute(_SQL["mark"], (json_list([seq]),))
                return True
            return False

        return await self._write(work)

    async def find(self, domain: str, run_id: str) -> list[RunStep]:
        rows = await self._read(lambda connection: fetch(connection, _SQL["find"], (run_id, domain)))
        return [to_step(row) for row in rows]

    async def waiting(self, domain: str, run_id: str) -> EventWait | None:
        rows = await self._read(lambda connection: fetch(connection, _SQL["waiting"], (run_id, domain)))
        for step, type_, match, after, timeout_at in rows:
            return EventWait(
                step=step,
                event=type_.removeprefix(FAMILY),
                match=match.encode(),
                after=after,
                timeout_at=timeout_at,
            )
        return None
