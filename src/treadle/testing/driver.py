"""Drives an engine as submitters, workers and the sweeper do, in the few words that a test wants to spend on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from treadle.domain.admission import next_hold
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant, Micros
from treadle.domain.json import encode
from treadle.domain.limits import Lane, Limits
from treadle.domain.messages import Intake, Message, MessageState, NewMessage
from treadle.domain.outcomes import Failed, Lost, Outcome, RunError
from treadle.domain.overlap import Overlap, schedule_lanes
from treadle.domain.priority import Priority, rank
from treadle.domain.retry import ListedBackoff, RetryPolicy
from treadle.domain.runs import DEFAULT_DOMAIN, Cause, Claim, NewRun, Run, State
from treadle.domain.schedules import Misfire, Schedule, ScheduleSpec, plan, start
from treadle.domain.states import Transition, settle
from treadle.domain.steps import RunStep
from treadle.domain.triggers import Interval
from treadle.domain.work import PythonHandler, Work, decode_work, encode_work
from treadle.domain.workers import LEASE, WorkerSpec
from treadle.engines.contract import Engine, Firing, MessageQuery, Save
from treadle.system import IdSource, SystemClock

HANDLER: Final = "handler:report"
"""What runs require where a test says nothing else, and what workers offer."""

BOOM: Final = Failed(RunError("exception", "boom"))

new_id: Final = IdSource(SystemClock())


def work(*, max_retries: int = 3, delays: tuple[float, ...] = (1.0,)) -> bytes:
    """Encoded work of a handler, with its retry policy."""
    policy = RetryPolicy(max_retries=max_retries, backoff=ListedBackoff(delays))
    return encode_work(Work(PythonHandler("report"), retry=policy))


def new_run(now: Instant, *, delay: Micros = 0, priority: Priority = Priority.NORMAL, **fields: Any) -> NewRun:
    """A run submitted at `now`, due after `delay`; `fields` are those of `NewRun`."""
    due_at = now + delay
    limits: Limits | None = fields.get("limits")
    hold = next_hold(has_parents=False, due_at=due_at, gated=limits is not None and limits.gated, now=now)
    standard: dict[str, Any] = {
        "id": fields.get("id") or new_id("run"),
        "job_id": "job_report",
        "requires": HANDLER,
        "priority": priority,
        "state": hold.state,
        "reason": hold.reason,
        "due_at": due_at,
        "rank": rank(due_at, priority),
        "created_at": now,
        "work": work(),
    }
    return NewRun(**standard | fields)


def new_message(now: Instant, **fields: Any) -> NewMessage:
    """A message put at `now`; `fields` are those of `NewMessage`."""
    standard: dict[str, Any] = {"id": new_id("msg"), "type": "mail", "payload": b"{}", "created_at": now}
    return NewMessage(**standard | fields)


def lanes(**limits: int) -> Limits:
    """The limits of a run by lane, in the order of their names."""
    return Limits(lanes=tuple(Lane(key, limit) for key, limit in sorted(limits.items())))


def worker_spec(*, domain: str = DEFAULT_DOMAIN, **fields: Any) -> WorkerSpec:
    """A worker that takes what `new_run` makes; `fields` are those of `WorkerSpec`."""
    standard: dict[str, Any] = {
        "id": new_id("wrk"),
        "domains": (domain,),
        "host": "here",
        "pid": os.getpid(),
        "slots": 8,
        "requires": frozenset({HANDLER}),
        "version": "1",
    }
    return WorkerSpec(**standard | fields)


def transition(
    claim: Claim,
    outcome: Outcome,
    *,
    now: Instant,
    worker_id: str | None,
    chance: float = 0.5,
    started_at: Instant | None = None,
) -> Transition:
    """What an outcome of a claimed run means, by the domain's rules."""
    return settle(
        claim,
        decode_work(claim.work),
        outcome,
        now=now,
        chance=chance,
        worker_id=worker_id,
        started_at=started_at,
    )


