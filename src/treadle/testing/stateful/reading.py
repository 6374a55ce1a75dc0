"""Everything that can be read of an engine, in a form in which two engines can be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from treadle.domain.admission import AT_THE_GATE, next_hold
from treadle.domain.dependencies import Parent
from treadle.domain.events import Event
from treadle.domain.instants import Instant
from treadle.domain.limits import LaneUse, RateUse
from treadle.domain.messages import Message
from treadle.domain.queues import Queue, QueueControl
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import LIVE, Claim, Run, State
from treadle.domain.schedules import Schedule
from treadle.domain.states import TABLE, Change
from treadle.domain.steps import RunStep
from treadle.domain.waits import EventWait
from treadle.domain.workers import Worker
from treadle.engines.contract import Consumer, Document, Engine, MessageQuery, RunQuery
from treadle.testing.stateful.ledger import check_life

PREEMPTED: Final = TABLE[State.READY, Change.PREEMPT].event
DOMAINS: Final = ("default", "theirs")
RATES: Final = ("r",)
ALL: Final = 100_000


class Everything(Struct, frozen=True, kw_only=True):
    """What readers see at one moment."""

    runs: list[Run]
    live: dict[str, int]
    held: list[tuple[str, Claim, Instant | None]]
    workers: list[Worker]
    schedules: list[Schedule]
    due: set[str]
    next_due: Instant | None
    steps: dict[str, list[RunStep]]
    waits: dict[str, EventWait | None]
    documents: list[Document]
    queues: list[tuple[str, str, QueueControl, int, int]]
    lanes: list[LaneUse]
    rates: list[RateUse]
    messages: list[Message]
    awaited: list[Consumer]
    parents: list[list[Parent]]
    children: list[list[str]]
    domains: list[tuple[str, int, int]]
    dead_letters: list[Run]


async def everything(engine: Engine, now: Instant) -> Everything:
    """All there is in `DOMAINS` but events and logs."""
    runs = [run for name in DOMAINS for run in await engine.runs.find(RunQuery(domain=name, limit=ALL))]
    workers = [worker for name in DOMAINS for worker in await engine.workers.find(name)]
    schedules = [schedule for name in DOMAINS for schedule in await engine.schedules.find(name)]
    held = await engine.runs.held_by(sorted({run.worker_id for run in runs if run.worker_id is not None}))
    return Everything(
        runs=[_comparable(run, now) for run in runs],
        live={name: sum((await engine.runs.counts(name)).values()) for name in DOMAINS},
        held=sorted(held, key=lambda one: one[1].id),
        workers=workers,
        schedules=schedules,
        due={f"{schedule.domain} {schedule.id}" for schedule in await engine.schedules.due(ALL, now=now)},
        next_due=await engine.schedules.next_due(),
        parents=[await engine.runs.parents(r.domain, r.id, results=True) for r in runs if r.depends is not None],
        children=[await engine.runs.children(run.domain, run.id) for run in runs],
        steps={run.id: without_positions(await engine.steps.find(run.domain, run.id)) for run in runs},
        waits={run.id: _without_position(await engine.steps.waiting(run.domain, run.id)) for run in runs},
        documents=[document for name in DOMAINS for document in await engine.documents.find(name, "job")],
        queues=[_as_told(queue) for name in DOMAINS for queue in await engine.queues.find(name)],
        lanes=[_as_held(lane) for name in DOMAINS for lane in await engine.lanes.find(name)],
        rates=[replace(rate, waiting=0) for name in DOMAINS for rate in await engine.lanes.rates(name, RATES)],
        messages=[
            message for name in DOMAINS for message in await engine.messages.find(MessageQuery(domain=name, limit=ALL))
        ],
        awaited=await engine.messages.awaited(ALL),
        domains=[(domain.name, domain.weight, domain.running) for domain in await engine.domains.find()],
        dead_letters=[
            run for name in DOMAINS for run in await engine.dead_letters.find(RunQuery(domain=name, limit=ALL))
        ],
    )


def without_positions(steps: Sequence[RunStep]) -> list[RunStep]:
    """Steps as they compare: each engine has positions of its own for events."""
    return [replace(step, event=None if step.event is None else 0) for step in steps]


def _without_position(wait: EventWait | None) -> EventWait | None:
    """The same of a wait: how far an engine has held events against it."""
    return None if wait is None else replace(wait, after=0)


class Lives:
    """The events of an engine, read from position to position as a follower does, and sorted by run."""

    def __init__(self) -> None:
        self.told: dict[str, list[Event]] = defaultdict(list)
        self._positions = dict.fromkeys(DOMAINS, 0)

    async def follow(self, engine: Engine) -> None:
        """Read on."""
        for domain in DOMAINS:
            for event in await engine.events.read(domain, after=self._positions[domain], limit=ALL):
                assert event.seq > self._positions[domain]
                self._positions[domain] = event.seq
                self.told[event.subject].append(replace(event, seq=0))

    def shown(self) -> dict[str, list[Event]]:
        """The events but those of runs that lost the slot of a lane again: when they are let in is the engine's way."""
        return {
            subject: [replace(event, n=0) for event in events if event.type != PREEMPTED]
            for subject, events in self.told.items()
        }

    def check(self, runs: Sequence[Run]) -> None:
        """I13: each run's events lead to where it is."""
        for run in runs:
            life = [event for event in self.told[run.id] if event.n]
            last = life[-1]
            may_be = check_life(life)
            assert run.state in may_be or State.SCHEDULED in may_be or State.BLOCKED in may_be, f"I13: {last}"


