"""Workers: what they say of themselves, and the states that they are told to go into."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from treadle.domain.affinity import Traits
from treadle.domain.instants import Instant
from treadle.domain.workers import SWITCHES, Role, Worker, WorkerState, can_take, serves, switch_events
from treadle.engines.contract import Topic
from treadle.engines.sql.numbers import Line
from treadle.engines.sql.transaction import Row, Transaction, append


class Takes(Struct, frozen=True):
    """From which lines a worker takes runs, for as long as it lives."""

    domains: tuple[str, ...]
    queues: tuple[str, ...]
    requires: frozenset[str]
    traits: Traits


def to_takes(row: Row) -> Takes:
    """What a worker takes, from the columns `domains, queues, requires, traits`."""
    domains, queues, requires, has = row
    return Takes(tuple(domains), tuple(queues), frozenset(requires), traits(has))


def may_take(takes: Takes, line: Line) -> bool:
    """Whether a worker may take runs of a line."""
    return serves(takes.domains, line.domain) and can_take(
        takes.queues, takes.requires, takes.traits, line.queue, line.requires
    )


def to_worker(row: Row) -> Worker:
    """A worker from its columns."""
    return Worker(
        id=row[0],
        domains=tuple(row[1]),
        host=row[2],
        pid=row[3],
        slots=row[4],
        queues=tuple(row[5]),
        requires=frozenset(row[6]),
        version=row[7],
        role=Role(row[8]),
        traits=traits(row[9]),
        state=WorkerState(row[10]),
        registered_at=row[11],
        seen_at=row[12],
        running=row[13],
        alone=bool(row[14]),
    )


async def switch(
    tx: Transaction, domain: str, worker_ids: Sequence[str], state: WorkerState, now: Instant | None
) -> frozenset[str]:
    """See `contract.WorkerStore.switch`."""
    changed = [row[0] for row in await tx.call("workers.switch", list(worker_ids), state, list(SWITCHES[state]))]
    await append(tx, switch_events(domain, sorted(changed), state, await tx.now(now)))
    tx.topics.update((Topic.EVENTS, Topic.RUNS))
    return frozenset(changed)


@lru_cache(maxsize=1024)
def traits(text: str) -> Traits:
    """The traits in a column."""
    return msgspec.json.decode(text, type=Traits)
