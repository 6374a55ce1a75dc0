"""Schedules and their cursors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from treadle.domain.clashes import replaced_by
from treadle.domain.errors import StaleVersion
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.overlap import NEVER_IN_THE_WAY, Earlier, take_turn
from treadle.domain.schedules import Schedule
from treadle.engines.contract import Firing, Topic
from treadle.engines.firing import passed_over
from treadle.engines.sql.cancelling import cancel
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.enqueuing import Enqueuer
from treadle.engines.sql.queues import draining
from treadle.engines.sql.transaction import Reader, Transaction, WallClock, Writer, append

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Schedule)


async def put(tx: Transaction, schedules: Iterable[Schedule]) -> None:
    """Write new schedules with their cursors; the caller holds the transaction.

    Raises StaleVersion where one stands: whoever writes over a schedule has seen it and names it to `take_away`.
    """
    for schedule in schedules:
        row = (
            schedule.domain,
            schedule.id,
            schedule.job_id,
            schedule.active,
            schedule.next_at,
            schedule.last_slot,
            _encoder.encode(schedule),
        )
        if not await tx.call("schedules.put", *row):
            raise StaleVersion(f"schedule {schedule.id} has come up meanwhile")


async def delete(tx: Transaction, domain: str, schedule_ids: Sequence[str]) -> None:
    """Remove schedules; the caller holds the transaction."""
    await tx.call("schedules.delete", domain, list(schedule_ids))


async def take_away(tx: Transaction, seen: Iterable[Schedule]) -> None:
    """Remove schedules that others take the place of; the caller holds the transaction.

    Raises StaleVersion where one has moved since it was seen: its next slot would fire twice, or never.
    """
    for schedule in seen:
        if not await tx.call("schedules.take_away", schedule.domain, schedule.id, schedule.next_at):
            raise StaleVersion(f"schedule {schedule.id} has fired or changed meanwhile")


class Schedules:
    """See `contract.ScheduleStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader, clock: WallClock, enqueue: Enqueuer) -> None:
        self._write = write
        self._read = read
        self._clock = clock
        self._enqueue = enqueue

    async def due(self, limit: int, *, now: Instant | None = None) -> list[Schedule]:
        return await self._select("schedules.due", self._clock.wall() if now is None else now, limit)

    async def fire(self, firings: Sequence[Firing], *, now: Instant | None = None) -> list[bool]:
        async def work(tx: Transaction) -> list[bool]:
            tx.topics.update((Topic.RUNS, Topic.EVENTS))
            at = await tx.now(now)
            answers = [await self._fire(tx, firing, at) for firing in firings]
            await work_off(tx, at)
            return answers

        return await self._write(work)

    async def next_due(self, domain: str | None = None) -> Instant | None:
        if domain is None:
            ((first,),) = await self._read.call("schedules.next_due")
        else:
            ((first,),) = await self._read.call("schedules.next_due_of", domain)
        return None if first is None else int(first)

    async def replace(self, seen: Schedule, new: Schedule, events: Sequence[NewEvent]) -> bool:
        async def work(tx: Transaction) -> bool:
            try:
                await take_away(tx, [seen])
            except StaleVersion:
                return False
            await put(tx, [new])
            await append(tx, events)
            tx.topics.update((Topic.SCHEDULES, Topic.EVENTS))
            return True

        return await self._write(work)

    async def get(self, domain: str, schedule_ids: Sequence[str]) -> list[Schedule]:
        return await self._select("schedules.get", domain, list(schedule_ids))

    async def find(self, domain: str, *, job_id: str | None = None) -> list[Schedule]:
        return await self._select("schedules.list", domain, job_id)

    async def _select(self, name: str, *values: Any) -> list[Schedule]:
        return [
            msgspec.structs.replace(_decoder.decode(body), next_at=next_at, last_slot=last_slot)
            for body, next_at, last_slot in await self._read.call(name, *values)
        ]

    async def _fire(self, tx: Transaction, firing: Firing, now: Instant) -> bool:
        if await draining(tx, firing.runs):
            return False
        moved = (firing.domain, firing.schedule_id, firing.cursor, firing.next_at, firing.last_slot)
        if not await tx.call("schedules.move", *moved):
            return False
        turn = take_turn(firing.overlap, len(firing.runs), firing.late, await _earlier(tx, firing))
        runs = firing.runs[turn.first : turn.last]
        if turn.cancel:
            tx.topics.add(Topic.CANCELS)
            await cancel(tx, firing.domain, turn.cancel, now, replaced_by(runs[-1].id))
        answers = await self._enqueue(tx, runs, now)
        await append(tx, (*firing.events, *passed_over(firing, turn, answers, now)))
        return True


async def _earlier(tx: Transaction, firing: Firing) -> list[Earlier]:
    """The unfinished runs of the schedule, where they count."""
    if not firing.runs or firing.overlap in NEVER_IN_THE_WAY:
        return []
    rows = await tx.call("schedules.earlier", firing.domain, firing.schedule_id)
    return [Earlier(run_id, bool(begun)) for run_id, begun in rows]
