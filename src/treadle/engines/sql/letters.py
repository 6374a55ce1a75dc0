"""Dead letters: failed runs in history that nobody has retried or discarded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.letters import LETTER_DISCARDED_EVENT, LETTER_RETRIED_EVENT, Resolution, discarded, retried
from treadle.domain.runs import NewRun, Run
from treadle.engines.contract import RunQuery, Topic
from treadle.engines.sql.records import to_json
from treadle.engines.sql.transaction import Transaction, Writer, append


class Letters:
    """The dead letters that runs of a batch do again: asked once, and resolved together."""

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, str], str] = {}
        self._resolved: list[NewRun] = []
        self._events: list[NewEvent] = []

    @classmethod
    async def of(cls, tx: Transaction, runs: Iterable[NewRun]) -> Letters:
        """Those that are dead letters, which nobody else can resolve until the transaction ends."""
        found = cls()
        names = sorted({(run.domain, run.retry_of) for run in runs if run.retry_of is not None})
        found._jobs = {(domain, run_id): job for domain, run_id, job in await tx.feed("letters.standing", names)}
        return found

    def resolve_by(self, retry: NewRun) -> bool:
        """Whether what a run does again is a dead letter, which it then resolves; `save` is to follow."""
        job_id = self._jobs.pop((retry.domain, str(retry.retry_of)), None)
        if job_id is None:
            return False
        self._resolved.append(retry)
        resolution = retried(retry.id, retry.created_at)
        self._events.append(_event(retry.domain, str(retry.retry_of), job_id, resolution, LETTER_RETRIED_EVENT))
        return True

    async def save(self, tx: Transaction) -> None:
        """Write down what was resolved."""
        rows = [(run.retry_of, to_json(retried(run.id, run.created_at))) for run in self._resolved]
        await tx.feed("letters.resolve_all", rows)
        if self._events:
            await append(tx, self._events)


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
    await append(tx, [_event(domain, run_id, job_id, resolution, event) for (job_id,) in found])
    return bool(found)


def _event(domain: str, run_id: str, job_id: str, resolution: Resolution, event: str) -> NewEvent:
    data = encode({"run_id": resolution.run_id, "by": resolution.by, "why": resolution.why})
    return NewEvent(domain=domain, type=event, subject=run_id, job_id=job_id, at=resolution.at, data=data)