def _as_held(lane: LaneUse) -> LaneUse:
    """A lane but for those that wait for it: see `_comparable`."""
    return replace(lane, holders=tuple(sorted(lane.holders)), waiting=0)


def _as_told(queue: Queue) -> tuple[str, str, QueueControl, int, int]:
    """A queue, with what waits in it as one number: see `_as_due`."""
    waiting = queue.ready + queue.scheduled + queue.blocked
    return queue.domain, queue.name, queue.control, waiting, queue.running


async def check_lanes(engine: Engine) -> None:
    """I6, by what readers see: a lane's holders are those that are ready or run with it, within its limit but for what
    runs since before it was lowered; and nobody waits for a lane in which there is room."""
    for domain in DOMAINS:
        live = await engine.runs.find(RunQuery(domain=domain, limit=ALL, states=tuple(LIVE)))
        for lane in await engine.lanes.find(domain, limit=ALL):
            users = [run for run in live if run.limits and lane.key in {each.key for each in run.limits.lanes}]
            holders = [run for run in users if run.state in (State.READY, State.RUNNING)]
            assert sorted(lane.holders) == sorted(run.id for run in holders), f"I6: {lane}"
            ready = [run for run in holders if run.state is State.READY]
            assert not ready or len(holders) <= lane.limit, f"I6: {lane}"
            waiting = [run for run in live if run.reason == Reason(ReasonCode.LANE, lane.key)]
            assert len(waiting) == lane.waiting
            assert not waiting or len(holders) >= lane.limit, f"I6: {lane} has room"
            if ready and waiting:
                assert max(run.rank for run in ready) <= min(run.rank for run in waiting), f"I8: {lane}"


def _comparable(run: Run, now: Instant) -> Run:
    """When a due run is written down as ready is the engine's business, and which it names of several full gates."""
    if run.state is State.SCHEDULED and run.due_at <= now:
        gated = run.limits is not None and run.limits.gated
        hold = next_hold(has_parents=False, due_at=run.due_at, gated=gated, now=now)
        return replace(run, state=hold.state, reason=hold.reason)
    if run.reason is not None and run.reason.code in (ReasonCode.LANE, ReasonCode.RATE):
        return replace(run, reason=AT_THE_GATE.reason)
    return run
