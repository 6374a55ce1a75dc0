"""The inbox: put, take, and what becomes of messages when the run that has them is settled."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Final, NamedTuple

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
from treadle.domain.runs import Claim, NewRun
from treadle.domain.states import Row as Way
from treadle.domain.states import Transition, judge_messages
from treadle.engines.contract import Admission, Consumer, MessageQuery, Received, Topic
from treadle.engines.sql.enqueuing import Enqueuer
from treadle.engines.sql.keys import Keys
from treadle.engines.sql.records import to_error, to_json
from treadle.engines.sql.transaction import Look, Reader, Row, Transaction, Writer, append

_BEYOND_ALL: Final = "~"
"""Comes after every id."""


class Messages:
    """See `contract.MessageStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader, enqueue: Enqueuer) -> None:
        self._write = write
        self._read = read
        self._enqueue = enqueue

    async def put(self, messages: Sequence[NewMessage], *, now: Instant | None = None) -> list[Received]:
        async def work(tx: Transaction) -> list[Received]:
            tx.topics.update((Topic.MESSAGES, Topic.EVENTS))
            return await _put(tx, messages, await tx.now(now))

        return await self._write(work)

    async def take(self, holder: Claim, intake: Intake) -> list[Message]:
        return await self._write(lambda tx: _take(tx, holder, intake))

    async def get(self, domain: str, message_ids: Sequence[str]) -> list[Message]:
        return [to_message(row) for row in await self._read.call("messages.get", domain, list(message_ids))]

    async def find(self, query: MessageQuery) -> list[Message]:
        return await self._read.together(lambda look: _find(look, query))

    async def retry(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        async def work(tx: Transaction) -> frozenset[str]:
            tx.topics.add(Topic.MESSAGES)
            rows = await tx.call("messages.get_poison", domain, list(message_ids))
            await _change(tx, [(row[0], retry_message(to_message(row[1:]))) for row in rows])
            return frozenset(row[1] for row in rows)

        return await self._write(work)

    async def discard(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        rows = await self._write.call("messages.discard", domain, list(message_ids))
        return frozenset(row[0] for row in rows)

    async def awaited(self, limit: int) -> list[Consumer]:
        return [Consumer(*row) for row in await self._read.call("messages.awaited", limit)]

    async def start(self, runs: Sequence[NewRun], *, now: Instant | None = None) -> list[bool]:
        async def work(tx: Transaction) -> list[bool]:
            tx.topics.update((Topic.RUNS, Topic.EVENTS))
            at = await tx.now(now)
            return [await self._start(tx, run, at) for run in runs]

        return await self._write(work)

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write.call("messages.prune", before, limit))

    async def _start(self, tx: Transaction, run: NewRun, now: Instant) -> bool:
        await tx.lock("messages.start_line", run.domain, run.job_id)
        if not await tx.call("messages.is_awaited", run.domain, run.job_id):
            return False
        (accepted,) = await self._enqueue(tx, [run], now)
        return accepted.admission is Admission.CREATED


class Leased(NamedTuple):
    """A message in the hands of a run that is being settled, and the way that the run goes."""

    seq: int
    message: Message
    transition: Transition
    way: Way


async def settle(tx: Transaction, leased: Sequence[Leased]) -> None:
    """Decide what becomes of the messages of runs that are being settled; the caller holds the transaction."""
    if not leased:
        return
    tx.topics.add(Topic.MESSAGES)
    changed: list[tuple[int, Message]] = []
    events = []
    for seq, message, transition, way in leased:
        said = {verdict.message_id: verdict for verdict in transition.verdicts}
        verdict = said.get(message.id) or Verdict(message.id, judge_messages(way), transition.error)
        settled = settle_message(message, verdict, transition.at)
        changed.append((seq, settled))
        if settled.state is MessageState.POISON:
            events.append(set_aside_event(settled, transition.at))
    await _change(tx, changed)
    await append(tx, events)


async def _put(tx: Transaction, messages: Sequence[NewMessage], now: Instant) -> list[Received]:
    answers: list[Received] = []
    stored: list[NewMessage] = []
    keys = await Keys.of(tx, ((one.domain, one.once) for one in messages if one.once is not None), now)
    for message in messages:
        once = message.once
        standing = None if once is None else keys.named(message.domain, once)
        if standing is None:
            if once is not None:
                keys.put(message.domain, once, message.id)
            stored.append(message)
            answers.append(Received(message.id, Admission.CREATED))
        elif standing.admission is Admission.EXISTING:
            answers.append(Received(standing.run_id, Admission.EXISTING))
        else:
            raise KeyReused("this key came before with another message; take a new key for a new one")
    await keys.save(tx, now)
    if stored:
        rows = [(new.id, new.domain, new.type, new.key, new.payload, new.created_at) for new in stored]
        await tx.feed("messages.put", rows)
        await append(tx, [received_event(stored, now)])
    return answers


async def _take(tx: Transaction, holder: Claim, intake: Intake) -> list[Message]:
    if not await tx.call("messages.runs", holder.id, holder.token):
        return []
    batch = [seq for (seq,) in await tx.call("messages.has", holder.id)]
    if not batch:
        line = (holder.domain, intake.type)
        await tx.lock("messages.take_line", *line)
        look = LOOK_AHEAD if intake.preserve_order else intake.batch_size
        waiting = [_Waiting(*row) for row in await tx.call("messages.waiting", *line, look)]
        busy = {key for (key,) in await tx.call("messages.busy", *line)} if intake.preserve_order else set()
        batch = [one.seq for one in pick(waiting, busy, intake)]
        await tx.call("messages.lease", batch, holder.id, holder.token, intake.max_attempts)
    return [to_message(row) for row in await tx.call("messages.by_seq", batch)]


async def _find(look: Look, query: MessageQuery) -> list[Message]:
    """A page: an index keeps the order of ids for one state and at most one type at a time, so each is a search."""
    pages: list[list[Message]] = []
    for state in query.states or tuple(MessageState):
        where = (query.domain, state, query.before or _BEYOND_ALL)
        if query.types:
            searches = [await look.call("messages.list_type", *where, type_, query.limit) for type_ in query.types]
        else:
            searches = [await look.call("messages.list", *where, query.limit)]
        pages += [[to_message(row) for row in rows] for rows in searches]
    return list(islice(merge(*pages, key=lambda message: message.id, reverse=True), query.limit))


async def _change(tx: Transaction, changed: Sequence[tuple[int, Message]]) -> None:
    rows = [(seq, one.state, one.attempts, to_json(one.error), one.settled_at) for seq, one in changed]
    await tx.feed("messages.change", rows)


class _Waiting(NamedTuple):
    """See `domain.messages.Waiting`."""

    seq: int
    key: str
    attempts: int
    size: int


def to_message(row: Row) -> Message:
    """A message from its columns."""
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
