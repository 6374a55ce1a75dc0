"""Claim: the best ready runs of the lines that a worker may take from, in rank order."""

from __future__ import annotations

import heapq
from typing import Any, Final

import apsw

from treadle.domain.instants import Instant
from treadle.domain.runs import Claim, State
from treadle.domain.states import TABLE, Change, started_data
from treadle.domain.workers import can_take
from treadle.engines.contract import Step
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.lines import Lines
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.records import to_claim
from treadle.engines.sqlite.workers import Lease

_SQL: Final = load("runs")
_STARTED: Final = TABLE[State.READY, Change.CLAIM].event
_PROMOTED_AT_ONCE: Final = 1000


class Claimer:
    """Claims for workers. Used in the writer's thread only."""

    def __init__(self) -> None:
        self._lines = Lines()

    def claim(self, connection: apsw.Connection, worker_id: str, lease: Lease, want: int, now: Instant) -> Step:
        """Up to `want` runs for a worker whose lease is alive. A suspect comes alone, to a worker that holds none."""
        connection.execute(_SQL["promote"], (now, _PROMOTED_AT_ONCE))
        cancels = tuple(row[0] for row in fetch(connection, _SQL["cancels"], (worker_id,)))
        if want <= 0 or lease.draining:
            return Step(cancels=cancels)
        normal, solo = self._open_lines(connection, lease)
        ((holds, suspect),) = fetch(connection, _SQL["holds"], (worker_id, worker_id))
        claims: tuple[Claim, ...] = ()
        solo_waiting = False
        if solo and not holds:
            claims = self._take(connection, solo, worker_id, 1, now)
        elif not suspect:
            solo_waiting = bool(solo)
            claims = self._take(connection, normal, worker_id, want, now)
        next_due = None
        if len(claims) < want:
            next_due = fetch(connection, _SQL["next_due"])[0][0]
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

    def _take(
        self, connection: apsw.Connection, lines: list[int], worker_id: str, want: int, now: Instant
    ) -> tuple[Claim, ...]:
        if not lines:
            return ()
        if len(lines) == 1:
            rows = fetch(connection, _SQL["claim_line"], (lines[0], worker_id, now, want))
        else:
            heads = [fetch(connection, _SQL["peek"], (line, want)) for line in lines]
            best = [seq for _, seq in heapq.nsmallest(want, heapq.merge(*heads))]
            rows = fetch(connection, _SQL["claim"], (json_list(best), worker_id, now))
        rows.sort(key=lambda row: (row[-1], row[0]))  # RETURNING answers in no promised order
        connection.executemany(_SQL["insert_event"], (_started_event(row, now) for row in rows))
        return tuple(to_claim(row[2:]) for row in rows)


def _started_event(row: tuple[Any, ...], now: Instant) -> tuple[Any, ...]:
    events, run_id, domain, job_id, token, attempt = row[1], row[2], row[3], row[4], row[8], row[9]
    return domain, _STARTED, run_id, events, job_id, now, started_data(attempt, token)
