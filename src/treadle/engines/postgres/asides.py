"""Standing aside: runs of lines that are shut let those pass that wait for the same gates.

A line is shut while its queue is paused or no online worker can take from it. A run that stands aside waits for its
line, and comes to its gates anew once the line is open. Nobody is moved where nobody else waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from treadle.domain.instants import Instant
from treadle.domain.queues import QueueState
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.workers import can_take, serves
from treadle.engines.postgres.admission import Gated, Waiter, admit, arrive, release, tell_blocked
from treadle.engines.postgres.gates import lock_gates
from treadle.engines.postgres.look import columns
from treadle.engines.postgres.pool import Row
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.writer import Transaction
from treadle.engines.records import to_json
from treadle.engines.sql.queues import controls
from treadle.engines.sql.workers import traits

_SQL: Final = load("lanes")
_FEWEST: Final = 10


async def come_back(tx: Transaction, limit: int, now: Instant) -> int:
    """Bring runs whose line is open again to their gates; answers how many."""
    aside = await tx.fetch(_SQL["stood_aside"])
    shut = await _shut(tx, aside)
    runs: list[Gated] = []
    for line, *_ in aside:
        if line not in shut and len(runs) < limit:
            found = await tx.fetch(_SQL["aside"], line, limit - len(runs))
            runs += [(seq, gates) for seq, gates in found]
    await arrive(tx, runs, now)
    return len(runs)


async def stand_aside(tx: Transaction, gates: Sequence[int], limit: int, now: Instant) -> int:
    """Move the runs of shut lines out of the way of others that wait before `gates`; answers how many."""
    await lock_gates(tx, gates)
    ready = await tx.fetch(_SQL["ready_holders"], list(gates), limit)
    page = max(limit // max(len(gates), 1), _FEWEST)
    waiting: dict[int, list[tuple[Waiter, int]]] = defaultdict(list)
    for gate, rank, seq, own, line in await tx.fetch(_SQL["heads"], list(gates), page):
        waiting[gate].append(((rank, seq, own), line))
    lines = await _lines(tx, {row[4] for row in ready} | {line for head in waiting.values() for _, line in head})
    shut = await _shut(tx, list(lines.values()))
    if not shut:
        return 0
    passable = {
        gate for gate, head in waiting.items() if len(head) == page or any(line not in shut for _, line in head)
    }
    held = [((rank, seq, own), line) for gate, rank, seq, own, line in ready if gate in passable and line in shut]
    behind = [(run, line) for gate in passable for run, line in waiting[gate] if line in shut]
    moved = {run[1]: (run, line) for run, line in (*held, *behind)}
    if moved:
        freed = await release(tx, [run for run, _ in moved.values()])
        reasons = [(seq, to_json(Reason(ReasonCode.LINE, lines[line][2]))) for seq, (_, line) in moved.items()]
        await tx.fetch(_SQL["stand_aside"], *columns(reasons, 2))
        await tell_blocked(tx, sorted({run[1] for run, _ in held}), now)
        await admit(tx, freed, now)
    return len(moved)


async def _lines(tx: Transaction, numbers: set[int]) -> dict[int, Row]:
    """Lines as rows of their id, domain, queue and requirement class."""
    return {row[0]: row for row in await tx.fetch(_SQL["lines"], sorted(numbers))}


async def _shut(tx: Transaction, lines: Sequence[Row]) -> frozenset[int]:
    """Of lines, those from which nobody can take now."""
    if not lines:
        return frozenset()
    told = await controls(tx, {(domain, queue) for _, domain, queue, _ in lines})
    paused = {name for name, control in told.items() if control.state is QueueState.PAUSED}
    workers = [(tuple(a), tuple(b), frozenset(c), traits(d)) for a, b, c, d in await tx.fetch(_SQL["online"])]
    return frozenset(
        line
        for line, domain, queue, requires in lines
        if (domain, queue) in paused
        or not any(
            serves(served, domain) and can_take(queues, offered, has, queue, requires)
            for served, queues, offered, has in workers
        )
    )
