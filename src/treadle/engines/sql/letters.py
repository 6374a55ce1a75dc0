"""Dead letters: failed runs in history that nobody has retried or discarded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.letters import LETTER_DISCARDED_EVENT, LETTER_RETRIED_EVENT, Resolution, discarded, retried
from treadle.domain.runs import NewRun, Run
from treadle.engines.contract import RunQuery, Topic
from treadle.engines.sql.records import to_json
from treadle.engines.sql.transaction import Transaction, Writer, append


async def resolve_by(tx: Transaction, retry: NewRun, failed_id: str) -> bool:
    """Resolve the dead letter that a new run does again, if there is one; the caller holds the transaction."""
    return await _resolve(tx, retry.domain, failed_id, retried(retry.id, retry.created_at), LETTER_RETRIED_EVENT)


async def discard(
    tx: Transaction, domain: str, run_ids: Sequence[str], *, by: str, why: str, now: Instant
) -> list[str]:
    """Resolve dead letters without another try; the caller holds the transaction. Answers those that were."""
    resolution = discarded(by, why, now)
    return [run_id for run_id in run_ids if await _resolve(tx, domain, run_id, resolution, LETTER_DISCARDED_EVENT)]


class DeadLetters:
    """See `contract.DeadLetterStore`. How pages are found is the engine's."""

    def __init__(self, write: Writer[Transaction], find: Callable[[RunQuery], Awaitable[list[Run]]]) -> None:
        self._write = write
        self._find = find

    async def find(self, query: RunQuery) -> list[Run]:
        return await self._find(query)

    async def discard(
        self, domain: str, run_ids: Sequence[str], *, by: str, why: str = "", now: Instant | None = None
    ) -> list[str]:
        async def work(tx: Transaction) -> list[str]:
            tx.topics.add(Topic.EVENTS)
            return await discard(tx, domain, run_ids, by=by, why=why, now=await tx.now(now))

        return await self._write(work)


async def _resolve(tx: Transaction, domain: str, run_id: str, resolution: Resolution, event: str) -> bool:
    found = await tx.call("letters.resolve", domain, run_id, to_json(resolution))
    data = encode({"run_id": resolution.run_id, "by": resolution.by, "why": resolution.why})
    events = [
        NewEvent(domain=domain, type=event, subject=run_id, job_id=job_id, at=resolution.at, data=data)
        for (job_id,) in found
    ]
    await append(tx, events)
    return bool(found)
