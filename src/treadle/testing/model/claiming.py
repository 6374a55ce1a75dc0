"""Which runs of the model a worker is given."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treadle.domain.admission import next_hold
from treadle.domain.instants import Instant
from treadle.domain.runs import Claim, Run, State
from treadle.domain.sharing import DEFAULT_WEIGHT, Share, share_out
from treadle.domain.states import TABLE, Change, started_data
from treadle.domain.workers import WorkerState, can_take, serves, shares
from treadle.engines.contract import Topic
from treadle.testing.model.lanes import gates_of, next_tokens, readmit, use_tokens
from treadle.testing.model.state import Data, Entry, Member
from treadle.testing.model.steps import time_out


def promote(data: Data, now: Instant) -> None:
    """What is due goes on. Its rank was set with its due date."""
    for entry in data.live.values():
        if entry.run.state is State.SCHEDULED and entry.run.due_at <= now:
            gated = bool(gates_of(entry.run))
            hold = next_hold(has_parents=False, due_at=entry.run.due_at, gated=gated, now=now)
            entry.run = msgspec.structs.replace(entry.run, state=hold.state, reason=hold.reason)
            entry.at_gate = gated
        time_out(entry, now)
    readmit(data, now)


def claim(data: Data, member: Member, held: Sequence[Entry], want: int, now: Instant) -> tuple[tuple[Claim, ...], bool]:
    """The first `want` runs that the worker may take; and whether a suspect waits for it to hold nothing."""
    spec = member.spec
    in_order = sorted(_open_to(data, member), key=order)
    suspects = _as_queues_allow(data, [entry for entry in in_order if entry.run.suspect], now)
    others = _as_queues_allow(data, [entry for entry in in_order if not entry.run.suspect], now)
    if any(entry.run.suspect for entry in held):
        return (), False
    first = suspects if suspects and not held else others
    slots = max(min(want, 1) if first is suspects else want, 0)
    taken = _share(data, first, slots) if shares(spec.domains) else first[:slots]
    for entry in taken:
        _start(data, entry, spec.id, now)
        name = (entry.run.domain, entry.run.queue)
        control = data.queues[name]
        data.queues[name] = msgspec.structs.replace(control, used_until=control.used(1, now))
    return tuple(to_claim(entry) for entry in taken), bool(suspects and held)


def next_due(data: Data, member: Member, now: Instant) -> Instant | None:
    """When there may be more for a worker to take."""
    due = [*_due(data), *_rates_let_go(data, member, now), *next_tokens(data, now)]
    return min(due, default=None)


def _due(data: Data) -> list[Instant]:
    timeouts = [entry.wait.timeout_at for entry in data.live.values() if entry.wait is not None]
    return [run.due_at for run in _in_state(data, State.SCHEDULED)] + [at for at in timeouts if at is not None]


def _rates_let_go(data: Data, member: Member, now: Instant) -> list[Instant]:
    """When the queues of the runs that a worker may take give out more, for those that cannot now."""
    waiting = [entry.run for entry in _open_to(data, member)]
    times = [data.control(run.domain, run.queue).next_at(now) for run in waiting]
    return [at for at in times if at is not None and at > now]


def _open_to(data: Data, member: Member) -> list[Entry]:
    """The ready runs that a worker may take, but for what their queues were told; one that drains takes none."""
    if member.state is not WorkerState.ONLINE:
        return []
    spec = member.spec
    ready = [entry for entry in data.live.values() if entry.run.state is State.READY]
    ours = [entry for entry in ready if serves(spec.domains, entry.run.domain)]
    return [e for e in ours if can_take(spec.queues, spec.requires, spec.traits, e.run.queue, e.run.requires)]


def _as_queues_allow(data: Data, entries: Sequence[Entry], now: Instant) -> list[Entry]:
    """The first of each queue, as many as it may give out now."""
    left = {name: control.may_go(now) for name, control in data.queues.items()}
    allowed = []
    for entry in entries:
        name = (entry.run.domain, entry.run.queue)
        most = left[name]
        if most != 0:
            left[name] = None if most is None else most - 1
            allowed.append(entry)
    return allowed


def _share(data: Data, entries: Sequence[Entry], slots: int) -> list[Entry]:
    """Of entries in their order, those that are taken: of each domain what it is due."""
    domains = {entry.run.domain: [e for e in entries if e.run.domain == entry.run.domain] for entry in entries}
    running = [run.domain for run in _in_state(data, State.RUNNING)]
    due = {
        name: Share(data.weights.get(name, DEFAULT_WEIGHT), running.count(name), data.turns.get(name, 0))
        for name in domains
    }
    waiting = {name: min(len(its), slots) for name, its in domains.items()}
    given = share_out(due, waiting, slots, max(data.turns.values(), default=0))
    data.turns.update({name: one.turn for name, one in given.items()})
    return [entry for name, one in given.items() for entry in domains[name][: one.count]]


def _start(data: Data, entry: Entry, worker_id: str, now: Instant) -> None:
    run = entry.run
    entry.claimed_at = now
    entry.at_gate = False
    use_tokens(data, run, now)
    entry.run = msgspec.structs.replace(
        run,
        state=State.RUNNING,
        reason=None,
        token=run.token + 1,
        attempt=run.failures + run.losses + 1,
        worker_id=worker_id,
    )
    event = TABLE[State.READY, Change.CLAIM].event
    data.tell(entry, event, now, started_data(entry.run.attempt, entry.run.token))
    data.wake([Topic.EVENTS])


def to_claim(entry: Entry) -> Claim:
    """A run as its worker gets it."""
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


def order(entry: Entry) -> tuple[Instant, int]:
    """By this, runs of a line go."""
    return entry.run.rank, entry.seq


def _in_state(data: Data, state: State) -> list[Run]:
    return [entry.run for entry in data.live.values() if entry.run.state is state]
