"""The engine and the model as one: each call goes to both, its answers are compared, and the ledger hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Final, TypeAlias, TypeVar

from msgspec.structs import replace

from treadle.domain.errors import KeyReused, LeaseLost, StaleVersion, TreadleError
from treadle.domain.failures import GROUP_PATH
from treadle.domain.ids import make_id
from treadle.domain.instants import HOUR, SECOND, Instant, Micros, to_iso
from treadle.domain.json import decode, encode
from treadle.domain.logs import Level, LogLine, Stream
from treadle.domain.messages import Intake, MessageState, NewMessage, Verdict
from treadle.domain.outcomes import Lost, Outcome
from treadle.domain.publishing import user_event
from treadle.domain.queues import QueueState
from treadle.domain.rates import Rate
from treadle.domain.runs import DEFAULT_QUEUE, TERMINAL, Claim, NewRun, Run, State
from treadle.domain.schedules import Schedule, plan
from treadle.domain.slots import SLOT_SKIPPED_EVENT
from treadle.domain.states import Transition
from treadle.domain.stats import EVERYTHING, count
from treadle.domain.steps import RunStep, StepKind
from treadle.domain.workers import WorkerSpec
from treadle.engines.contract import REFUSALS, Accepted, Engine, GroupQuery, MessageQuery, RunQuery, Save, Step, Trigger
from treadle.system import Clock
from treadle.testing.clock import VirtualClock
from treadle.testing.driver import firing, new_run, transition
from treadle.testing.model import Data, ModelEngine
from treadle.testing.model.stats import to_ended
from treadle.testing.stateful.ledger import Ledger
from treadle.testing.stateful.reading import ALL, DOMAINS, Lives, check_lanes, everything, without_positions

T = TypeVar("T")

OpenEngine: TypeAlias = Callable[[Clock], AbstractAsyncContextManager[Engine]]
Held: TypeAlias = tuple[str, Claim]
"""A worker's id and what it once claimed; it may have lost it since."""

LEASE: Micros = 10 * SECOND
KEPT: Micros = 30 * SECOND
"""How long what is finished is kept."""

_EVENTS_AT_ONCE: Final = 20


