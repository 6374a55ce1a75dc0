"""Queues: what they were told, and how they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import apsw
from msgspec.structs import replace

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.queues import (
    MOST_COUNTED,
    MOST_LOOKED_AT,
    QUEUE_EVENTS,
    RATE_EVENT,
    Queue,
    QueueControl,
    QueueState,
)
from treadle.domain.rates import Rate
from treadle.domain.runs import State
from treadle.engines.contract import Topic
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.events import append
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("queues")
_RUNS: Final = load("runs")

QueueName: TypeAlias = tuple[str, str]
"""A domain, and the name of a queue in it."""


def controls(connection: apsw.Connection, names: Iterable[QueueName]) -> dict[QueueName, QueueControl]:
    """What queues were told; those that were told nothing are left out."""
    return {
        (domain, name): QueueControl(
            QueueState(state), None if runs is None else Rate(runs, window), used_until=used_until
        )
        for domain, name, state, runs, window, used_until in fetch(
            connection, _SQL["controls"], (json_list(list(names)),)
        )
    }


def use(connection: apsw.Connection, name: QueueName, used_until: Instant | None) -> None:
    """Write the state of a queue's rate; the caller holds the write transaction."""
    connection.execute(_SQL["use"], (*name, used_until))


class SqliteQueues:
    """See `contract.QueueStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    async def find(
        self, domain: str, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200
    ) -> list[Queue]:
        listed = None if names is None else json_list(names)

        def work(connection: apsw.Connection) -> list[Queue]:
            known = [row[0] for row in fetch(connection, _SQL["known"], (domain, after, listed, limit))]
            told = controls(connection, ((domain, name) for name in known))
            running: dict[int, int] = dict(fetch(connection, _RUNS["running"]))
            return [
                _look(connection, Queue(domain=domain, name=name, control=told.get((domain, name), _UNTOLD)), running)
                for name in known
            ]

        return await self._read(work)

    async def controls(self, domain: str, names: Sequence[str]) -> dict[str, QueueControl]:
        told = await self._read(lambda connection: controls(connection, [(domain, name) for name in names]))
        return {name: control for (_, name), control in told.items()}

    async def switch(self, domain: str, name: str, state: QueueState, *, now: Instant | None = None) -> bool:
        event = NewEvent(domain=domain, type=QUEUE_EVENTS[state], subject=name, at=self._wall(now))
        return await self._write(lambda write: _change(write, event, lambda control: replace(control, state=state)))

    async def limit(self, domain: str, name: str, rate: Rate | None, *, now: Instant | None = None) -> bool:
        event = NewEvent(domain=domain, type=RATE_EVENT, subject=name, at=self._wall(now), data=encode({"rate": rate}))
        return await self._write(lambda write: _change(write, event, lambda control: replace(control, rate=rate)))

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now


_UNTOLD: Final = QueueControl()


def _change(write: Write, event: NewEvent, change: Callable[[QueueControl], QueueControl]) -> bool:
    name = (event.domain, event.subject)
    before = controls(write.connection, [name]).get(name, _UNTOLD)
    after = change(before)
    if after == before:
        return False
    rate = after.rate
    numbers = (None, None) if rate is None else (rate.runs, rate.window)
    write.connection.execute(_SQL["put"], (*name, after.state, *numbers, after.used_until))
    append(write.connection, [event])
    write.topics.update((Topic.RUNS, Topic.EVENTS))
    return True


def _look(connection: apsw.Connection, queue: Queue, running: dict[int, int]) -> Queue:
    """A queue with its counts."""
    lines = [row[0] for row in fetch(connection, _SQL["lines"], (queue.domain, queue.name))]
    listed = json_list(lines)

    def count(statement: str, *values: object) -> int:
        return int(fetch(connection, _SQL[statement], (listed, *values, MOST_COUNTED))[0][0])

    oldest = (fetch(connection, _SQL["oldest"], (line, MOST_LOOKED_AT))[0][0] for line in lines)
    return replace(
        queue,
        ready=count("ready"),
        scheduled=count("waiting", State.SCHEDULED),
        blocked=count("waiting", State.BLOCKED),
        running=min(sum(running.get(line, 0) for line in lines), MOST_COUNTED),
        oldest_due_at=min((due_at for due_at in oldest if due_at is not None), default=None),
    )
