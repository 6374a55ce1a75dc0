"""The step store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from treadle.domain.instants import Instant
from treadle.domain.steps import RunStep, StepKind
from treadle.domain.waits import FAMILY, EventWait
from treadle.engines.sql.records import to_step
from treadle.engines.sql.transaction import CheckLease, Reader, Tx, Writer


class Steps(Generic[Tx]):
    """See `contract.StepStore`."""

    def __init__(self, write: Writer[Tx], read: Reader, check_lease: CheckLease[Tx]) -> None:
        self._write = write
        self._read = read
        self._check_lease = check_lease

    async def record(
        self, worker_id: str, run_id: str, token: int, step: RunStep, *, now: Instant | None = None
    ) -> bool:
        row = (run_id, step.name, step.kind, token, step.at, step.event, step.result)

        async def work(tx: Tx) -> bool:
            await self._check_lease(tx, worker_id, now)
            for seq, stepped in await tx.call("steps.fence", run_id, token):
                await tx.call("steps.record", *row)
                if not stepped:  # the row of a run holds its inputs: it is written once for all of its steps
                    await tx.call("steps.mark", [seq])
                return True
            return False

        return await self._write(work)

    async def find(self, domain: str, run_id: str) -> list[RunStep]:
        return [to_step(row) for row in await self._read.call("steps.find", run_id, domain)]

    async def outline(self, domain: str, run_ids: Sequence[str]) -> dict[str, list[tuple[str, StepKind]]]:
        found: dict[str, list[tuple[str, StepKind]]] = {}
        for run_id, name, kind in await self._read.call("steps.outline", domain, list(run_ids)):
            found.setdefault(run_id, []).append((name, StepKind(kind)))
        return found

    async def waiting(self, domain: str, run_id: str) -> EventWait | None:
        for step, type_, match, after, timeout_at in await self._read.call("steps.waiting", run_id, domain):
            return EventWait(
                step=step, event=type_.removeprefix(FAMILY), match=match, after=after, timeout_at=timeout_at
            )
        return None
