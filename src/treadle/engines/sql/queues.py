"""Queues: what they were told, and how they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

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
    check_rate,
)
from treadle.domain.rates import Rate
from treadle.domain.runs import NewRun
from treadle.domain.stats import Standing
from treadle.engines.contract import Topic
from treadle.engines.sql.transaction import Look, Reader, Row, Transaction, Writer, append

QueueName: TypeAlias = tuple[str, str]
"""A domain, and the name of a queue in it."""

_UNTOLD: Final = QueueControl()


async def controls(look: Look, names: Iterable[QueueName]) -> dict[QueueName, QueueControl]:
    """What queues were told; those that were told nothing are left out."""
    return to_controls(await look.feed("queues.controls", sorted(names)))


async def draining(look: Look, runs: Sequence[NewRun]) -> frozenset[QueueName]:
    """Of the queues of runs, those that take none."""
    told = await controls(look, {(run.domain, run.queue) for run in runs})
    return frozenset(name for name, control in told.items() if control.state is QueueState.DRAINING)


async def use(tx: Transaction, name: QueueName, used_until: Instant | None) -> None:
    """Write the state of a queue's rate; the caller holds the transaction."""
    await tx.call("queues.use", *name, used_until)


def to_controls(rows: Sequence[Row]) -> dict[QueueName, QueueControl]:
    """What queues were told, from its columns."""
    return {
        (domain, name): QueueControl(
            QueueState(state), None if runs is None else Rate(runs, window), used_until=used_until
        )
        for domain, name, state, runs, window, used_until in rows
    }


class Queues:
    """See `contract.QueueStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read

    async def find(
        self, domain: str, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200
    ) -> list[Queue]:
        async def work(look: Look) -> list[Queue]:
            listed = None if names is None else list(names)
            rows = await look.call("queues.page", domain, after, listed, limit)
            told = to_controls([control for _, *control in rows if control[0] is not None])
            known = [name for name, *_ in rows]
            stands = await standings(look, await look.call("queues.lines", domain, known))
            return [
                Queue(
                    domain=domain,
                    name=name,
                    control=told.get((domain, name), _UNTOLD),
                    **asdict(stands.get(name, Standing())),
                )
                for name in known
            ]

        return await self._read.in_turn(work)

    async def controls(self, domain: str, names: Sequence[str]) -> dict[str, QueueControl]:
        told = await self._read.in_turn(lambda look: controls(look, [(domain, name) for name in names]))
        return {name: control for (_, name), control in told.items()}

    async def switch(self, domain: str, name: str, state: QueueState, *, now: Instant | None = None) -> bool:
        async def work(tx: Transaction) -> bool:
            event = NewEvent(domain=domain, type=QUEUE_EVENTS[state], subject=name, at=await tx.now(now))
            return await _change(tx, event, lambda control: replace(control, state=state))

        return await self._write(work)

    async def limit(
        self,
        domain: str,
        name: str,
        rate: Rate | None,
        *,
        seen: Rate | UnsetType | None = UNSET,
        now: Instant | None = None,
    ) -> bool:
        def give(control: QueueControl) -> QueueControl:
            check_rate(name, control, seen)
            return replace(control, rate=rate)

        async def work(tx: Transaction) -> bool:
            data = encode({"rate": rate})
            event = NewEvent(domain=domain, type=RATE_EVENT, subject=name, at=await tx.now(now), data=data)
            return await _change(tx, event, give)

        return await self._write(work)


async def _change(tx: Transaction, event: NewEvent, change: Callable[[QueueControl], QueueControl]) -> bool:
    name = (event.domain, event.subject)
    await tx.lock("queues.lock", *name)
    await tx.lock("queues.lock_told", *name)
    before = (await controls(tx, [name])).get(name, _UNTOLD)
    after = change(before)
    if after == before:
        return False
    rate = after.rate
    numbers = (None, None) if rate is None else (rate.runs, rate.window)
    await tx.call("queues.put", *name, after.state, *numbers, after.used_until)
    await append(tx, [event])
    tx.topics.update((Topic.RUNS, Topic.EVENTS))
    return True


async def standings(look: Look, lines: Sequence[Row]) -> dict[str, Standing]:
    """The live runs of groups of lines, by the groups' names; `lines` are pairs of a name and a line."""
    return {
        name: Standing(
            ready=ready,
            scheduled=scheduled,
            blocked=blocked,
            running=min(running, MOST_COUNTED),
            oldest_due_at=oldest,
        )
        for name, ready, scheduled, blocked, running, oldest in await look.feed(
            "queues.standing", lines, MOST_LOOKED_AT, MOST_COUNTED
        )
    }