class Driver:
    """An engine, and a time of the test's own which is passed to every verb. It begins at the engine's."""

    def __init__(self, engine: Engine, now: Instant | None = None) -> None:
        self.engine = engine
        self.now = engine.now() if now is None else now

    async def submit(self, count: int = 1, **fields: Any) -> list[str]:
        """Enqueue equal runs; their ids."""
        runs = [new_run(self.now, **fields) for _ in range(count)]
        return [accepted.run_id for accepted in await self.engine.runs.enqueue(runs, now=self.now)]

    async def worker(self, *, lease: Micros = LEASE, **fields: Any) -> str:
        """Register a worker; its id."""
        spec = worker_spec(**fields)
        await self.engine.workers.register(spec, lease, now=self.now)
        return spec.id

    async def claim(self, worker_id: str, want: int = 1) -> tuple[Claim, ...]:
        """What a worker gets."""
        return (await self.engine.runs.step(worker_id, (), want, now=self.now)).claims

    async def claim_one(self, worker_id: str) -> Claim:
        """The one run that a worker gets."""
        (claim,) = await self.claim(worker_id)
        return claim

    async def put(self, count: int = 1, **fields: Any) -> list[str]:
        """Put equal messages; their ids."""
        messages = [new_message(self.now, **fields) for _ in range(count)]
        return [received.message_id for received in await self.engine.messages.put(messages, now=self.now)]

    async def take(self, claim: Claim, **intake: Any) -> list[str]:
        """The ids of the batch that a run gets."""
        wanted = Intake(**{"type": "mail"} | intake)
        return [message.id for message in await self.engine.messages.take(claim, wanted)]

    async def message(self, message_id: str, domain: str = DEFAULT_DOMAIN) -> Message:
        """A message as it stands."""
        (message,) = await self.engine.messages.get(domain, [message_id])
        return message

    async def inbox(self, domain: str = DEFAULT_DOMAIN) -> dict[MessageState, list[str]]:
        """The ids of all messages by their states, the oldest first."""
        found = await self.engine.messages.find(MessageQuery(domain=domain, limit=10_000))
        by_state: dict[MessageState, list[str]] = {}
        for message in reversed(found):
            by_state.setdefault(message.state, []).append(message.id)
        return by_state

    def outcome(self, claim: Claim, outcome: Outcome, worker_id: str | None) -> Transition:
        """The transition of an outcome, now."""
        return transition(claim, outcome, now=self.now, worker_id=worker_id, started_at=claim.claimed_at)

    async def settle(self, worker_id: str, claim: Claim, outcome: Outcome) -> tuple[str, ...]:
        """Settle one run as its worker does; the refused ids."""
        return await self.engine.runs.settle([self.outcome(claim, outcome, worker_id)], now=self.now)

    async def record(self, worker_id: str, claim: Claim, step: RunStep) -> bool:
        """Record a step as a run's worker does; whether it was taken."""
        return await self.engine.steps.record(worker_id, claim.id, claim.token, step, now=self.now)

    async def sweep(self) -> tuple[str, ...]:
        """End leases and settle what was lost by them, as the sweeper does; the refused ids."""
        refused: list[str] = []
        for worker_id in await self.engine.workers.expire(now=self.now):
            held = await self.engine.runs.held_by([worker_id])
            lost = [self.outcome(claim, Lost(solitary=len(held) == 1), None) for _, claim, _ in held]
            refused += await self.engine.runs.settle(lost, now=self.now)
        return tuple(refused)

    async def run(self, run_id: str, domain: str = DEFAULT_DOMAIN) -> Run:
        """A run as it stands."""
        (run,) = await self.engine.runs.get(domain, [run_id])
        return run

    async def states(self, run_ids: Sequence[str], domain: str = DEFAULT_DOMAIN) -> list[State]:
        """The states of runs, in their order."""
        by_id = {run.id: run.state for run in await self.engine.runs.get(domain, run_ids)}
        return [by_id[run_id] for run_id in run_ids]

    async def told(self, run_id: str, domain: str = DEFAULT_DOMAIN) -> list[str]:
        """The types of a run's events, in order. Fails where their numbers have a gap."""
        events = [
            event
            for event in await self.engine.events.read(domain, after=0, limit=10_000)
            if event.subject == run_id and event.n
        ]
        assert [event.n for event in events] == list(range(1, len(events) + 1))
        return [event.type for event in events]


def interval_schedule(now: Instant, *, every: Micros, **fields: Any) -> Schedule:
    """A schedule whose first slot lies one interval from now; `fields` are those of `Schedule`."""
    standard: dict[str, Any] = {
        "id": "sch_report",
        "domain": DEFAULT_DOMAIN,
        "job_id": "job_report",
        "source": "api",
        "spec": ScheduleSpec(every=every),
        "active": True,
        "overlap": Overlap.ALLOW,
        "misfire": Misfire(policy="all"),
        "trigger": Interval(every=every, anchor=now),
    }
    return start(Schedule(**standard | fields), now)


def saving(now: Instant, *schedules: Schedule, **fields: Any) -> Save:
    """A definition to be saved with its schedules; `fields` are those of `Save`."""
    standard: dict[str, Any] = {"domain": DEFAULT_DOMAIN, "kind": "job", "id": "job_report", "body": b"{}"}
    return Save(**standard | {"at": now, "schedules": schedules} | fields)


def firing(schedule: Schedule, now: Instant, *, draining: bool = False) -> Firing:
    """What a scheduler that sees this schedule fires and records at `now`; nothing is fired to a queue that drains."""
    assert schedule.next_at is not None
    planned = plan(schedule, now)
    if draining:
        planned = replace(planned, fire=(), skipped=planned.skipped + planned.fire)
    told = encode({"slots": planned.skipped, "count": planned.skipped_count})
    skipped = NewEvent(domain=schedule.domain, type="schedule.skipped", subject=schedule.id, at=now, data=told)
    behind = schedule_lanes(schedule.overlap, schedule.id)
    limits = Limits(lanes=behind) if behind else None
    return Firing(
        schedule_id=schedule.id,
        domain=schedule.domain,
        cursor=schedule.next_at,
        next_at=planned.next,
        last_slot=max(planned.fire + planned.skipped, default=None),
        runs=tuple(
            new_run(
                now, domain=schedule.domain, cause=Cause.SCHEDULE, schedule_id=schedule.id, slot=slot, limits=limits
            )
            for slot in planned.fire
        ),
        overlap=schedule.overlap,
        events=(skipped,) if planned.skipped else (),
    )
