"""The step store."""

from __future__ import annotations

from typing import Final

from treadle.domain.instants import Instant
from treadle.domain.steps import RunStep
from treadle.domain.waits import FAMILY, EventWait
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.workers import check_leases
from treadle.engines.postgres.writer import Transaction, Writer
from treadle.engines.records import to_step

_SQL: Final = load("steps")


class PostgresSteps:
    """See `contract.StepStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def record(
        self, worker_id: str, run_id: str, token: int, step: RunStep, *, now: Instant | None = None
    ) -> bool:
        row = (run_id, step.name, step.kind, token, step.at, step.event, step.result)

        async def work(tx: Transaction) -> bool:
            await check_leases(tx, [worker_id], now)
            for seq, stepped in await tx.fetch(_SQL["fence"], run_id, token):
                await tx.fetch(_SQL["record"], *row)
                if not stepped:  # the row of a run holds its inputs: it is written once for all of its steps
                    await tx.fetch(_SQL["mark"], [seq])
                return True
            return False

        return await self._write(work)

    async def find(self, domain: str, run_id: str) -> list[RunStep]:
        return [to_step(row) for row in await self._read.fetch(_SQL["find"], run_id, domain)]

    async def waiting(self, domain: str, run_id: str) -> EventWait | None:
        for step, type_, match, after, timeout_at in await self._read.fetch(_SQL["waiting"], run_id, domain):
            return EventWait(
                step=step, event=type_.removeprefix(FAMILY), match=match, after=after, timeout_at=timeout_at
            )
        return None
