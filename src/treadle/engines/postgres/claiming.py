"""Claim: the best ready runs of the lines that a worker may take from, in rank order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from treadle.domain.instants import Instant
from treadle.domain.queues import QueueControl
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.domain.workers import shares
from treadle.engines.contract import Step, Topic
from treadle.engines.postgres.lines import Lines
from treadle.engines.postgres.look import Fetch, columns
from treadle.engines.postgres.pool import Row
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.queues import locked_controls
from treadle.engines.postgres.workers import Lease
from treadle.engines.postgres.writer import Transaction
from treadle.engines.sql.admission import admit, advance
from treadle.engines.sql.claiming import Limited, Open, by_limit, divide, use_queue_rates
from treadle.engines.sql.dependencies import work_off
from treadle.engines.sql.domains import share_out
from treadle.engines.sql.gates import due_rates, use_tokens
from treadle.engines.sql.numbers import Line
from treadle.engines.sql.queues import QueueName
from treadle.engines.sql.records import PRIORITIES, to_step
from treadle.engines.sql.waits import time_out
from treadle.engines.sql.workers import may_take

_SQL: Final = load("runs")
_STEPPED: Final = 16
_PROMOTED_AT_ONCE: Final = 1000

Counts: TypeAlias = Mapping[int, int]
"""How many runs to take from each line."""


class _Look(NamedTuple):
    """See the statement `look`."""

    next_due: Instant | None
    unresolved: bool
    holds: bool
    suspect: bool
    cancels: Sequence[str]
    lines: Sequence[int]
    any_told: bool
    any_rates: bool


class Claimer:
    """Claims for workers."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def claim(self, tx: Transaction, worker_id: str, lease: Lease, want: int, now: Instant) -> Step:
        """Up to `want` runs for a worker whose lease is alive. A suspect comes alone, to a worker that holds none."""
        if want > 0:
            await tx.lock("runs.claim_alone", worker_id)
        look = await self._look(tx, worker_id, now)
        if not lease.claims:
            return Step(cancels=tuple(look.cancels), next_due=look.next_due)
        lines = await self._lines_for(tx, lease, look.lines)
        told: Mapping[QueueName, QueueControl] = {}
        if look.any_told and lines:
            told = await locked_controls(tx, {(line.domain, line.queue) for line in lines.values()})
        limited = {name: most for name, control in told.items() if (most := control.may_go(now)) is not None}
        normal, solo = divide(lines, limited)
        counts: Counts = {}
        if want > 0 and solo and not look.holds:
            counts = await self._choose(tx, lease, solo, limited, 1)
        elif want > 0 and not look.suspect:
            counts = await self._choose(tx, lease, normal, limited, want)
        claims = await _take(tx, counts, worker_id, now, rates=look.any_rates)
        next_due = look.next_due
        if limited:
            next_due = await use_queue_rates(tx, told, claims, next_due, now)
        return Step(
            claims=claims,
            cancels=tuple(look.cancels),
            next_due=next_due,
            solo_waiting=bool(solo and look.holds and not look.suspect),
        )

    async def _look(self, tx: Transaction, worker_id: str, now: Instant) -> _Look:
        """What there is, once all is moved on that is due, has waited long enough, or for whom a token is."""
        look = await _ask(tx, worker_id)
        if look.unresolved:
            await work_off(tx, now)
        is_due = look.next_due is not None and look.next_due <= now
        if is_due:
            await advance(tx, [seq for (seq,) in await tx.fetch(_SQL["due"], now, _PROMOTED_AT_ONCE)], now)
            await admit(tx, await due_rates(tx, now), now)
            await time_out(tx, now, _PROMOTED_AT_ONCE)
        return await _ask(tx, worker_id) if is_due or look.unresolved else look

    async def _lines_for(self, tx: Transaction, lease: Lease, numbers: Sequence[int]) -> dict[int, Line]:
        """Of lines with ready runs, those of which the worker may be given some."""
        found = {number: await self._lines.by_id(tx, number) for number in numbers}
        return {number: line for number, line in found.items() if may_take(lease.takes, line)}

    async def _choose(self, tx: Transaction, lease: Lease, lines: Open, limited: Limited, want: int) -> Counts:
        """From which lines to take: for a worker of one domain the best, for one of several what each domain is due."""
        if not shares(lease.takes.domains):
            if len(lines) == 1 and not limited:  # no need to look: the one line gives what it has
                return dict.fromkeys(lines, want)
            return Counter(await _best(tx, lines, limited, want))
        by_domain: dict[str, dict[int, Line]] = defaultdict(dict)
        for number, line in lines.items():
            by_domain[line.domain][number] = line
        best = {domain: await _best(tx, its, limited, want) for domain, its in by_domain.items()}
        running = await self._lines.running_by_domain(tx)
        given = await share_out(tx, running, {domain: len(runs) for domain, runs in best.items()}, want)
        return Counter(line for domain, count in given.items() for line in best[domain][:count])


