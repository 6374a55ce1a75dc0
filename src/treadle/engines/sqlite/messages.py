"""The inbox: put, take, and what becomes of messages when the run that has them is settled."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final, NamedTuple

import apsw

from treadle.domain.errors import KeyReused
from treadle.domain.instants import Instant
from treadle.domain.messages import (
    LOOK_AHEAD,
    Intake,
    Message,
    MessageState,
    NewMessage,
    Verdict,
    pick,
    received_event,
    retry_message,
    set_aside_event,
    settle_message,
)
from treadle.domain.runs import Claim, NewRun, State
from treadle.domain.states import Row, Transition, judge_messages
from treadle.engines.contract import Admission, Consumer, MessageQuery, Received, Topic
from treadle.engines.records import to_error, to_json
from treadle.engines.sqlite import events as event_log
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.enqueuing import enqueue
from treadle.engines.sqlite.keys import named, put_key
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("messages")
_RUN_ID, _TOKEN = 10, 11
_BEYOND_ALL: Final = "~"
"""Comes after every id."""


class SqliteMessages:
    """See `contract.MessageStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    async def put(self, messages: Sequence[NewMessage], *, now: Instant | None = None) -> list[Received]:
        def work(write: Write) -> list[Received]:
            write.topics.update((Topic.MESSAGES, Topic.EVENTS))
            return _put(write.connection, messages, self._wall(now))

        return await self._write(work)

    async def take(self, holder: Claim, intake: Intake) -> list[Message]:
        return await self._write(lambda write: _take(write.connection, holder, intake))

    async def get(self, domain: str, message_ids: Sequence[str]) -> list[Message]:
        listed = json_list(message_ids)
        rows = await self._read(lambda connection: fetch(connection, _SQL["get"], (domain, listed)))
        return [_to_message(row) for row in rows]

    async def find(self, query: MessageQuery) -> list[Message]:
        return await self._read(lambda connection: _find(connection, query))

    async def retry(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        def work(write: Write) -> frozenset[str]:
            write.topics.add(Topic.MESSAGES)
            rows = fetch(write.connection, _SQL["get_poison"], (domain, json_list(message_ids)))
            _change(write.connection, [(row[0], retry_message(_to_message(row[1:]))) for row in rows])
            return frozenset(row[1] for row in rows)

        return await self._write(work)

    async def discard(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        listed = json_list(message_ids)
        rows = await self._write(lambda write: fetch(write.connection, _SQL["discard"], (domain, listed)))
        return frozenset(row[0] for row in rows)

    async def awaited(self, limit: int) -> list[Consumer]:
        rows = await self._read(lambda connection: fetch(connection, _SQL["awaited"], (limit,)))
        return [Consumer(*row) for row in rows]

    async def start(self, runs: Sequence[NewRun], *, now: Instant | None = None) -> list[bool]:
        def work(write: Write) -> list[bool]:
            write.topics.update((Topic.RUNS, Topic.EVENTS))
            return [_start(write.connection, run, self._wall(now)) for run in runs]

        return await self._write(work)

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write(lambda write: fetch(write.connection, _SQL["prune"], (before, limit))))

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now


def settle(write: Write, done: Sequence[Transition]) -> None:
    """Decide what becomes of the messages of runs that are being settled; see `settling`.

    That nothing at all is leased is found by a look at an empty index: runs without messages pay no more than that.
    """
    connection = write.connection
    if not fetch(connection, _SQL["any_leased"])[0][0]:
        return
    rows = fetch(connection, _SQL["settling"])
    if not rows:
        return
    write.topics.add(Topic.MESSAGES)
    by_fence = {(each.run.id, each.run.token): each for each in reversed(done)}  # the first counts
    verdicts = {(run_id, said.message_id): said for (run_id, _), t in by_fence.items() for said in t.verdicts}
    settled: list[tuple[int, Message]] = []
    events = []
    for seq, state, event, *columns in rows:
        message = _to_message(columns)
        transition = by_fence[columns[_RUN_ID], columns[_TOKEN]]
        verdict = verdicts.get((transition.run.id, message.id)) or Verdict(
            message.id, judge_messages(Row(State(state), event)), transition.error
        )
        message = settle_message(message, verdict, transition.at)
        settled.append((seq, message))
        if message.state is MessageState.POISON:
            events.append(set_aside_event(message, transition.at))
    _change(connection, settled)
    event_log.append(connection, events)


def _put(connection: apsw.Connection, messages: Sequence[NewMessage], now: Instant) -> list[Received]:
    answers: list[Received] = []
    stored: list[NewMessage] = []
    for message in messages:
        once = message.once
        standing = None if once is None else named(connection, message.domain, once, now)
        if standing is None:
            if once is not None:
                put_key(connection, message.domain, once, message.id)
            stored.append(message)
            answers.append(Received(message.id, Admission.CREATED))
        elif standing.admission is Admission.EXISTING:
            answers.append(Received(standing.run_id, Admission.EXISTING))
        else:
            raise KeyReused("this key came before with another message; take a new key for a new one")
    connection.executemany(
        _SQL["put"], ((new.id, new.domain, new.type, new.key, new.payload, new.created_at) for new in stored)
    )
    if stored:
        event_log.append(connection, [received_event(stored, now)])
    return answers


def _take(connection: apsw.Connection, holder: Claim, intake: Intake) -> list[Message]:
    if not fetch(connection, _SQL["runs"], (holder.id, holder.token)):
        return []
    batch = json_list([seq for (seq,) in fetch(connection, _SQL["has"], (holder.id,))])
    if batch == "[]":
        line = (holder.domain, intake.type)
        look = LOOK_AHEAD if intake.preserve_order else intake.batch_size
        waiting = [_Waiting(*row) for row in fetch(connection, _SQL["waiting"], (*line, look))]
        busy = {key for (key,) in fetch(connection, _SQL["busy"], line)} if intake.preserve_order else set()
        batch = json_list([one.seq for one in pick(waiting, busy, intake)])
        connection.execute(_SQL["lease"], (batch, holder.id, holder.token, intake.max_attempts))
    return [_to_message(row) for row in fetch(connection, _SQL["by_seq"], (batch,))]


def _find(connection: apsw.Connection, query: MessageQuery) -> list[Message]:
    """A page: an index keeps the order of ids for one state and at most one type at a time, so each is a search."""
    pages: list[list[Message]] = []
    for state in query.states or tuple(MessageState):
        where = (query.domain, state, query.before or _BEYOND_ALL)
        if query.types:
            searches = [fetch(connection, _SQL["list_type"], (*where, type_, query.limit)) for type_ in query.types]
        else:
            searches = [fetch(connection, _SQL["list"], (*where, query.limit))]
        pages += [[_to_message(row) for row in rows] for rows in searches]
    return list(islice(merge(*pages, key=lambda message: message.id, reverse=True), query.limit))


def _start(connection: apsw.Connection, run: NewRun, now: Instant) -> bool:
    if not fetch(connection, _SQL["is_awaited"], (run.domain, run.job_id)):
        return False
    (accepted,) = enqueue(connection, [run], now)
    return accepted.admission is Admission.CREATED


def _change(connection: apsw.Connection, changed: Sequence[tuple[int, Message]]) -> None:
    rows = [(seq, one.state, one.attempts, to_json(one.error), one.settled_at) for seq, one in changed]
    connection.execute(_SQL["change"], (json_list(rows),))


class _Waiting(NamedTuple):
    """See `domain.messages.Waiting`."""

    seq: int
    key: str
    attempts: int
    size: int


def _to_message(row: Sequence[Any]) -> Message:
    return Message(
        id=row[0],
        domain=row[1],
        type=row[2],
        key=row[3],
        payload=row[4],
        created_at=row[5],
        state=MessageState(row[6]),
        attempts=row[7],
        max_attempts=row[8],
        error=to_error(row[9]),
        run_id=row[10],
        token=row[11],
        settled_at=row[12],
    )
