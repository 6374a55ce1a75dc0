"""Claim: the best ready runs of the lines that a worker may take from, in rank order.

Rows travel as JSON texts, one per statement: SQLite then works through a whole batch without the interpreter, which
runs handlers meanwhile. Row by row, each step would wait for it.
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import Any, Final

import apsw
import msgspec

from treadle.domain.instants import Instant
from treadle.domain.runs import Claim, State
from treadle.domain.states import ATTEMPT_DATA, TABLE, Change
from treadle.domain.workers import shares
from treadle.engines.contract import Step
from treadle.engines.sql.admission import admit, advance
from treadle.engines.sql.claiming import Limited, Open, by_limit, divide, use_queue_rates
from treadle.engines.sql.domains import share_out
from treadle.engines.sql.gates import due_rates, use_tokens
from treadle.engines.sql.lines import Lines
from treadle.engines.sql.numbers import Line
from treadle.engines.sql.queues import controls
from treadle.engines.sql.waits import time_out
from treadle.engines.sql.workers import may_take
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.moving import read_closing
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.records import to_claim
from treadle.engines.sqlite.workers import Lease
from treadle.engines.sqlite.writer import Write

_SQL: Final = load("runs")
_ADMISSION: Final = load("admission")
_STARTED: Final = TABLE[State.READY, Change.CLAIM].event
_PROMOTED_AT_ONCE: Final = 1000
_heads: Final = msgspec.json.Decoder(list[tuple[int, int]])
_claims: Final = msgspec.json.Decoder(list[list[Any]])


class Claimer:
    """Claims for workers. Used in the writer's thread only."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def claim(self, write: Write, worker_id: str, lease: Lease, want: int, now: Instant) -> Step:
        """Up to `want` runs for a worker whose lease is alive. A suspect comes alone, to a worker that holds none."""
        connection = write.connection
        next_due = await _promote(write, now)
        cancels = tuple(row[0] for row in fetch(connection, _SQL["cancels"], (worker_id,)))
        if not lease.claims or read_closing(connection, now) is not None:
            return Step(cancels=cancels, next_due=next_due)
        lines = await self._lines_for(write, lease)
        told = await controls(write, {(line.domain, line.queue) for line in lines.values()}) if lines else {}
        limited = {name: most for name, control in told.items() if (most := control.may_go(now)) is not None}
        normal, solo = divide(lines, limited)
        ((holds, suspect),) = fetch(connection, _SQL["holds"], (worker_id, worker_id))
        claims: tuple[Claim, ...] = ()
        solo_waiting = bool(solo and holds and not suspect)
        if want > 0 and solo and not holds:
            claims = await _take(write, await self._choose(write, lease, solo, limited, 1), worker_id, now)
        elif want > 0 and not suspect:
            claims = await _take(write, await self._choose(write, lease, normal, limited, want), worker_id, now)
        if limited:
            next_due = await use_queue_rates(write, told, claims, next_due, now)
        return Step(claims=claims, cancels=cancels, next_due=next_due, solo_waiting=solo_waiting)

    async def _choose(self, write: Write, lease: Lease, lines: Open, limited: Limited, want: int) -> list[int]:
        """The runs to take: for a worker of one domain the best, for one of several what each domain is due."""
        if not shares(lease.takes.domains):
            return _best(write.connection, lines, limited, want)
        by_domain: dict[str, dict[int, Line]] = {}
        for number, line in lines.items():
            by_domain.setdefault(line.domain, {})[number] = line
        best = {domain: _best(write.connection, its, limited, want) for domain, its in by_domain.items()}
        running = await self._lines.running_by_domain(write)
        given = await share_out(write, running, {domain: len(runs) for domain, runs in best.items()}, want)
        return [run for domain, count in given.items() for run in best[domain][:count]]

    async def _lines_for(self, write: Write, lease: Lease) -> dict[int, Line]:
        """The lines with ready runs of which the worker may be given some."""
        ready = fetch(write.connection, _SQL["ready_lines"])
        found = {number: await self._lines.by_id(write, number) for (number,) in ready}
        return {number: line for number, line in found.items() if may_take(lease.takes, line)}


async def _promote(write: Write, now: Instant) -> Instant | None:
    """Move runs on that are due, have waited long enough, or for whom a token is; answers when the next will be."""
    connection = write.connection
    next_due: Instant | None = fetch(connection, _SQL["next_due"])[0][0]
    if next_due is not None and next_due <= now:
        await admit(write, await due_rates(write, now), now)
        await advance(write, [seq for (seq,) in fetch(connection, _SQL["due"], (now, _PROMOTED_AT_ONCE))], now)
        await time_out(write, now, _PROMOTED_AT_ONCE)
        next_due = fetch(connection, _SQL["next_due"])[0][0]
    return next_due


def _best(connection: apsw.Connection, lines: Open, limited: Limited, want: int) -> list[int]:
    """The first runs of lines, by their numbers: `want` together, and of a limited queue no more than it may give."""
    heads = []
    for group, numbers in by_limit(lines, limited).items():
        most = want if group is None else min(want, limited[group])
        peeked = (_heads.decode(fetch(connection, _SQL["peek"], (number, most))[0][0]) for number in numbers)
        heads.append(islice(merge(*peeked), most))
    return [seq for _, seq in islice(merge(*heads), want)]


async def _take(write: Write, runs: list[int], worker_id: str, now: Instant) -> tuple[Claim, ...]:
    if not runs:
        return ()
    connection = write.connection
    best = json_list(runs)
    connection.execute(_SQL["claim"], (best, worker_id, now))
    connection.execute(_SQL["claim_events"], (best, _STARTED, ATTEMPT_DATA))
    if fetch(connection, _ADMISSION["has_rates"])[0][0]:
        await use_tokens(write, await write.call("admission.gated", runs), now)
    ((rows,),) = fetch(connection, _SQL["claimed"], (best,))
    return tuple(to_claim(row) for row in _claims.decode(rows))
