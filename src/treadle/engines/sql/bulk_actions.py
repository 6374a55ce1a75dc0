"""Actions on selections, a part in each transaction."""

from __future__ import annotations

from typing import Final

import msgspec

from treadle.domain.bulk_actions import Act, BulkAction, BulkStep, Tally, WhyLeft, cancel_refusals, finished_event
from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.engines.contract import Accepted, Admission, Topic
from treadle.engines.refusals import retry_refusals
from treadle.engines.sql.cancelling import cancel
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.enqueuing import Enqueuer
from treadle.engines.sql.letters import discard
from treadle.engines.sql.selections import take_key
from treadle.engines.sql.transaction import Reader, Row, Transaction, Writer, append

_tallies: Final = msgspec.json.Decoder(Tally)
_encoder: Final = msgspec.json.Encoder()


class BulkActions:
    """See `contract.BulkActionStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader, enqueue: Enqueuer) -> None:
        self._write = write
        self._read = read
        self._enqueue = enqueue

    async def begin(self, action: BulkAction, *, key: RunKey | None = None) -> Accepted:
        async def work(tx: Transaction) -> Accepted:
            standing = await take_key(tx, action.domain, key, action.id, action.created_at)
            if standing is not None:
                return standing
            await tx.call("bulk_actions.put", *_to_row(action))
            tx.topics.add(Topic.BULK_ACTIONS)
            return Accepted(action.id, Admission.CREATED)

        return await self._write(work)

    async def get(self, domain: str, action_id: str) -> BulkAction | None:
        rows = await self._read.call("bulk_actions.get", domain, action_id)
        return _to_action(rows[0]) if rows else None

    async def find(self, domain: str, *, before: str | None = None, limit: int = 50) -> list[BulkAction]:
        return [_to_action(row) for row in await self._read.call("bulk_actions.find", domain, before, limit)]

    async def unfinished(self, limit: int) -> list[BulkAction]:
        return [_to_action(row) for row in await self._read.call("bulk_actions.unfinished", limit)]

    async def advance(self, step: BulkStep, *, now: Instant | None = None) -> bool:
        action = step.action

        async def work(tx: Transaction) -> bool:
            moved = await tx.call("bulk_actions.move", action.id, action.position)
            if not moved:
                return False
            at = await tx.now(now)
            told = _tallies.decode(moved[0][0]) + await self._do(tx, step, at)
            await tx.call("bulk_actions.tell", action.id, _told(told), at if action.is_last else None)
            if action.is_last:
                await append(tx, [finished_event(action, told, at)])
            tx.topics.update((Topic.RUNS, Topic.CANCELS, Topic.EVENTS))
            return True

        return await self._write(work)

    async def foresee(self, step: BulkStep, *, now: Instant | None = None) -> Tally:
        async def work(tx: Transaction) -> None:
            raise _Foreseen(await self._do(tx, step, await tx.now(now)))

        try:
            await self._write(work)
        except _Foreseen as foreseen:
            return foreseen.tally
        raise AssertionError("what is foreseen is always undone")

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write.call("bulk_actions.prune", before, limit))

    async def _do(self, tx: Transaction, step: BulkStep, now: Instant) -> Tally:
        refused: list[tuple[str, WhyLeft]] = []
        if step.retries:
            answers = await self._enqueue(tx, step.retries, now)
            refused += retry_refusals(step.retries, answers)
        if step.cancels:
            refused += cancel_refusals(step, await cancel(tx, step.action.domain, step.cancels, now))
        if step.discards:
            action = step.action
            discarded = await discard(tx, action.domain, step.discards, by=action.by, why=action.why, now=now)
            refused += [(run_id, WhyLeft.LETTER_RESOLVED) for run_id in step.discards if run_id not in discarded]
        await work_off(tx, now)
        return step.told(refused)


class _Foreseen(Exception):
    """Undoes what was done to see what would come of it."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally


def _told(tally: Tally) -> str:
    return _encoder.encode(tally).decode()


def _to_row(action: BulkAction) -> Row:
    return (
        action.id,
        action.domain,
        action.selection_id,
        action.act.value,
        action.spread,
        action.why,
        action.by,
        action.total,
        action.created_at,
        action.position,
        _told(action.tally),
        action.finished_at,
    )


def _to_action(row: Row) -> BulkAction:
    return BulkAction(
        id=row[0],
        domain=row[1],
        selection_id=row[2],
        act=Act(row[3]),
        spread=row[4],
        why=row[5],
        by=row[6],
        total=row[7],
        created_at=row[8],
        position=row[9],
        tally=_tallies.decode(row[10]),
        finished_at=row[11],
    )
