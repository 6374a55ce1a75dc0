"""The model's runs: submit, claim, settle, cancel, read."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import msgspec

from treadle.domain.admission import AT_THE_GATE, next_hold
from treadle.domain.dependencies import Parent
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.queues import QueueControl, QueueState
from treadle.domain.runs import LIVE, TERMINAL, Attempt, Claim, NewRun, Run, State
from treadle.domain.sharing import DEFAULT_WEIGHT, Share, share_out
from treadle.domain.states import (
    QUEUED_EVENT,
    TABLE,
    Change,
    Transition,
    row_for,
    settled_data,
    started_data,
)
from treadle.domain.workers import can_take, serves, shares
from treadle.engines.contract import REFUSALS, Accepted, Admission, RunQuery, Step, Topic
from treadle.system import Clock
from treadle.testing.model.clashing import look, take_keys
from treadle.testing.model.dependencies import attach, awaited, children, expand, missing, parents, resolve
from treadle.testing.model.ending import cancel, finish
from treadle.testing.model.lanes import declare, gates_of, next_tokens, readmit, use_tokens
from treadle.testing.model.letters import resolve_by
from treadle.testing.model.messages import settle_messages
from treadle.testing.model.queries import matches
from treadle.testing.model.state import Data, Entry, Member, Settled
from treadle.testing.model.steps import begin_wait, time_out
from treadle.testing.model.workers import ModelWorkers


class ModelRuns:
    """See `contract.RunStore`."""

    def __init__(self, data: Data, clock: Clock, workers: ModelWorkers) -> None:
        self._data = data
        self._clock = clock
        self._workers = workers

    async def enqueue(
        self, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        if together:
            tried = enqueue(deepcopy(replace(self._data, listeners=[])), runs, self._wall(now))
            if any(answer.admission in REFUSALS for answer in tried):
                return tried
        answers = enqueue(self._data, runs, self._wall(now))
        resolve(self._data, self._wall(now))
        self._data.wake([Topic.RUNS, Topic.EVENTS])
        return answers

    async def step(self, worker_id: str, done: Sequence[Transition], want: int, *, now: Instant | None = None) -> Step:
        member = self._workers.check(worker_id, now)
        refused = self._settle(done, now)
        resolve(self._data, self._wall(now))
        self._promote(self._wall(now))
        claims, solo_waiting = self._claim(member, want, self._wall(now))
        return Step(
            refused=refused,
            claims=claims,
            cancels=tuple(e.run.id for e in self._workers.held(worker_id) if e.run.cancel_requested_at is not None),
            next_due=self._next_due(member, self._wall(now)),
            solo_waiting=solo_waiting,
        )

    async def settle(self, done: Sequence[Transition], *, now: Instant | None = None) -> tuple[str, ...]:
        refused = self._settle(done, now)
        resolve(self._data, self._wall(now))
        return refused

    async def held_by(self, worker_ids: Sequence[str]) -> list[tuple[str, Claim, Instant | None]]:
        return [
            (worker_id, msgspec.structs.replace(_to_claim(entry), steps=()), entry.run.cancel_requested_at)
            for worker_id in worker_ids
            for entry in self._workers.held(worker_id)
        ]

    async def cancel(self, domain: str, run_ids: Sequence[str], *, now: Instant | None = None) -> dict[str, State]:
        entries = [entry for run_id, entry in self._data.entries().items() if run_id in run_ids]
        answer = {}
        for entry in entries:
            if entry.run.domain == domain:
                cancel(self._data, entry, self._wall(now))
                answer[entry.run.id] = entry.run.state
        resolve(self._data, self._wall(now))
        self._data.wake([Topic.CANCELS, Topic.EVENTS])
        return answer

    async def resolve(self, *, now: Instant | None = None) -> bool:
        resolve(self._data, self._wall(now))
        return False

    async def parents(self, domain: str, run_id: str, *, results: bool = False) -> list[Parent]:
        found = parents(self._data, domain, run_id, self._clock.wall())
        return found if results else [msgspec.structs.replace(parent, result=None) for parent in found]

    async def children(self, domain: str, run_id: str, *, after: str = "", limit: int = 200) -> list[str]:
        return [child for child in children(self._data, domain, run_id) if child > after][:limit]

    async def get(self, domain: str, run_ids: Sequence[str]) -> list[Run]:
        return [run for run in self._views() if run.domain == domain and run.id in run_ids]

    async def find(self, query: RunQuery) -> list[Run]:
        found = [run for run in self._views() if matches(run, query)]
        return sorted(found, key=lambda run: run.id, reverse=True)[: query.limit]

    async def attempts(self, domain: str, run_id: str) -> list[Attempt]:
        entry = self._data.entries().get(run_id)
        return list(entry.attempts) if entry is not None and entry.run.domain == domain else []

    async def ahead(self, domain: str, run_id: str, limit: int) -> int:
        this = self._data.live.get(run_id)
        if this is None or this.run.domain != domain:
            return 0
        before = [other for other in self._data.live.values() if _order(other) < _order(this)]
        if this.run.state is State.READY:
            rivals = [other for other in before if other.run.state is State.READY and _line(other) == _line(this)]
        else:
            waits = this.at_gate and (this.run.domain, this.run.reason)
            rivals = [other for other in before if other.at_gate and (other.run.domain, other.run.reason) == waits]
        return min(len(rivals), limit)

    async def counts(self, domain: str) -> dict[State, int]:
        states = [entry.run.state for entry in self._data.live.values() if entry.run.domain == domain]
        return {state: states.count(state) for state in LIVE if state in states}

    async def prune(self, before: Instant, limit: int) -> int:
        finished = [(entry.run.finished_at, run_id) for run_id, entry in self._data.history.items()]
        old = [run_id for at, run_id in finished if at is not None and at < before][:limit]
        for run_id in old:
            del self._data.history[run_id]
        self._data.logs = [line for line in self._data.logs if line.run_id not in old]
        return len(old)

    def _next_due(self, member: Member, now: Instant) -> Instant | None:
        due = [*self._due(), *self._rates_let_go(member, now), *next_tokens(self._data, now)]
        return min(due, default=None)

    def _promote(self, now: Instant) -> None:
        """What is due goes on. Its rank was set with its due date."""
        for entry in self._data.live.values():
            if entry.run.state is State.SCHEDULED and entry.run.due_at <= now:
                gated = bool(gates_of(entry.run))
                hold = next_hold(has_parents=False, due_at=entry.run.due_at, gated=gated, now=now)
                entry.run = msgspec.structs.replace(entry.run, state=hold.state, reason=hold.reason)
                entry.at_gate = gated
            time_out(entry, now)
        readmit(self._data, now)

    def _claim(self, member: Member, want: int, now: Instant) -> tuple[tuple[Claim, ...], bool]:
        """The first `want` runs that the worker may take; and whether a suspect waits for it to hold nothing."""
        spec = member.spec
        if member.state != "online":
            return (), False
        in_order = sorted(self._open_to(member), key=_order)
        suspects = self._as_queues_allow([entry for entry in in_order if entry.run.suspect], now)
        others = self._as_queues_allow([entry for entry in in_order if not entry.run.suspect], now)
        held = list(self._workers.held(spec.id))
        if any(entry.run.suspect for entry in held):
            return (), False
        first = suspects if suspects and not held else others
        slots = max(min(want, 1) if first is suspects else want, 0)
        taken = self._share(first, slots) if shares(spec.domains) else first[:slots]
        for entry in taken:
            self._start(entry, spec.id, now)
            name = (entry.run.domain, entry.run.queue)
            control = self._data.queues[name]
            self._data.queues[name] = msgspec.structs.replace(control, used_until=control.used(1, now))
        return tuple(_to_claim(entry) for entry in taken), bool(suspects and held)

    def _due(self) -> list[Instant]:
        timeouts = [entry.wait.timeout_at for entry in self._data.live.values() if entry.wait is not None]
        return [run.due_at for run in self._in_state(State.SCHEDULED)] + [at for at in timeouts if at is not None]

    def _rates_let_go(self, member: Member, now: Instant) -> list[Instant]:
        """When the queues of the runs that a worker may take give out more, for those that cannot now."""
        waiting = [entry.run for entry in self._open_to(member)]
        times = [self._data.control(run.domain, run.queue).next_at(now) for run in waiting]
        return [at for at in times if at is not None and at > now]

    def _open_to(self, member: Member) -> list[Entry]:
        """The ready runs that a worker may take, but for what their queues were told."""
        spec = member.spec
        ready = [entry for entry in self._data.live.values() if entry.run.state is State.READY]
        ours = [entry for entry in ready if serves(spec.domains, entry.run.domain)]
        return [e for e in ours if can_take(spec.queues, spec.requires, e.run.queue, e.run.requires)]

    def _as_queues_allow(self, entries: Sequence[Entry], now: Instant) -> list[Entry]:
        """The first of each queue, as many as it may give out now."""
        left = {name: control.may_go(now) for name, control in self._data.queues.items()}
        allowed = []
        for entry in entries:
            name = (entry.run.domain, entry.run.queue)
            most = left[name]
            if most != 0:
                left[name] = None if most is None else most - 1
                allowed.append(entry)
        return allowed

    def _share(self, entries: Sequence[Entry], slots: int) -> list[Entry]:
        """Of entries in their order, those that are taken: of each domain what it is due."""
        domains = {entry.run.domain: [e for e in entries if e.run.domain == entry.run.domain] for entry in entries}
        data = self._data
        running = [run.domain for run in self._in_state(State.RUNNING)]
        due = {
            name: Share(data.weights.get(name, DEFAULT_WEIGHT), running.count(name), data.turns.get(name, 0))
            for name in domains
        }
        waiting = {name: min(len(its), slots) for name, its in domains.items()}
        given = share_out(due, waiting, slots, max(data.turns.values(), default=0))
        data.turns.update({name: one.turn for name, one in given.items()})
        return [entry for name, one in given.items() for entry in domains[name][: one.count]]

    def _start(self, entry: Entry, worker_id: str, now: Instant) -> None:
        run = entry.run
        entry.claimed_at = now
        entry.at_gate = False
        use_tokens(self._data, run, now)
        entry.run = msgspec.structs.replace(
            run,
            state=State.RUNNING,
            reason=None,
            token=run.token + 1,
            attempt=run.failures + run.losses + 1,
            worker_id=worker_id,
        )
        event = TABLE[State.READY, Change.CLAIM].event
        self._data.tell(entry, event, now, started_data(entry.run.attempt, entry.run.token))
        self._data.wake([Topic.EVENTS])

    def _settle(self, done: Sequence[Transition], now: Instant | None) -> tuple[str, ...]:
        for transition in done:
            if transition.worker_id is not None:
                self._workers.check(transition.worker_id, now)
        if done:
            self._data.wake([Topic.RUNS, Topic.EVENTS])
        return tuple(transition.run.id for transition in done if not self._stands(transition, self._wall(now)))

    def _stands(self, transition: Transition, now: Instant) -> bool:
        """Apply a transition whose fence holds; whether it is in force, by this call or an earlier one."""
        entry = self._data.entries().get(transition.run.id)
        if entry is None:
            return False
        before = entry.settled.get(transition.run.token)
        if before is not None:
            row = row_for(transition, cancel_requested=before.cancel_requested)
            return row.to == before.row.to and (row.to in TERMINAL or row.event == before.row.event)
        if entry.run.state is not State.RUNNING or entry.run.token != transition.run.token:
            return False
        self._apply(entry, transition, now)
        return True

    def _apply(self, entry: Entry, transition: Transition, now: Instant) -> None:
        cancel_requested = entry.run.cancel_requested_at is not None
        row = row_for(transition, cancel_requested=cancel_requested)
        entry.settled[transition.run.token] = Settled(row, cancel_requested)
        self._data.tell(entry, row.event, transition.at, settled_data(transition))
        settle_messages(self._data, transition, row)
        started_at = transition.started_at if entry.run.started_at is None else entry.run.started_at
        entry.run = msgspec.structs.replace(
            entry.run,
            started_at=started_at,
            failures=transition.failures,
            losses=transition.losses,
            solo_losses=transition.solo_losses,
            suspect=transition.suspect,
        )
        if row.to in TERMINAL:
            entry.run = msgspec.structs.replace(entry.run, error=transition.error, result=transition.result)
            finish(self._data, entry, row.to, transition.at)
        else:
            entry.attempts.append(_to_attempt(entry, transition, row.event))
            self._put_back(entry, transition, row.to)
            if transition.wait is not None and row.to is State.BLOCKED:
                begin_wait(self._data, entry, transition.wait, now)

    def _put_back(self, entry: Entry, transition: Transition, to: State) -> None:
        run = entry.run
        entry.claimed_at = None
        entry.at_gate = to is State.READY and bool(gates_of(run))
        entry.run = msgspec.structs.replace(
            run,
            state=to,
            reason=transition.reason,
            attempt=run.failures + run.losses,
            worker_id=None,
            rank=run.rank if transition.rank is None else transition.rank,
            due_at=run.due_at if transition.due_at is None else transition.due_at,
            error=run.error if transition.error is None else transition.error,
        )

    def _views(self) -> list[Run]:
        return [_to_run(entry) for entry in self._data.entries().values()]

    def _in_state(self, state: State) -> list[Run]:
        return [entry.run for entry in self._data.live.values() if entry.run.state is state]

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now


def enqueue(data: Data, runs: Sequence[NewRun], now: Instant) -> list[Accepted]:
    """Store new runs; a key that stands names its first run instead. Also how schedules submit."""
    answers = []
    for wanted in runs:
        new = expand(data, wanted)
        if new.key is not None and (standing := data.named(new.domain, new.key, now)) is not None:
            answers.append(standing)
            continue
        if data.control(new.domain, new.queue).state is QueueState.DRAINING:
            answers.append(Accepted(new.id, Admission.QUEUE_DRAINING))
            continue
        if (at := missing(data, new, now)) is not None:
            answers.append(Accepted(new.id, Admission.PARENT_MISSING, at))
            continue
        answer, how, holder = look(data, new, now)
        if answer is None and new.retry_of is not None and not resolve_by(data, new) and new.for_letter:
            answers.append(Accepted(new.id, Admission.LETTER_RESOLVED))
            continue
        if answer is None:
            answer = Accepted(new.id, Admission.CREATED)
            _store(data, new, take_keys(data, new, how, holder, now), now)
        if answer.admission is not Admission.DUPLICATE:
            data.queues.setdefault((new.domain, new.queue), QueueControl())
            if new.limits is not None:
                declare(data, new.domain, new.limits, over=None if new.retry_of is None else False)
        if new.key is not None:
            data.keys[new.domain, new.key.scope, new.key.key] = (answer.run_id, new.key)
        answers.append(answer)
    readmit(data, now)
    return answers


def _store(data: Data, new: NewRun, told: Json, now: Instant) -> None:
    held = attach(data, new, now)
    entry = Entry(_first(held), seq=data.number(), awaited=awaited(data, new, now), named=awaited(data, new, now))
    entry.at_gate = held.reason == AT_THE_GATE.reason
    data.live[new.id] = data.ever[new.id] = entry
    data.tell(entry, QUEUED_EVENT, new.created_at, told)


def _first(new: NewRun) -> Run:
    submitted = {name: getattr(new, name) for name in Run.__struct_fields__ if name in NewRun.__struct_fields__}
    return Run(
        **submitted,
        token=0,
        attempt=0,
        failures=0,
        losses=0,
        solo_losses=0,
        suspect=False,
        cancel_requested_at=None,
        worker_id=None,
        started_at=None,
        finished_at=None,
        result=None,
        error=None,
    )


def _to_run(entry: Entry) -> Run:
    """What readers get: a run whose handler has not said yet when it began has started when it was claimed."""
    run = entry.run
    if run.state is State.RUNNING and run.started_at is None:
        return msgspec.structs.replace(run, started_at=entry.claimed_at)
    return run


def _to_claim(entry: Entry) -> Claim:
    run = entry.run
    assert entry.claimed_at is not None
    return Claim(
        id=run.id,
        domain=run.domain,
        job_id=run.job_id,
        queue=run.queue,
        requires=run.requires,
        priority=run.priority,
        token=run.token,
        attempt=run.attempt,
        failures=run.failures,
        losses=run.losses,
        solo_losses=run.solo_losses,
        suspect=run.suspect,
        due_at=run.due_at,
        created_at=run.created_at,
        claimed_at=entry.claimed_at,
        work=run.work,
        inputs=run.inputs,
        has_parents=run.depends is not None,
        steps=tuple(entry.steps),
    )


def _to_attempt(entry: Entry, transition: Transition, event: str) -> Attempt:
    return Attempt(
        run_id=transition.run.id,
        token=transition.run.token,
        attempt=entry.run.attempt,
        worker_id=entry.run.worker_id,
        started_at=transition.started_at,
        finished_at=transition.at,
        event=event,
        error=transition.error,
    )


def _order(entry: Entry) -> tuple[Instant, int]:
    return entry.run.rank, entry.seq


def _line(entry: Entry) -> tuple[str, str, str, bool]:
    return entry.run.domain, entry.run.queue, entry.run.requires, entry.run.suspect
