"""Schedules and their cursors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw
import msgspec

from treadle.domain.clashes import replaced_by
from treadle.domain.errors import StaleVersion
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.overlap import NEVER_IN_THE_WAY, Earlier, take_turn
from treadle.domain.schedules import Schedule
from treadle.engines.contract import Firing, Topic
from treadle.engines.firing import passed_over
from treadle.engines.sql.queues import draining
from treadle.engines.sql.transaction import append
from treadle.engines.sqlite.cancelling import cancel
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.dependencies import work_off
from treadle.engines.sqlite.enqueuing import Enqueuer
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("schedules")
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Schedule)


def put(connection: apsw.Connection, schedules: Iterable[Schedule]) -> None:
    """Write new schedules with their cursors; the caller holds the write transaction.

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
        if not fetch(connection, _SQL["put"], row):
            raise StaleVersion(f"schedule {schedule.id} has come up meanwhile")


def delete(connection: apsw.Connection, domain: str, schedule_ids: Sequence[str]) -> None:
    """Remove schedules; the caller holds the write transaction."""
    connection.execute(_SQL["delete"], (domain, json_list(schedule_ids)))


def take_away(connection: apsw.Connection, seen: Iterable[Schedule]) -> None:
    """Remove schedules that others take the place of; the caller holds the write transaction.

    Raises StaleVersion where one has moved since it was seen: its next slot would fire twice, or never.
    """
    for schedule in seen:
        if not fetch(connection, _SQL["take_away"], (schedule.domain, schedule.id, schedule.next_at)):
            raise StaleVersion(f"schedule {schedule.id} has fired or changed meanwhile")


class SqliteSchedules:
    """See `contract.ScheduleStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock, enqueue: Enqueuer) -> None:
        self._write = write
        self._read = read
        self._clock = clock
        self._enqueue = enqueue

    async def due(self, limit: int, *, now: Instant | None = None) -> list[Schedule]:
        return await self._select("due", (self._wall(now), limit))

    async def fire(self, firings: Sequence[Firing], *, now: Instant | None = None) -> list[bool]:
        async def work(write: Write) -> list[bool]:
            write.topics.update((Topic.RUNS, Topic.EVENTS))
            answers = [await self._fire(write, firing, self._wall(now)) for firing in firings]
            work_off(write, self._wall(now))
            return answers

        return await self._write(work)

    async def next_due(self) -> Instant | None:
        ((first,),) = await self._read(lambda connection: fetch(connection, _SQL["next_due"]))
        return None if first is None else int(first)

    async def replace(self, seen: Schedule, new: Schedule, events: Sequence[NewEvent]) -> bool:
        async def work(write: Write) -> bool:
            try:
                take_away(write.connection, [seen])
            except StaleVersion:
                return False
            put(write.connection, [new])
            await append(write, events)
            write.topics.update((Topic.SCHEDULES, Topic.EVENTS))
            return True

        return await self._write(work)

    async def get(self, domain: str, schedule_ids: Sequence[str]) -> list[Schedule]:
        return await self._select("get", (domain, json_list(schedule_ids)))

    async def find(self, domain: str, *, job_id: str | None = None) -> list[Schedule]:
        return await self._select("list", (domain, job_id))

    async def _select(self, statement: str, values: tuple[Any, ...]) -> list[Schedule]:
        rows = await self._read(lambda connection: fetch(connection, _SQL[statement], values))
        return [
            msgspec.structs.replace(_decoder.decode(body), next_at=next_at, last_slot=last_slot)
            for body, next_at, last_slot in rows
        ]

    async def _fire(self, write: Write, firing: Firing, now: Instant) -> bool:
        connection = write.connection
        if await draining(write, firing.runs):
            return False
        row = (firing.domain, firing.schedule_id, firing.cursor, firing.next_at, firing.last_slot)
        if not fetch(connection, _SQL["move"], row):
            return False
        turn = take_turn(firing.overlap, len(firing.runs), firing.late, _earlier(connection, firing))
        runs = firing.runs[turn.first : turn.last]
        if turn.cancel:
            write.topics.add(Topic.CANCELS)
            cancel(connection, firing.domain, turn.cancel, now, replaced_by(runs[-1].id))
        answers = await self._enqueue(write, runs, now)
        await append(write, (*firing.events, *passed_over(firing, turn, answers, now)))
        return True

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now


def _earlier(connection: apsw.Connection, firing: Firing) -> list[Earlier]:
    """The unfinished runs of the schedule, where they count."""
    if not firing.runs or firing.overlap in NEVER_IN_THE_WAY:
        return []
    rows = fetch(connection, _SQL["earlier"], (firing.domain, firing.schedule_id))
    return [Earlier(run_id, bool(begun)) for run_id, begun in rows]
