"""A worker's trip: one call where everything is as usual, and a transaction of many statements where it is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from treadle.domain.errors import Unavailable
from treadle.domain.instants import Instant, Micros
from treadle.domain.runs import TERMINAL, Claim
from treadle.domain.states import Row as Way
from treadle.domain.states import Transition
from treadle.domain.workers import shares
from treadle.engines.contract import Step, Topic
from treadle.engines.postgres.claiming import Claimer, to_claims
from treadle.engines.postgres.lines import Lines
from treadle.engines.postgres.look import columns, shared
from treadle.engines.postgres.marks import Marks
from treadle.engines.postgres.pool import Row
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.settling import ENDED_COLUMNS, ENDED_OWN, ended, settle
from treadle.engines.postgres.workers import check_leases
from treadle.engines.postgres.writer import Transaction, Writer
from treadle.engines.sql.workers import Takes

_SQL: Final = load("runs")


class _Trip(NamedTuple):
    """See the function `treadle.step`."""

    alive: bool
    whole: bool
    settled: Sequence[int]
    any_follow: bool
    next_due: Instant | None
    cancels: Sequence[str]
    look_took: Micros | None
    claims: Sequence[Claim]


class Stepper:
    """Makes trips for workers, of which it remembers what they take."""

    def __init__(self, write: Writer, read: Reader, lines: Lines) -> None:
        self._write = write
        self._read = read
        self._lines = lines
        self._claimer = Claimer(lines)
        self._workers: dict[str, Takes] = {}
        self._marks: dict[Takes, Marks] = defaultdict(Marks)

    async def __call__(self, worker_id: str, done: Sequence[Transition], want: int, now: Instant | None) -> Step:
        """See `contract.RunStore.step`."""
        if (takes := self._workers.get(worker_id)) is None:
            takes = await self._write(lambda tx: self._meet(tx, worker_id, now))
        if shares(takes.domains) or any(each.worker_id != worker_id for each in done):
            return await self._at_length(worker_id, done, want, now)
        plain = [each for each in done if each.to in TERMINAL]
        trip = await self._shortly(worker_id, takes, plain, want if len(plain) == len(done) else 0, now)
        if not trip.alive:
            del self._workers[worker_id]
        elif trip.whole and len(plain) == len(done):
            step = Step(claims=tuple(trip.claims), cancels=tuple(trip.cancels), next_due=trip.next_due)
            by_marks = trip.look_took is None
            return await self._look(worker_id, takes, step, want, now) if by_marks and len(step.claims) < want else step
        settled = {plain[place - 1].run.id for place in trip.settled}
        rest = [each for each in done if each.run.id not in settled]
        return await self._at_length(worker_id, rest, want, now)

    async def _look(self, worker_id: str, takes: Takes, step: Step, want: int, now: Instant | None) -> Step:
        """Look also before the marks, beyond which there was less than is wanted. What was claimed stays so."""
        self._marks[takes].forget()
        try:
            more = await self(worker_id, (), want - len(step.claims), now)
        except Unavailable:
            return step
        return replace(more, claims=step.claims + more.claims)

    async def _shortly(
        self, worker_id: str, takes: Takes, done: Sequence[Transition], want: int, now: Instant | None
    ) -> _Trip:
        """One call. Whatever it has left undone is not usual, or somebody was in its way."""
        rows = [ended(each, Way(each.to, each.event)) for each in done]
        lines, marks = self._lines.divide(takes), self._marks[takes]
        values = (
            *(worker_id, now, *shared(rows, ENDED_OWN, ENDED_COLUMNS), want, lines.open, lines.shut),
            *columns(marks.current(lines.open), 3),
        )
        row: Row = await self._write.trip(_SQL["step"], *values)
        alive, whole, settled, any_follow, moment, next_due, cancels, look_took, front_lines, front_ranks, *found = row
        fronts = zip(front_lines or (), front_ranks or (), strict=True)
        marks.note(look_took, fronts, zip(*found[-3:], strict=True) if found[0] else ())
        claims = await to_claims(self._read.fetch, found, moment)
        if settled or claims:
            self._write.wake((Topic.EVENTS, Topic.TRIGGERS) if any_follow else (Topic.EVENTS,))
        return _Trip(alive, whole, settled, any_follow, next_due, cancels or (), look_took, claims)

    async def _meet(self, tx: Transaction, worker_id: str, now: Instant | None) -> Takes:
        takes = (await check_leases(tx, [worker_id], now))[worker_id].takes
        self._workers[worker_id] = takes
        return takes

    async def _at_length(self, worker_id: str, done: Sequence[Transition], want: int, now: Instant | None) -> Step:
        async def work(tx: Transaction) -> Step:
            others = {each.worker_id for each in done if each.worker_id is not None} - {worker_id}
            lease = (await check_leases(tx, [worker_id, *sorted(others)], now))[worker_id]
            refused = await settle(tx, self._lines, done, lease.now)
            step = await self._claimer.claim(tx, worker_id, lease, want, lease.now)
            return replace(step, refused=refused)

        return await self._write(work)
