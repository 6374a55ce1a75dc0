"""Admission: the one place that moves waiting runs to what holds them next, or to ready.

Whatever takes a hold away calls `advance`: a parent ended, a due time came, an event came, a sleep ended. Whatever
brings runs to their gates, takes them from there or changes a limit calls `admit` with the gates concerned, in the
same transaction. It leaves every gate in order: those that are ready behind it are no more than it lets pass, and none
waits before it that goes before one of them. So a freed slot goes to the best who waits; and whoever comes late but
goes first takes the slot of a run that is ready, though never that of one that runs.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile
from typing import Final, TypeAlias

import apsw
import msgspec

from treadle.domain.admission import AT_THE_GATE, next_hold
from treadle.domain.instants import Instant
from treadle.domain.runs import State
from treadle.domain.states import TABLE, Change
from treadle.engines.records import to_json
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.gates import due_rates, free_slots, recall, set_alarms
from treadle.engines.sqlite.queries import load

Waiter: TypeAlias = tuple[Instant, int, str]
"""The rank of a run, its number, and its gates as JSON: of those that wait, the lesser goes first."""

MOST_ADMITTED: Final = 2_000
"""How many runs a transaction lets pass at one gate; what is left is for the sweeper."""

_SQL: Final = load("admission")
_PAGE: Final = 200
_BLOCKED: Final = TABLE[State.READY, Change.PREEMPT].event
_gates: Final = msgspec.json.Decoder(list[int])
_waiters: Final = msgspec.json.Decoder(list[tuple[int, list[Waiter]]])


def advance(connection: apsw.Connection, seqs: Sequence[int], now: Instant) -> None:
    """Move runs that wait, and whose parents let them go, on; the caller holds the write transaction."""
    if not seqs:
        return
    moved, arrived = [], []
    for seq, due_at, gates in fetch(connection, _SQL["waiting"], (json_list(seqs),)):
        hold = next_hold(has_parents=False, due_at=due_at, gated=gates is not None, now=now)
        if hold is AT_THE_GATE:
            arrived.append((seq, gates))
        else:
            moved.append((seq, hold.state, to_json(hold.reason)))
    connection.execute(_SQL["hold"], (json_list(moved),))
    arrive(connection, arrived, now)


def arrive(
    connection: apsw.Connection,
    runs: Sequence[tuple[int, str]],
    now: Instant,
    freed: Iterable[int] = (),
    *,
    were_ready: bool = False,
) -> None:
    """Runs, as numbers with their gates, come to their gates, and slots of others become free at the same moment.

    Where readers were told that they are ready, they are told of those that no longer are.
    """
    seqs = json_list([seq for seq, _ in runs])
    came_to = {gate for _, gates in runs for gate in _gates.decode(gates)}
    if runs:
        recall(connection, came_to, seqs)
        connection.execute(_SQL["arrive"], (seqs,))
    admit(connection, came_to.union(freed), now, contested=came_to)
    if runs:
        connection.execute(_SQL["name_gate"], (seqs,))
        if were_ready:
            tell_blocked(connection, seqs, now)


def release(connection: apsw.Connection, runs: Iterable[Waiter]) -> set[int]:
    """Runs give their slots back, while they have the rank with which they took them; `admit` is to follow.

    Answers the gates.
    """
    slots = [(gate, rank, seq) for rank, seq, gates in runs for gate in _gates.decode(gates)]
    connection.execute(_SQL["give_back"], (json_list(slots),))
    return {gate for gate, _, _ in slots}


def admit(
    connection: apsw.Connection, touched: Collection[int], now: Instant, *, contested: Collection[int] = ()
) -> int:
    """Put gates in order. Only before `contested` ones may somebody wait who goes before one that is ready.

    Answers how many runs passed.
    """
    if not touched:
        return 0
    touched = {*touched, *due_rates(connection, now)}  # else the next in line behind a lane would take what is due
    free = free_slots(connection, touched, now)
    passed, entangled = _hand_over(connection, free)
    if contested:
        full = json_list([gate for gate in contested if free[gate] <= 0])
        entangled.update(gate for (gate,) in fetch(connection, _SQL["contested"], (full,)))
    entangled.update(gate for gate, count in free.items() if count < 0)
    if entangled:
        arranger = _Arranger(connection, now)
        passed += arranger.arrange(entangled)
        touched |= arranger.touched
    set_alarms(connection, touched, now)
    return passed


def _hand_over(connection: apsw.Connection, free: dict[int, int]) -> tuple[int, set[int]]:
    """Give free slots to the best that wait for nothing else; whatever the number of gates, in as many statements.

    Lowers the counts by what it gave. Answers how many that was, and the gates where the next in line has other gates
    to pass as well.
    """
    looked_at = {gate: count for gate, count in free.items() if count > 0}
    entangled: set[int] = set()
    given = 0
    while looked_at and given < MOST_ADMITTED:
        page = min(max(looked_at.values()), _PAGE)
        taken: list[tuple[int, Instant, int]] = []
        more: dict[int, int] = {}
        ((found,),) = fetch(connection, _SQL["waiters"], (json_list(list(looked_at)), page))
        for gate, first in _waiters.decode(found):
            waiters = first[: looked_at[gate]]
            simple = list(takewhile(lambda waiter: "," not in waiter[2], waiters))
            taken.extend((gate, rank, seq) for rank, seq, _ in simple)
            free[gate] -= len(simple)
            if len(simple) < len(waiters):
                entangled.add(gate)
            elif len(simple) == page and free[gate]:
                more[gate] = free[gate]
        _let_in(connection, taken)
        given += len(taken)
        looked_at = more
    return given, entangled


def _let_in(connection: apsw.Connection, slots: Sequence[tuple[int, Instant, int]]) -> None:
    if slots:
        listed = json_list(slots)
        connection.execute(_SQL["take"], (listed,))
        connection.execute(_SQL["let_in"], (listed,))


def tell_blocked(connection: apsw.Connection, seqs: str, now: Instant) -> None:
    """Write the events of runs, as a JSON list, that were ready and are blocked."""
    connection.execute(_SQL["tell_blocked"], (seqs, _BLOCKED, now))
    connection.execute(_SQL["count_blocked"], (seqs,))


class _Arranger:
    """Run by run, the best first, for gates where runs wait that have several to pass, or that others have to make
    room for. What it takes from a run that is ready may let others pass that come later still, so it ends.
    """

    def __init__(self, connection: apsw.Connection, now: Instant) -> None:
        self._connection = connection
        self._now = now
        self._best: list[tuple[Waiter, int]] = []
        self.touched: set[int] = set()
        """The gates of the runs that it has moved."""

    def arrange(self, gates: Collection[int]) -> int:
        """Put gates, and those that turn out to hang together with them, in order; answers how many runs passed."""
        for gate in gates:
            while self._free(gate) < 0 and (last := self._last_ready(gate)) is not None:
                self._put_out(last, gate)
            self._look_at(gate)
        passed = 0
        while self._best and passed < MOST_ADMITTED:
            _, gate = heapq.heappop(self._best)
            waiter = self._first(gate)
            if waiter is None:
                continue
            if self._best and (waiter, gate) > self._best[0]:  # what was seen has gone by: its turn comes later
                heapq.heappush(self._best, (waiter, gate))
                continue
            gates = _gates.decode(waiter[2])
            recall(self._connection, gates, json_list([waiter[1]]))
            full = next((other for other in gates if self._is_full(other, waiter)), None)
            if full == gate:
                continue  # and so it is for all behind
            if full is None:
                self._pass(waiter)
                passed += 1
            else:
                self._wait_for(waiter, full)
            self._look_at(gate)
        return passed

    def _look_at(self, gate: int) -> None:
        if (waiter := self._first(gate)) is not None:
            heapq.heappush(self._best, (waiter, gate))

    def _is_full(self, gate: int, waiter: Waiter) -> bool:
        """Whether nothing is free for this run, and none is ready that goes after it."""
        if self._free(gate) > 0:
            return False
        last = self._last_ready(gate)
        return last is None or last < waiter

    def _pass(self, waiter: Waiter) -> None:
        gates = _gates.decode(waiter[2])
        for gate in gates:
            if self._free(gate) <= 0 and (last := self._last_ready(gate)) is not None:
                self._put_out(last, gate)
        self.touched.update(gates)
        _let_in(self._connection, [(gate, *waiter[:2]) for gate in gates])

    def _put_out(self, run: Waiter, gate: int) -> None:
        """A run that is ready gives all its slots back and waits for this one."""
        freed = release(self._connection, [run])
        self._wait_for(run, gate)
        tell_blocked(self._connection, json_list([run[1]]), self._now)
        for other in freed - {gate}:
            self._look_at(other)

    def _wait_for(self, run: Waiter, gate: int) -> None:
        self.touched.update(_gates.decode(run[2]))
        self._connection.execute(_SQL["wait_for"], (run[1], gate))
        self._connection.execute(_SQL["name_gate"], (json_list([run[1]]),))

    def _free(self, gate: int) -> int:
        return free_slots(self._connection, [gate], self._now)[gate]

    def _first(self, gate: int) -> Waiter | None:
        found = fetch(self._connection, _SQL["first"], (gate,))
        return found[0] if found else None

    def _last_ready(self, gate: int) -> Waiter | None:
        found = fetch(self._connection, _SQL["last_ready"], (gate,))
        return found[0] if found else None
