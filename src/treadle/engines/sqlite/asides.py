"""Standing aside: runs of lines that are shut let those pass that wait for the same gates.

A line is shut while its queue is paused or no online worker can take from it. A run that stands aside waits for its
line, and comes to its gates anew once the line is open. Nobody is moved where nobody else waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw
import msgspec

from treadle.domain.instants import Instant
from treadle.domain.queues import QueueState
from treadle.domain.workers import can_take, serves
from treadle.engines.sql.driving import drive
from treadle.engines.sql.queues import controls
from treadle.engines.sql.workers import traits
from treadle.engines.sqlite.admission import admit, arrive, release, tell_blocked
from treadle.engines.sqlite.connection import Row, fetch, json_list
from treadle.engines.sqlite.look import Look
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.workers import names, requirements

_SQL: Final = load("lanes")
_FEWEST: Final = 10
_heads: Final = msgspec.json.Decoder(list[tuple[int, int, str, int]])


def come_back(connection: apsw.Connection, limit: int, now: Instant) -> int:
    """Bring runs whose line is open again to their gates; answers how many."""
    aside = fetch(connection, _SQL["stood_aside"])
    shut = _shut(connection, aside) if aside else frozenset()
    runs: list[Any] = []
    for line, *_ in aside:
        if line not in shut and len(runs) < limit:
            runs += fetch(connection, _SQL["aside"], (line, limit - len(runs)))
    if runs:
        arrive(connection, runs, now)
    return len(runs)


def stand_aside(connection: apsw.Connection, gates: Sequence[int], limit: int, now: Instant) -> int:
    """Move the runs of shut lines out of the way of others that wait before `gates`; answers how many."""
    listed = json_list(gates)
    ready = fetch(connection, _SQL["ready_holders"], (listed, limit))
    page = max(limit // max(len(gates), 1), _FEWEST)
    waiting = {gate: _heads.decode(found) for gate, found in fetch(connection, _SQL["heads"], (listed, page))}
    lines = {line for *_, line in ready} | {line for head in waiting.values() for *_, line in head}
    shut = _shut(connection, fetch(connection, _SQL["lines"], (json_list(sorted(lines)),)))
    if not shut:
        return 0
    passable = {
        gate for gate, head in waiting.items() if len(head) == page or any(line not in shut for *_, line in head)
    }
    held = [(rank, seq, own) for gate, rank, seq, own, line in ready if gate in passable and line in shut]
    behind = [(rank, seq, own) for gate in passable for rank, seq, own, line in waiting[gate] if line in shut]
    moved = {run[1]: run for run in (*held, *behind)}
    if moved:
        freed = release(connection, moved.values())
        connection.execute(_SQL["stand_aside"], (json_list(list(moved)),))
        tell_blocked(connection, json_list(sorted({seq for _, seq, _ in held})), now)
        admit(connection, freed, now)
    return len(moved)


def _shut(connection: apsw.Connection, lines: Iterable[Row]) -> frozenset[int]:
    """Of lines, as rows of their id, domain, queue and requirement class, those from which nobody can take now."""
    lines = list(lines)
    told = drive(controls(Look(connection), {(domain, queue) for _, domain, queue, _ in lines}))
    paused = {name for name, control in told.items() if control.state is QueueState.PAUSED}
    workers = [(names(a), names(b), requirements(c), traits(d)) for a, b, c, d in fetch(connection, _SQL["online"])]
    return frozenset(
        line
        for line, domain, queue, requires in lines
        if (domain, queue) in paused
        or not any(
            serves(served, domain) and can_take(queues, offered, has, queue, requires)
            for served, queues, offered, has in workers
        )
    )