async def _ask(tx: Transaction, worker_id: str) -> _Look:
    ((*columns,),) = await tx.fetch(_SQL["look"], worker_id)
    return _Look(*columns)


async def _best(tx: Transaction, lines: Open, limited: Limited, want: int) -> list[int]:
    """The lines of the first runs: `want` together, the best first, and of a limited queue no more than it may give."""
    heads: list[Row] = []
    for group, numbers in by_limit(lines, limited).items():
        most = want if group is None else min(want, limited[group])
        heads += await tx.fetch(_SQL["peek"], numbers, most)
    return [line for _, _, line in sorted((rank, seq, line) for line, rank, seq in heads)[:want]]


async def _take(tx: Transaction, counts: Counts, worker_id: str, now: Instant, *, rates: bool) -> tuple[Claim, ...]:
    """Claim so many runs of each line. It may be fewer, where others are at the same lines."""
    if not counts:
        return ()
    values = (tx.batch, tx.ordinal, worker_id, now, *columns(list(counts.items()), 2))
    (found,) = await tx.fetch(_SQL["claim"], *values)
    claims = await to_claims(tx.fetch, found, now)
    if claims:
        tx.numbers(len(claims))
        tx.topics.add(Topic.EVENTS)
        if rates:
            rows = await tx.fetch(_SQL["tokens"], [claim.id for claim in claims])
            await use_tokens(tx, [(rank, seq, gates) for rank, seq, gates in rows], now)
    return claims


async def to_claims(fetch: Fetch, found: Row, now: Instant) -> tuple[Claim, ...]:
    """Claims as records, with their steps; they come as the columns of the type `treadle.claims`."""
    if found[0] is None:
        return ()
    rows = list(zip(*found, strict=True))
    steps = await _steps_of(fetch, [row[0] for row in rows if row[_STEPPED]])
    return tuple(_to_claim(row, now, steps.get(row[0], ())) for row in rows)


def _to_claim(row: Row, now: Instant, steps: tuple[RunStep, ...]) -> Claim:
    return Claim(
        id=row[0],
        domain=row[1],
        job_id=row[2],
        queue=row[3],
        requires=row[4],
        priority=PRIORITIES[row[5]],
        token=row[6],
        attempt=row[7] + row[8] + 1,
        failures=row[7],
        losses=row[8],
        solo_losses=row[9],
        suspect=row[10],
        due_at=row[11],
        created_at=row[12],
        claimed_at=now,
        work=row[13],
        inputs=row[14],
        has_parents=row[15],
        steps=steps,
    )


async def _steps_of(fetch: Fetch, run_ids: list[str]) -> dict[str, tuple[RunStep, ...]]:
    """The recorded steps of runs that have some."""
    if not run_ids:
        return {}
    found: dict[str, list[RunStep]] = defaultdict(list)
    for run_id, *step in await fetch(_SQL["steps_of"], run_ids):
        found[run_id].append(to_step(step))
    return {run_id: tuple(steps) for run_id, steps in found.items()}
