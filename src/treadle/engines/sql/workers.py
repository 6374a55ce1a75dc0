"""Workers: what they say of themselves, and the states that they are told to go into."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from treadle.domain.affinity import Traits
from treadle.domain.instants import Instant
from treadle.domain.workers import SWITCHES, WorkerState, switch_events
from treadle.engines.contract import Topic
from treadle.engines.sql.transaction import Transaction, append


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
