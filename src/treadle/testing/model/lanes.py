"""The model's lanes and rates, and the one rule of admission: all that are at the gates, in order, pass or do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from treadle.domain import rates
from treadle.domain.errors import StaleVersion
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.limits import LaneUse, Limits, RateUse, is_rendered, limit_in_force
from treadle.domain.queues import QueueState
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Run, State
from treadle.domain.states import TABLE, Change
from treadle.domain.workers import WorkerState, can_take, serves
from treadle.engines.contract import Topic
from treadle.system import Clock
from treadle.testing.model.state import Data, Entry, LaneRow, RateRow

Gate: TypeAlias = tuple[ReasonCode, str, str]
"""What kind of gate, its domain, its key."""


def declare(data: Data, domain: str, limits: Limits, *, over: bool | None) -> None:
    """Put down limits as jobs declare them. `over` those that stand, or not; None: those made from inputs only."""
    for lane in limits.lanes:
        row = data.lanes.setdefault((domain, lane.key), LaneRow())
        if row.declared is None or _replaces(lane.key, over=over):
            row.declared = lane.limit
    for limit in limits.rates:
        rate = data.rates.setdefault((domain, limit.key), RateRow(limit.rate))
        if _replaces(limit.key, over=over):
            rate.rate = limit.rate


def _replaces(key: str, *, over: bool | None) -> bool:
    return key.startswith("key:") if over is None else over


def readmit(data: Data, now: Instant) -> int:
    """Who of those at the gates is ready: in order, each that finds all its gates open passes, and holds them."""
    at_gate = sorted((e for e in data.live.values() if e.at_gate), key=lambda e: (e.run.rank, e.seq))
    for entry in at_gate:  # some of their limits may have been forgotten
        declare(data, entry.run.domain, entry.run.limits or Limits(), over=False)
    free = _free(data, now)
    passed = 0
    for entry in at_gate:
        gates = gates_of(entry.run)
        full = next((gate for gate in gates if free[gate] <= 0), None)
        if full is None:
            free.subtract(gates)
            passed += entry.run.state is not State.READY
            entry.run = msgspec.structs.replace(entry.run, state=State.READY, reason=None)
        else:
            _hold_back(data, entry, Reason(full[0], full[2]), now)
    return passed


def _hold_back(data: Data, entry: Entry, reason: Reason, now: Instant) -> None:
    was_ready = entry.run.state is State.READY
    entry.run = msgspec.structs.replace(entry.run, state=State.BLOCKED, reason=reason)
    if was_ready:
        data.tell(entry, TABLE[State.READY, Change.PREEMPT].event, now, encode({"reason": reason}))


def gates_of(run: Run) -> list[Gate]:
    """The gates of a run, in their order."""
    limits = run.limits or Limits()
    lanes = [(ReasonCode.LANE, run.domain, lane.key) for lane in limits.lanes]
    return [*lanes, *((ReasonCode.RATE, run.domain, limit.key) for limit in limits.rates)]


def _free(data: Data, now: Instant) -> Counter[Gate]:
    """What each gate lets pass beside what runs."""
    free: Counter[Gate] = Counter()
    for (domain, key), lane in data.lanes.items():
        free[ReasonCode.LANE, domain, key] = limit_in_force(lane.declared, lane.by_hand)
    for (domain, key), row in data.rates.items():
        free[ReasonCode.RATE, domain, key] = rates.capacity(row.rate, row.used_until, now)
    for entry in data.live.values():
        if entry.run.state is State.RUNNING:
            free.subtract(gate for gate in gates_of(entry.run) if gate[0] is ReasonCode.LANE)
    return free


def use_tokens(data: Data, run: Run, now: Instant) -> None:
    """A run that starts uses up a token of each of its rates."""
    for kind, domain, key in gates_of(run):
        if kind is ReasonCode.RATE:
            row = data.rates[domain, key]
            row.used_until = rates.consume(row.rate, row.used_until, now)


def next_tokens(data: Data, now: Instant) -> list[Instant]:
    """When those that wait for a rate may go on."""
    waiting = [run for run in (entry.run for entry in data.live.values()) if run.reason is not None]
    keys = {(run.domain, run.reason.subject) for run in waiting if run.reason and run.reason.code is ReasonCode.RATE}
    return [_rate_use(data, *name).next_token(now) for name in keys]


def _rate_use(data: Data, domain: str, key: str) -> RateUse:
    row = data.rates[domain, key]
    live = [entry.run for entry in data.live.values() if entry.run.domain == domain]
    ready = [run for run in live if run.state is State.READY]
    return RateUse(
        domain=domain,
        key=key,
        rate=row.rate,
        used_until=row.used_until,
        reserved=sum((ReasonCode.RATE, domain, key) in gates_of(run) for run in ready),
        waiting=sum(run.reason == Reason(ReasonCode.RATE, key) for run in live),
    )


def _lane_use(data: Data, domain: str, key: str) -> LaneUse:
    row = data.lanes[domain, key]
    live = [entry.run for entry in data.live.values() if entry.run.domain == domain]
    active = [run for run in live if run.state in (State.READY, State.RUNNING)]
    holders = [run.id for run in active if (ReasonCode.LANE, domain, key) in gates_of(run)]
    return LaneUse(
        domain=domain,
        key=key,
        declared=row.declared,
        by_hand=row.by_hand,
        held=len(holders),
        holders=tuple(holders),
        waiting=sum(run.reason == Reason(ReasonCode.LANE, key) for run in live),
    )


class ModelLanes:
    """See `contract.LaneStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def find(self, domain: str, *, after: str = "", limit: int = 200) -> list[LaneUse]:
        keys = sorted(key for owner, key in self._data.lanes if owner == domain and key > after)
        return [_lane_use(self._data, domain, key) for key in keys[:limit]]

    async def get(self, domain: str, keys: Sequence[str]) -> list[LaneUse]:
        return [_lane_use(self._data, domain, key) for key in sorted(set(keys)) if (domain, key) in self._data.lanes]

    async def rates(self, domain: str, keys: Sequence[str]) -> list[RateUse]:
        return [_rate_use(self._data, domain, key) for key in sorted(set(keys)) if (domain, key) in self._data.rates]

    async def set_limit(
        self,
        domain: str,
        key: str,
        limit: int | None,
        *,
        seen: int | UnsetType | None = UNSET,
        now: Instant | None = None,
    ) -> bool:
        standing = self._data.lanes.get((domain, key))
        if seen is not UNSET and (None if standing is None else standing.by_hand) != seen:
            raise StaleVersion(f"the limit of lane {key} was set meanwhile")
        if limit is None and standing is None:
            return False
        row = self._data.lanes.setdefault((domain, key), LaneRow())
        row.by_hand = limit
        if row.declared is None and limit is None:
            del self._data.lanes[domain, key]
        readmit(self._data, self._wall(now))
        self._data.wake([Topic.RUNS, Topic.EVENTS])
        return True

    async def tend(self, limit: int, *, now: Instant | None = None) -> int:
        return readmit(self._data, self._wall(now))

    async def prune(self, before: Instant, limit: int) -> int:
        data = self._data
        named = [_lane_use(data, *name) for name in data.lanes if is_rendered(name[1])]
        lanes = [lane for lane in named if lane.by_hand is None and not lane.held and not lane.waiting][:limit]
        for lane in lanes:
            del data.lanes[lane.domain, lane.key]
        uses = [_rate_use(data, *name) for name in data.rates if is_rendered(name[1])]
        unused = [use for use in uses if not use.reserved and not use.waiting and (use.used_until or 0) < before]
        rates = unused[: limit - len(lanes)]
        for rate in rates:
            del data.rates[rate.domain, rate.key]
        return len(lanes) + len(rates)

    async def step_aside(self, limit: int, *, now: Instant | None = None) -> int:
        entries = [entry for entry in self._data.live.values() if entry.at_gate or entry.aside]
        back = [entry for entry in entries if entry.aside and self._is_open(entry.run)]
        for entry in back:
            entry.at_gate, entry.aside = True, False
        readmit(self._data, self._wall(now))
        open_gates = {
            gate
            for entry in entries
            if entry.at_gate and entry.run.state is State.BLOCKED and self._is_open(entry.run)
            for gate in gates_of(entry.run)
        }
        shut = [entry for entry in entries if entry.at_gate and not self._is_open(entry.run)]
        away = [entry for entry in shut if open_gates.intersection(gates_of(entry.run))]
        for entry in away:
            entry.at_gate, entry.aside = False, True
            _hold_back(self._data, entry, Reason(ReasonCode.LINE, entry.run.queue), self._wall(now))
        readmit(self._data, self._wall(now))
        return len(back) + len(away)

    def _is_open(self, run: Run) -> bool:
        """Whether anybody may take from a run's line."""
        online = [one.spec for one in self._data.members.values() if one.state is WorkerState.ONLINE]
        able = [one for one in online if can_take(one.queues, one.requires, one.traits, run.queue, run.requires)]
        paused = self._data.control(run.domain, run.queue).state is QueueState.PAUSED
        return not paused and any(serves(spec.domains, run.domain) for spec in able)

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now