class Pair:
    """Two engines on one clock. Every method fails where they differ, or break a promise."""

    def __init__(self, open_engine: OpenEngine) -> None:
        self.clock = VirtualClock()
        self.ledger = Ledger()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._data = Data()
        self._model = ModelEngine(self._data, self.clock)
        self._real = self._runner.run(self._stack.enter_async_context(open_engine(self.clock)))
        self._lives = Lives(), Lives()
        self._made = 0
        self._checked_at = self.now

    def close(self) -> None:
        """Let go of everything."""
        self._runner.run(self._stack.aclose())
        self._runner.close()

    @property
    def now(self) -> Instant:
        """The time of both."""
        return self.clock.wall()

    def make_id(self, prefix: str) -> str:
        """A new id, which depends on nothing but what happened before."""
        self._made += 1
        return make_id(prefix, self.now, self._made)

    def ask(
        self,
        verb: Callable[[Engine], Awaitable[T]],
        seen: Callable[[T], object] = lambda answer: answer,
        fits: Callable[[T, T], bool] = lambda model, real: True,
    ) -> T:
        """The answer of both, which is the same as far as `seen` shows it, and for the rest `fits` that of the model;
        raises what both refuse with."""
        model, real = (self._runner.run(_answer(verb, engine)) for engine in (self._model, self._real))
        if isinstance(model, TreadleError):
            assert type(model) is type(real), f"model: {model!r}, real: {real!r}"
            raise model
        assert not isinstance(real, TreadleError), f"model: {model!r}, real: {real!r}"
        assert seen(model) == seen(real)
        assert fits(model, real), f"model: {model!r}, real: {real!r}"
        return model

    def check(self) -> None:
        """All that can be read of both is the same, and as it was promised.

        A token that has come due since the last trip is only looked at by the next one: here, both look first. Where no
        time has passed there is nothing left to find.
        """
        self._runner.run(check_lanes(self._real))
        for engine in (self._model, self._real):
            passed = self._runner.run(engine.lanes.tend(ALL, now=self.now))
            assert not passed or self.now > self._checked_at, "I6"
        self._checked_at = self.now
        model, real = (self._runner.run(everything(engine, self.now)) for engine in (self._model, self._real))
        for what in model.__struct_fields__:
            assert getattr(model, what) == getattr(real, what), what
        self.ledger.check(real.runs, real.steps)
        self.ledger.check_messages(real.messages, real.runs)
        for lives, engine in zip(self._lives, (self._model, self._real), strict=True):
            self._runner.run(lives.follow(engine))
        assert self._lives[0].shown() == self._lives[1].shown()
        self._lives[1].check(real.runs)

    def check_rest(self) -> None:
        """What is told of each attempt is the same too, and how the runs that ended were counted."""
        self.count()
        for run in self._runner.run(everything(self._real, self.now)).runs:
            self.ask(lambda engine, run=run: engine.runs.attempts(run.domain, run.id))  # type: ignore[misc]

    def live(self) -> list[Run]:
        """The runs that are not finished."""
        return [run for run in self._runner.run(everything(self._real, self.now)).runs if run.state not in TERMINAL]

    # Clients.

    def enqueue(self, runs: Sequence[NewRun], *, together: bool = False) -> list[Accepted]:
        """Submit; `together`, none is stored where one is refused."""
        answers = self.ask(lambda engine: engine.runs.enqueue(runs, together=together, now=self.now))
        if not together or not any(answer.admission in REFUSALS for answer in answers):
            self.ledger.submitted(runs, answers, self.now)
        return answers

    def cancel(self, domain: str, run_ids: Sequence[str]) -> dict[str, State]:
        """Accept cancels."""
        return self.ask(lambda engine: engine.runs.cancel(domain, run_ids, now=self.now))

    def discard(self, domain: str, run_ids: Sequence[str]) -> None:
        """Let dead letters be."""
        discarded = self.ask(lambda engine: engine.dead_letters.discard(domain, run_ids, by="me", now=self.now))
        self.ledger.discarded(run_ids, discarded)

    # The inbox.

    def put(self, messages: Sequence[NewMessage]) -> None:
        """Put messages together, if none of them has the key of another."""
        try:
            answers = self.ask(lambda engine: engine.messages.put(messages, now=self.now))
        except KeyReused:
            assert any(message.once is not None for message in messages)
        else:
            self.ledger.put(messages, answers)

    def take(self, held: Held, intake: Intake) -> None:
        """Take a batch for a run that somebody has, or once had."""
        batch = self.ask(lambda engine: engine.messages.take(held[1], intake))
        assert all((message.run_id, message.token) == (held[1].id, held[1].token) for message in batch), "M1"

    def batch(self, held: Held) -> list[str]:
        """The messages that a run has."""
        leased = (each for each in self._data.messages.values() if each.state is MessageState.LEASED)
        return [message.id for message in leased if message.run_id == held[1].id]

    def clear_poison(self, domain: str, *, discard: bool) -> None:
        """Somebody looks at what was set aside."""
        query = MessageQuery(domain=domain, limit=2, states=(MessageState.POISON,))
        ids = [message.id for message in self.ask(lambda engine: engine.messages.find(query))]
        if discard:
            self.ledger.unread -= self.ask(lambda engine: engine.messages.discard(domain, ids))
        else:
            self.ask(lambda engine: engine.messages.retry(domain, ids))

    def start_consumers(self) -> None:
        """Start the jobs for which messages wait, as two schedulers that have seen the same."""
        for one in self.ask(lambda engine: engine.messages.awaited(9)):
            runs = [new_run(self.now, id=self.make_id("run"), domain=one.domain, job_id=one.job_id) for _ in range(2)]
            started = self.ask(lambda engine, runs=runs: engine.messages.start(runs, now=self.now))  # type: ignore[misc]
            drains = self.ledger.queues[one.domain, runs[0].queue].state is QueueState.DRAINING
            assert started == [not drains, False]
            if not drains:
                self.ledger.accepted[runs[0].id] = runs[0]

    def follow(self) -> None:
        """Run the jobs that come after others, as two schedulers that have seen the same."""
        triggers = self.ask(lambda engine: engine.triggers.waiting(ALL), lambda found: sorted(map(_brings, found)))
        runs = [
            new_run(self.now, id=self.make_id("run"), domain=domain, job_id=job_id)
            for domain, job_id, *_ in sorted(map(_brings, triggers))
        ]

        async def pull(engine: Engine) -> list[bool]:
            seqs = [trigger.seq for trigger in await engine.triggers.waiting(ALL)]
            return [await engine.triggers.pull(seqs, runs, now=self.now) for _ in range(2)]

        if triggers:
            assert self.ask(pull) == [True, False]
            draining = [self.ledger.queues[run.domain, run.queue].state is QueueState.DRAINING for run in runs]
            self.ledger.accepted.update({run.id: run for run, drains in zip(runs, draining, strict=True) if not drains})

    # Workers.

    def register(self, spec: WorkerSpec) -> None:
        """Announce a worker."""
        self.ask(lambda engine: engine.workers.register(spec, LEASE, now=self.now))
        self.ledger.leases[spec.id] = self.now + LEASE

    def alive(self) -> list[str]:
        """The workers whose lease is alive."""
        return [worker_id for worker_id, until in self.ledger.leases.items() if until > self.now]

    def renew(self, worker_ids: Sequence[str]) -> None:
        """Send heartbeats."""
        renewal = self.ask(
            lambda engine: engine.workers.renew(worker_ids, LEASE, now=self.now),
            lambda answer: (answer.alive, sorted(answer.cancels), answer.draining),
        )
        assert renewal.alive == set(worker_ids) & set(self.alive()), "I4"
        self.ledger.leases.update(dict.fromkeys(renewal.alive, self.now + LEASE))

    def stop(self, worker_ids: Sequence[str]) -> None:
        """Take workers out of service."""
        self.ask(lambda engine: engine.workers.stop(worker_ids))
        for worker_id in worker_ids:
            self.ledger.leases[worker_id] = min(self.ledger.leases[worker_id], self.now)

    def held(self, worker_id: str) -> list[Held]:
        """What a worker has."""
        held = self.ask(
            lambda engine: engine.runs.held_by([worker_id]),
            lambda answer: sorted(answer, key=lambda one: one[1].id),
        )
        return [(worker_id, claim) for _, claim, _ in sorted(held, key=lambda one: one[1].id)]

    def step(self, worker_id: str, done: Sequence[tuple[Held, Outcome]], want: int) -> list[Held]:
        """Settle and claim in one trip; what was claimed."""
        told = [self._transition(held, outcome, held[0]) for held, outcome in done]
        try:
            step = self.ask(lambda engine: engine.runs.step(worker_id, told, want, now=self.now), _seen, _not_late)
        except LeaseLost:
            assert not {worker_id, *(held[0] for held, _ in done)} <= set(self.alive()), "I4"
            return []
        assert worker_id in self.alive(), "I4"
        self.ledger.settled(told, step.refused, self.now)
        self.ledger.claimed(step.claims, worker_id, self.now)
        return [(worker_id, claim) for claim in step.claims]

    def settle(self, done: Sequence[tuple[Held, Outcome]], verdicts: Sequence[Verdict] = ()) -> None:
        """Settle without claiming; with what the handlers said of messages."""
        told = [replace(self._transition(held, outcome, held[0]), verdicts=tuple(verdicts)) for held, outcome in done]
        try:
            refused = self.ask(lambda engine: engine.runs.settle(told, now=self.now))
        except LeaseLost:
            assert not {held[0] for held, _ in done} <= set(self.alive()), "I4"
        else:
            self.ledger.settled(told, refused, self.now)

    def record(self, held: Held, name: str) -> None:
        """Keep a step of a run, maybe under a stale token."""
        worker_id, claim = held
        step = RunStep(name=name, kind=StepKind.RESULT, result=encode(self.now), token=claim.token, at=self.now)
        try:
            taken = self.ask(lambda engine: engine.steps.record(worker_id, claim.id, claim.token, step, now=self.now))
        except LeaseLost:
            assert worker_id not in self.alive(), "I4"
        else:
            self.ledger.recorded(claim, step, taken=taken)

    def publish(self, domain: str, name: str, data: dict[str, int]) -> None:
        """Publish an event."""
        event = user_event(name, data, domain=domain, source="somebody", at=self.now)
        self.ask(lambda engine: engine.events.publish(event, now=self.now), lambda answer: answer.woken)

    def say(self, held: Held) -> None:
        """Write a line of log."""
        line = LogLine(
            domain=held[1].domain,
            run_id=held[1].id,
            token=held[1].token,
            attempt=held[1].attempt,
            at=self.now,
            stream=Stream.STDOUT,
            level=Level.INFO,
            message=f"at {self.now}",
        )
        self.ask(lambda engine: engine.logs.append([line]))
        self.ask(
            lambda engine: engine.logs.read(line.domain, line.run_id, after=0, limit=100),
            lambda lines: [replace(said, seq=0) for said in lines],
        )

    # The sweeper.

    def expire(self) -> list[Held]:
        """End leases that ran out; everything that workers without a lease still hold."""
        ended = self.ask(lambda engine: engine.workers.expire(now=self.now), sorted)
        return [held for worker_id in sorted(ended) for held in self.held(worker_id)]

    def lose(self, held: Sequence[Held]) -> None:
        """Put back what was lost, by worker."""
        companies = [[one for one in held if one[0] == worker_id] for worker_id in sorted({one[0] for one in held})]
        told = [
            self._transition(one, Lost(solitary=len(company) == 1), None) for company in companies for one in company
        ]
        refused = self.ask(lambda engine: engine.runs.settle(told, now=self.now))
        self.ledger.settled(told, refused, self.now)

    # Schedulers, and whoever changes schedules.

    def schedule(self, domain: str, schedule_id: str) -> Schedule | None:
        """A schedule as it stands."""
        found = self.ask(lambda engine: engine.schedules.get(domain, [schedule_id]))
        return found[0] if found else None

    def is_due(self) -> bool:
        """Whether any schedule is to be fired."""
        cursors = (schedule.next_at for schedule in self._data.schedules.values() if schedule.active)
        return any(cursor is not None and cursor <= self.now for cursor in cursors)

    def due(self) -> list[Schedule]:
        """The schedules to fire."""
        due = self.ask(lambda engine: engine.schedules.due(9, now=self.now), lambda answer: sorted(answer, key=_name))
        return sorted(due, key=_name)

    def save(self, save: Save) -> None:
        """Write a definition with its schedules, if the writer has seen what stands."""
        try:
            self.ask(lambda engine: engine.documents.save(save))
        except StaleVersion:
            seen = {_name(schedule): schedule.next_at for schedule in save.replaces}
            stands = [self.schedule(one.domain, one.id) for one in save.schedules]
            assert seen != {_name(one): one.next_at for one in stands if one is not None}

    def delete(self, domain: str, document_id: str, schedule_ids: Sequence[str]) -> None:
        """Remove a definition with its schedules."""
        self.ask(lambda engine: engine.documents.delete(domain, "job", document_id, schedule_ids=schedule_ids))

    def fire(self, schedule: Schedule) -> None:
        """Fire a schedule as some scheduler has seen it."""
        planned = plan(schedule, self.now)
        if self._fire(schedule, planned.skipped, draining=False) or not planned.fire:
            return
        if self.ledger.queues[schedule.domain, DEFAULT_QUEUE].state is QueueState.DRAINING:
            self._fire(schedule, planned.skipped + planned.fire, draining=True)

    def _fire(self, schedule: Schedule, skipped: Sequence[Instant], *, draining: bool) -> bool:
        told = firing(schedule, self.now, draining=draining)
        told = replace(told, runs=tuple(replace(run, id=self.make_id("run")) for run in told.runs))
        (fired,) = self.ask(lambda engine: engine.schedules.fire([told], now=self.now))
        if fired:
            ids = [run.id for run in told.runs]
            found = self.ask(lambda engine: engine.runs.get(told.domain, ids), lambda runs: sorted(r.id for r in runs))
            stored = {run.id for run in found}
            self._check_passed_over(told.domain, {to_iso(run.slot or 0) for run in told.runs if run.id not in stored})
            self.ledger.fired(told, skipped, stored)
        return fired

    def _check_passed_over(self, domain: str, slots: set[str]) -> None:
        """I7: what fires and gets no run is recorded."""
        reading = self._real.events.read(domain, after=0, limit=ALL, types=[SLOT_SKIPPED_EVENT])
        recorded = {slot for event in self._runner.run(reading) for slot in decode(event.data)["slots"]}
        assert slots <= recorded, "I7"

    # Whoever looks after lanes and queues.

    def limit_lane(self, domain: str, key: str, limit: int | None) -> None:
        """Set the limit of a lane by hand, or leave it to the jobs."""
        self.ask(lambda engine: engine.lanes.set_limit(domain, key, limit, now=self.now))

    def switch(self, domain: str, name: str, state: QueueState) -> None:
        """Pause, resume or drain a queue."""
        self.ask(lambda engine: engine.queues.switch(domain, name, state, now=self.now))
        self.ledger.switched(domain, name, state)

    def limit(self, domain: str, name: str, rate: Rate | None) -> None:
        """Give a queue a rate."""
        if self.ask(lambda engine: engine.queues.limit(domain, name, rate, now=self.now)):
            self.ledger.limited(domain, name, rate)

    # Housekeeping.

    def count(self) -> None:
        """Count the runs that have ended: each once, whenever that is done, and their failures by groups."""
        by_hand = count(map(to_ended, self.ledger.finals.values()))

        async def rolled_up(engine: Engine) -> list[object]:
            while await engine.stats.roll_up(_EVENTS_AT_ONCE):
                pass
            told: list[object] = []
            for domain in DOMAINS:
                told += await engine.stats.tallies(domain, EVERYTHING, HOUR, 0, self.now + HOUR)
                for group in await engine.failures.find(GroupQuery(domain=domain, now=self.now, limit=ALL)):
                    where = ((GROUP_PATH, (group.id,)),)
                    runs = await engine.runs.find(RunQuery(domain=domain, limit=ALL, where=where))
                    told.append((group, [run.id for run in runs]))
            return told

        self.ask(rolled_up)
        for key, tally in by_hand.items():
            assert self._data.tallies[key] == tally, f"I14: {key}"

    def has_old(self) -> bool:
        """Whether there is a run to prune."""
        kept = (run for run_id, run in self.ledger.finals.items() if run_id not in self.ledger.pruned)
        return any(run.finished_at is not None and run.finished_at < self.now - KEPT for run in kept)

    def prune(self) -> None:
        """Remove all that is old: of what is equally old, engines may take any first."""
        self.count()
        before = self.now - KEPT
        self.ask(lambda engine: engine.workers.prune(before, ALL))
        self.ask(lambda engine: engine.logs.prune(before, ALL))
        self.ask(lambda engine: engine.events.prune(before, ALL))
        self.ask(lambda engine: engine.messages.prune(before, ALL))
        pruned = self.ask(lambda engine: engine.runs.prune(before, ALL))
        left = {run.id for run in self._runner.run(everything(self._real, self.now)).runs}
        gone = set(self.ledger.finals) - left - self.ledger.pruned
        assert len(gone) == pruned
        self.ledger.pruned |= gone

    def _transition(self, held: Held, outcome: Outcome, worker_id: str | None) -> Transition:
        claim = held[1]
        return transition(claim, outcome, now=self.now, worker_id=worker_id, started_at=claim.claimed_at)


async def _answer(verb: Callable[[Engine], Awaitable[T]], engine: Engine) -> T | TreadleError:
    try:
        return await verb(engine)
    except TreadleError as error:
        return error


def _seen(step: Step) -> Any:
    """What of a step must be equal: a hint may come early."""
    claims = [replace(claim, steps=tuple(without_positions(claim.steps))) for claim in step.claims]
    return step.refused, claims, sorted(step.cancels), step.solo_waiting


def _not_late(model: Step, real: Step) -> bool:
    """A hint that comes late lets a worker sleep while there is work."""
    return model.next_due is None or (real.next_due is not None and real.next_due <= model.next_due)


def _brings(trigger: Trigger) -> tuple[str, str, str, str]:
    return trigger.domain, trigger.job_id, trigger.upstream, trigger.run_id


def _name(schedule: Schedule) -> tuple[str, str]:
    return schedule.domain, schedule.id
