"""Claim: the best ready runs of the lines that a worker may take from, in rank order.

Rows travel as JSON texts, one per statement: SQLite then works through a whole batch without the interpreter, which
runs handlers meanwhile. Row by row, each step would wait for it.
"""

from __future__ import annotations

import heapq
from typing import Any, Final

import apsw
import msgspec

from treadle.domain.instants import Instant
from treadle.domain.runs import Claim, State
from treadle.domain.states import ATTEMPT_DATA, TABLE, Change
from treadle.domain.workers import can_take
from treadle.engines.contract import Step
from treadle.engines.sqlite.admission import advance
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.lines import Lines
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.records import to_claim
from treadle.engines.sqlite.workers import Lease

_SQL: Final = load("runs")
_STARTED: Final = TABLE[State.READY, Change.CLAIM].event
_PROMOTED_AT_ONCE: Final = 1000
_heads: Final = msgspec.json.Decoder(list[tuple[int, int]])
_claims: Final = msgspec.json.Decoder(list[list[Any]])


class Claimer:
    """Claims for workers. Used in the writer's thread only."""

    def __init__(self) -> None:
        self._lines = Lines()

    def claim(self, connection: apsw.Connection, worker_id: str, lease: Lease, want: int, now: Instant) -> Step:
        """Up to `want` runs for a worker whose lease is alive. A suspect comes alone, to a worker that holds none."""
        next_due = _promote(connection, now)
        cancels = tuple(row[0] for row in fetch(connection, _SQL["cancels"], (worker_id,)))
        if lease.draining:
            return Step(cancels=cancels, next_due=next_due)
        normal, solo = self._open_lines(connection, lease)
        ((holds, suspect),) = fetch(connection, _SQL["holds"], (worker_id, worker_id))
        claims: tuple[Claim, ...] = ()
        solo_waiting = bool(solo and holds and not suspect)
        if want > 0 and solo and not holds:
            claims = _take(connection, solo, worker_id, 1, now)
        elif want > 0 and not suspect:
            claims = _take(connection, normal, worker_id, want, now)
        return Step(claims=claims, cancels=cancels, next_due=next_due, solo_waiting=solo_waiting)

    def _open_lines(self, connection: apsw.Connection, lease: Lease) -> tuple[list[int], list[int]]:
        """The lines with ready runs that the worker may take from: the normal ones, and those of suspects."""
        normal: list[int] = []
        solo: list[int] = []
        for (number,) in fetch(connection, _SQL["ready_lines"]):
            line = self._lines.by_id(connection, number)
            if line.domain == lease.domain and can_take(lease.queues, lease.requires, line.queue, line.requires):
                (solo if line.solo else normal).append(number)
        return normal, solo


def _promote(connection: apsw.Connection, now: Instant) -> Instant | None:
    """Make due runs ready; answers when the next will be due."""
    next_due: Instant | None = fetch(connection, _SQL["next_due"])[0][0]
    if next_due is not None and next_due <= now:
        advance(connection, [seq for (seq,) in fetch(connection, _SQL["due"], (now, _PROMOTED_AT_ONCE))], now)
        next_due = fetch(connection, _SQL["next_due"])[0][0]
    return next_due


def _take(connection: apsw.Connection, lines: list[int], worker_id: str, want: int, now: Instant) -> tuple[Claim, ...]:
    heads = [_heads.decode(fetch(connection, _SQL["peek"], (line, want))[0][0]) for line in lines]
    best = json_list([seq for _, seq in heapq.nsmallest(want, heapq.merge(*heads))])
    if best == "[]":
        return ()
    connection.execute(_SQL["claim"], (best, worker_id, now))
    connection.execute(_SQL["claim_events"], (best, _STARTED, ATTEMPT_DATA))
    ((rows,),) = fetch(connection, _SQL["claimed"], (best,))
    return tuple(to_claim(row) for row in _claims.decode(rows))
