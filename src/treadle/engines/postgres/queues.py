"""Queues: what they were told, and how they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

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
from treadle.engines.postgres.pool import Row
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Fetch, Reader
from treadle.engines.postgres.telling import append
from treadle.engines.postgres.writer import Transaction, Writer, columns

_SQL: Final = load("queues")
_RUNS: Final = load("runs")

QueueName: TypeAlias = tuple[str, str]
"""A domain, and the name of a queue in it."""


async def controls(fetch: Fetch, names: Iterable[QueueName]) -> dict[QueueName, QueueControl]:
    """What queues were told; those that were told nothing are left out."""
    return _to_controls(await fetch(_SQL["controls"], *columns(sorted(names), 2)))


async def locked_controls(tx: Transaction, names: Iterable[QueueName]) -> dict[QueueName, QueueControl]:
    """What queues were told, which stands until the transaction ends."""
    return _to_controls(await tx.fetch(_SQL["locked_controls"], *columns(sorted(names), 2)))


async def use(tx: Transaction, name: QueueName, used_until: Instant | None) -> None:
    """Write the state of a queue's rate; the caller holds the transaction."""
    await tx.fetch(_SQL["use"], *name, used_until)


def _to_controls(rows: Sequence[Row]) -> dict[QueueName, QueueControl]:
    return {
        (domain, name): QueueControl(
            QueueState(state), None if runs is None else Rate(runs, window), used_until=used_until
        )
        for domain, name, state, runs, window, used_until in rows
    }


class PostgresQueues:
    """See `contract.QueueStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def find(
        self, domain: str, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200
    ) -> list[Queue]:
        async def work(fetch: Fetch) -> list[Queue]:
            listed = None if names is None else list(names)
            known = [row[0] for row in await fetch(_SQL["known"], domain, after, listed, limit)]
            told = await controls(fetch, ((domain, name) for name in known))
            running: dict[int, int] = dict(await fetch(_RUNS["running"]))  # type: ignore[arg-type]
            queues = (Queue(domain=domain, name=name, control=told.get((domain, name), _UNTOLD)) for name in known)
            return [await _look(fetch, queue, running) for queue in queues]

        return await self._read.together(work)

    async def controls(self, domain: str, names: Sequence[str]) -> dict[str, QueueControl]:
        told = await controls(self._read.fetch, [(domain, name) for name in names])
        return {name: control for (_, name), control in told.items()}

    async def switch(self, domain: str, name: str, state: QueueState, *, now: Instant | None = None) -> bool:
        async def work(tx: Transaction) -> bool:
            event = NewEvent(domain=domain, type=QUEUE_EVENTS[state], subject=name, at=await tx.now(now))
            return await _change(tx, event, lambda control: replace(control, state=state))

        return await self._write(work)

    async def limit(self, domain: str, name: str, rate: Rate | None, *, now: Instant | None = None) -> bool:
        async def work(tx: Transaction) -> bool:
            data = encode({"rate": rate})
            event = NewEvent(domain=domain, type=RATE_EVENT, subject=name, at=await tx.now(now), data=data)
            return await _change(tx, event, lambda control: replace(control, rate=rate))

        return await self._write(work)


_UNTOLD: Final = QueueControl()


async def _change(tx: Transaction, event: NewEvent, change: Callable[[QueueControl], QueueControl]) -> bool:
    name = (event.domain, event.subject)
    await tx.fetch(_SQL["lock"], *name)
    before = (await locked_controls(tx, [name])).get(name, _UNTOLD)
    after = change(before)
    if after == before:
        return False
    rate = after.rate
    numbers = (None, None) if rate is None else (rate.runs, rate.window)
    await tx.fetch(_SQL["put"], *name, after.state, *numbers, after.used_until)
    await append(tx, [event])
    tx.topics.update((Topic.RUNS, Topic.EVENTS))
    return True


async def _look(fetch: Fetch, queue: Queue, running: dict[int, int]) -> Queue:
    """A queue with its counts."""
    lines = [row[0] for row in await fetch(_SQL["lines"], queue.domain, queue.name)]

    async def count(statement: str, *values: object) -> int:
        return int((await fetch(_SQL[statement], lines, *values, MOST_COUNTED))[0][0])

    oldest = [(await fetch(_SQL["oldest"], line, MOST_LOOKED_AT))[0][0] for line in lines]
    return replace(
        queue,
        ready=await count("ready"),
        scheduled=await count("waiting", State.SCHEDULED),
        blocked=await count("waiting", State.BLOCKED),
        running=min(sum(running.get(line, 0) for line in lines), MOST_COUNTED),
        oldest_due_at=min((due_at for due_at in oldest if due_at is not None), default=None),
    )
