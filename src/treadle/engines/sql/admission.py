"""Admission: the one place that moves waiting runs to what holds them next, or to ready.

Whatever takes a hold away calls `advance`: a parent ended, a due time came, an event came, a sleep ended. Whatever
brings runs to their gates, takes them from there or changes a limit calls `admit` with the gates concerned, in the
same transaction. It leaves every gate in order: those that are ready behind it are no more than it lets pass, and none
waits before it that goes before one of them. So a freed slot goes to the best who waits; and whoever comes late but
goes first takes the slot of a run that is ready, though never that of one that runs.

A gate is locked before it is looked at. A run that somebody else has in hand (claims, cancels) is passed over: whoever
has it looks at its gates afterwards.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile
from typing import Final, TypeAlias

from treadle.domain.admission import AT_THE_GATE, next_hold
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.runs import State
from treadle.domain.states import TABLE, Change
from treadle.engines.sql.gates import due_rates, free_slots, recall, set_alarms
from treadle.engines.sql.records import to_json, to_reason
from treadle.engines.sql.transaction import Transaction

Waiter: TypeAlias = tuple[Instant, int, Sequence[int]]
"""The rank of a run, its number, and its gates: of those that wait, the lesser goes first."""

Gated: TypeAlias = tuple[int, Sequence[int]]
"""The number of a run and its gates."""

_Slot: TypeAlias = tuple[int, Instant, int]
"""A gate, and the rank and the number of the run that holds it."""

MOST_ADMITTED: Final = 2_000
"""How many runs a transaction lets pass at one gate; what is left is for the sweeper."""

_PAGE: Final = 200
_BLOCKED: Final = TABLE[State.READY, Change.PREEMPT].event


async def advance(tx: Transaction, seqs: Sequence[int], now: Instant) -> None:
    """Move runs that wait, and whose parents let them go, on; the caller holds the transaction."""
    if not seqs:
        return
    moved, arrived = [], []
    for seq, due_at, gates in await tx.call("admission.waiting", list(seqs)):
        hold = next_hold(has_parents=False, due_at=due_at, gated=gates is not None, now=now)
        if hold is AT_THE_GATE:
            arrived.append((seq, gates))
        else:
            moved.append((seq, hold.state, to_json(hold.reason)))
    await tx.feed("admission.hold", moved)
    await arrive(tx, arrived, now)


async def arrive(
    tx: Transaction, runs: Sequence[Gated], now: Instant, freed: Iterable[int] = (), *, were_ready: bool = False
) -> None:
    """Runs come to their gates, and slots of others become free at the same moment.

    Where readers were told that they are ready, they are told of those that no longer are.
    """
    seqs = [seq for seq, _ in runs]
    came_to = {gate for _, gates in runs for gate in gates}
    if runs:
        await recall(tx, came_to, seqs)
        await tx.call("admission.arrive", seqs)
    await admit(tx, came_to.union(freed), now, contested=came_to)
    if runs:
        await tx.call("admission.name_gates", seqs)
        if were_ready:
            await tell_blocked(tx, seqs, now)


async def release(tx: Transaction, runs: Iterable[Waiter]) -> set[int]:
    """Runs give their slots back, while they have the rank with which they took them; `admit` is to follow.

    Answers the gates.
    """
    slots = [(gate, rank, seq) for rank, seq, gates in runs for gate in gates]
    await tx.feed("admission.give_back", slots)
    return {gate for gate, _, _ in slots}


async def admit(tx: Transaction, touched: Collection[int], now: Instant, *, contested: Collection[int] = ()) -> int:
    """Put gates in order. Only before `contested` ones may somebody wait who goes before one that is ready.

    Answers how many runs passed.
    """
    if not touched:
        return 0
    touched = {*touched, *await due_rates(tx, now)}  # else the next in line behind a lane would take what is due
    free = await free_slots(tx, touched, now)
    passed, entangled = await _hand_over(tx, free)
    if full := [gate for gate in contested if free[gate] <= 0]:
        entangled.update(gate for (gate,) in await tx.call("admission.contested", full))
    entangled.update(gate for gate, count in free.items() if count < 0)
    if entangled:
        arranger = _Arranger(tx, now)
        passed += await arranger.arrange(entangled)
        touched |= arranger.touched
    await set_alarms(tx, touched, now)
    return passed


async def _hand_over(tx: Transaction, free: dict[int, int]) -> tuple[int, set[int]]:
    """Give free slots to the best that wait for nothing else; whatever the number of gates, in as many statements.

    Lowers the counts by what it gave. Answers how many that was, and the gates where the next in line has other gates
    to pass as well.
    """
    entangled: set[int] = set()
    given = 0
    looked_at = {gate: count for gate, count in free.items() if count > 0}
    while looked_at and given < MOST_ADMITTED:
        page = min(max(looked_at.values()), _PAGE)
        taken: list[_Slot] = []
        more: dict[int, int] = {}
        for gate, found in (await _waiters(tx, looked_at, page)).items():
            waiters = found[: looked_at[gate]]
            simple = list(takewhile(lambda waiter: len(waiter[2]) == 1, waiters))
            taken.extend((gate, rank, seq) for rank, seq, _ in simple)
            free[gate] -= len(simple)
            if len(simple) < len(waiters):
                entangled.add(gate)
            elif len(simple) == page and free[gate]:
                more[gate] = free[gate]
        await _let_in(tx, taken)
        given += len(taken)
        looked_at = more
    return given, entangled


async def _waiters(tx: Transaction, gates: Collection[int], most: int) -> dict[int, list[Waiter]]:
    """The best of those that wait before each gate."""
    found: dict[int, list[Waiter]] = {gate: [] for gate in gates}
    for gate, rank, seq, its_gates in await tx.call("admission.waiters", list(gates), most):
        found[gate].append((rank, seq, tuple(its_gates)))
    return found


async def _let_in(tx: Transaction, slots: Sequence[_Slot]) -> None:
    if slots:
        await tx.feed("admission.take", slots)
        await tx.call("admission.let_in", list({seq for _, _, seq in slots}))


async def tell_blocked(tx: Transaction, seqs: Sequence[int], now: Instant) -> None:
    """Write the events of runs that were ready and are blocked."""
    told = [
        (domain, _BLOCKED, run_id, n, job_id, now, encode({"reason": to_reason(reason)}))
        for domain, run_id, n, job_id, reason in await tx.call("admission.count_blocked", list(seqs))
    ]
    await tx.tell(told)


class _Arranger:
    """Run by run, the best first, for gates where runs wait that have several to pass, or that others have to make
    room for. What it takes from a run that is ready may let others pass that come later still, so it ends.
    """

    def __init__(self, tx: Transaction, now: Instant) -> None:
        self._tx = tx
        self._now = now
        self._best: list[tuple[Waiter, int]] = []
        self.touched: set[int] = set()
        """The gates of the runs that it has moved."""

    async def arrange(self, gates: Collection[int]) -> int:
        """Put gates, and those that turn out to hang together with them, in order; answers how many runs passed."""
        for gate in gates:
            while await self._free(gate) < 0 and (last := await self._last_ready(gate)) is not None:
                await self._put_out(last, gate)
            await self._look_at(gate)
        passed = 0
        while self._best and passed < MOST_ADMITTED:
            _, gate = heapq.heappop(self._best)
            waiter = await self._first(gate)
            if waiter is None:
                continue
            if self._best and (waiter, gate) > self._best[0]:  # what was seen has gone by: its turn comes later
                heapq.heappush(self._best, (waiter, gate))
                continue
            full = await self._first_full(waiter)
            if full == gate:
                continue  # and so it is for all behind
            if full is None:
                await self._pass(waiter)
                passed += 1
            else:
                await self._wait_for(waiter, full)
            await self._look_at(gate)
        return passed

    async def _look_at(self, gate: int) -> None:
        if (waiter := await self._first(gate)) is not None:
            heapq.heappush(self._best, (waiter, gate))

    async def _first_full(self, waiter: Waiter) -> int | None:
        """The first of a run's gates where nothing is free for it, and none is ready that goes after it."""
        await recall(self._tx, waiter[2], [waiter[1]])
        for gate in waiter[2]:
            if await self._free(gate) > 0:
                continue
            last = await self._last_ready(gate)
            if last is None or last < waiter:
                return gate
        return None

    async def _pass(self, waiter: Waiter) -> None:
        for gate in waiter[2]:
            if await self._free(gate) <= 0 and (last := await self._last_ready(gate)) is not None:
                await self._put_out(last, gate)
        self.touched.update(waiter[2])
        await _let_in(self._tx, [(gate, *waiter[:2]) for gate in waiter[2]])

    async def _put_out(self, run: Waiter, gate: int) -> None:
        """A run that is ready gives all its slots back and waits for this one."""
        freed = await release(self._tx, [run])
        await self._wait_for(run, gate)
        await tell_blocked(self._tx, [run[1]], self._now)
        for other in freed - {gate}:
            await self._look_at(other)

    async def _wait_for(self, run: Waiter, gate: int) -> None:
        self.touched.update(run[2])
        await self._tx.call("admission.wait_for", run[1], gate)
        await self._tx.call("admission.name_gates", [run[1]])

    async def _free(self, gate: int) -> int:
        return (await free_slots(self._tx, [gate], self._now))[gate]

    async def _first(self, gate: int) -> Waiter | None:
        return next(iter((await _waiters(self._tx, [gate], 1))[gate]), None)

    async def _last_ready(self, gate: int) -> Waiter | None:
        for rank, seq, gates in await self._tx.call("admission.last_ready", gate):
            return rank, seq, tuple(gates)
        return None
