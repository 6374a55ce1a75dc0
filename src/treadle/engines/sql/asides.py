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
from treadle.engines.sql.admission import Gated, Waiter, admit, arrive, release, tell_blocked
from treadle.engines.sql.gates import lock_gates
from treadle.engines.sql.numbers import Line
from treadle.engines.sql.queues import controls
from treadle.engines.sql.transaction import Row, Transaction
from treadle.engines.sql.workers import may_take, to_takes

_FEWEST: Final = 10


async def come_back(tx: Transaction, limit: int, now: Instant) -> int:
    """Bring runs whose line is open again to their gates; answers how many."""
    aside = await tx.call("lanes.stood_aside")
    shut = await _shut(tx, aside)
    runs: list[Gated] = []
    for line, *_ in aside:
        if line not in shut and len(runs) < limit:
            found = await tx.call("lanes.aside", line, limit - len(runs))
            runs += [(seq, gates) for seq, gates in found]
    await arrive(tx, runs, now)
    return len(runs)


async def stand_aside(tx: Transaction, gates: Sequence[int], limit: int, now: Instant) -> int:
    """Move the runs of shut lines out of the way of others that wait before `gates`; answers how many."""
    await lock_gates(tx, gates)
    ready = await tx.call("lanes.ready_holders", list(gates), limit)
    page = max(limit // max(len(gates), 1), _FEWEST)
    waiting: dict[int, list[tuple[Waiter, int]]] = defaultdict(list)
    for gate, rank, seq, own, line in await tx.call("lanes.heads", list(gates), page):
        waiting[gate].append(((rank, seq, own), line))
    lines = {row[4] for row in ready} | {line for head in waiting.values() for _, line in head}
    shut = await _shut(tx, await tx.call("lanes.lines", sorted(lines)))
    if not shut:
        return 0
    passable = {
        gate for gate, head in waiting.items() if len(head) == page or any(line not in shut for _, line in head)
    }
    held = [(rank, seq, own) for gate, rank, seq, own, line in ready if gate in passable and line in shut]
    behind = [run for gate in passable for run, line in waiting[gate] if line in shut]
    moved = {run[1]: run for run in (*held, *behind)}
    if moved:
        freed = await release(tx, moved.values())
        await tx.call("lanes.stand_aside", list(moved))
        await tell_blocked(tx, sorted({seq for _, seq, _ in held}), now)
        await admit(tx, freed, now)
    return len(moved)


async def _shut(tx: Transaction, lines: Sequence[Row]) -> frozenset[int]:
    """Of lines, as rows of their id, domain, queue and requirement class, those from which nobody can take now."""
    if not lines:
        return frozenset()
    told = await controls(tx, {(domain, queue) for _, domain, queue, _ in lines})
    paused = {name for name, control in told.items() if control.state is QueueState.PAUSED}
    workers = [to_takes(row) for row in await tx.call("lanes.online")]
    return frozenset(
        line
        for line, domain, queue, requires in lines
        if (domain, queue) in paused
        or not any(may_take(worker, Line(domain, queue, requires, solo=False)) for worker in workers)
    )
