"""What clients were told, kept apart from every engine, and what must be true of it.

An engine is not judged by its own tables alone: the ledger hears each answer, and checks the engine's records against
it. The invariants, by the names under which they fail:

I1   an accepted run is there, once, and comes to one final state
I2   a final state is final; what is final is not executed again
I3   what is written carries the run's token; a stale one is never accepted
I4   no two workers hold a run at one time
I5   attempts keep to their maximum, and losses to theirs
I6   no lane has more holders than its limit lets (`reading`), and no rate more starts
I7   a slot of a schedule is fired once or passed over once
I8   runs go in the order of their ranks (the model says which is next), but none of a queue that is paused, and no
     more of one than its rate lets go; a queue that drains takes none
I9   a run is claimed only once its declared condition on its parents held
I10  a key names one run, and a dead letter is resolved once
I12  nothing is claimed before it is due
I13  a run's events have no gap, and make a way through the table of states

U1   of the runs that have not started, one has a unique key, but for those that were to be kept beside it
U2   of the runs that wait for more submits, one has a key

M1   a message is leased exactly as long as its run runs under the token under which it was taken
M2   a processed message stays processed, and a key names one message
M3   a message that was put is there until it was settled long ago, or somebody discarded it
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from treadle.domain.clashes import OnClash
from treadle.domain.dependencies import Join, OnParentFailure
from treadle.domain.events import Event
from treadle.domain.instants import Instant
from treadle.domain.messages import Message, MessageState, NewMessage
from treadle.domain.queues import QueueState
from treadle.domain.rates import Rate
from treadle.domain.retry import QUARANTINE_AT
from treadle.domain.runs import TERMINAL, Claim, NewRun, Run, State
from treadle.domain.states import CANCEL_REQUESTED_EVENT, DEBOUNCED_EVENT, QUEUED_EVENT, TABLE, Change, Transition
from treadle.domain.steps import RunStep
from treadle.domain.work import decode_work
from treadle.engines.contract import Accepted, Admission, Firing, Received

UNTOLD = (Change.DUE, Change.ADMIT)
"""Changes that are written with the claim that follows, if at all."""


@dataclass
class Holding:
    """A run in the hands of a worker; `until` is when it was settled."""

    token: int
    worker_id: str
    since: Instant
    until: Instant | None = None


@dataclass
class Gate:
    """What a queue was told, and the claims from it since its rate was set."""

    state: QueueState = QueueState.OPEN
    rate: Rate | None = None
    claims: list[Instant] = field(default_factory=list)

    def claimed(self, now: Instant) -> None:
        """I8: it may give out a run now."""
        assert self.state is not QueueState.PAUSED, "I8"
        self.claims.append(now)
        if self.rate is not None:
            for first, since in enumerate(self.claims):
                assert len(self.claims) - first <= self.rate.runs + (now - since) // self.rate.interval, "I8"


@dataclass
class Ledger:
    """Everything that was promised. Each method raises AssertionError where an answer breaks an invariant."""

    accepted: dict[str, NewRun] = field(default_factory=dict)
    keys: dict[tuple[str, str, str], tuple[str, Instant]] = field(default_factory=dict)
    holdings: dict[str, list[Holding]] = field(default_factory=lambda: defaultdict(list))
    leases: dict[str, Instant] = field(default_factory=dict)
    starts: dict[tuple[str, str], list[Instant]] = field(default_factory=lambda: defaultdict(list))
    finals: dict[str, Run] = field(default_factory=dict)
    queues: dict[tuple[str, str], Gate] = field(default_factory=lambda: defaultdict(Gate))
    slots: set[tuple[str, str, Instant]] = field(default_factory=set)
    pruned: set[str] = field(default_factory=set)
    steps: dict[tuple[str, str], RunStep] = field(default_factory=dict)
    resolved: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    processed: dict[str, Message] = field(default_factory=dict)
    beside: set[str] = field(default_factory=set)
    """Runs whose unique key another one has taken that was to be kept beside them."""

    unchecked: list[str] = field(default_factory=list)
    """Claimed since the last check."""

    def latest(self, places: Sequence[int]) -> tuple[str, ...]:
        """The runs accepted last, by their places from the end."""
        ids = list(reversed(self.accepted))
        return tuple(ids[place] for place in places if place < len(ids))

    def ended_badly(self) -> list[Run]:
        """The runs known to have failed or to have been cancelled."""
        return [run for run in self.finals.values() if run.state in (State.FAILED, State.CANCELLED)]

    def submitted(self, runs: Sequence[NewRun], answers: Sequence[Accepted], now: Instant) -> None:
        """I10: while a key stands, it names one run."""
        assert len(runs) == len(answers)
        for new, answer in zip(runs, answers, strict=True):
            name = (new.domain, new.key.scope, new.key.key) if new.key is not None else None
            stands = name is not None and name in self.keys and self.keys[name][1] > now
            if answer.admission is Admission.PARENT_MISSING:
                assert not stands, "I10"
                assert answer.at is not None
                assert new.depends is not None
                parent = self.accepted.get(new.depends.parents[answer.at])
                assert parent is None or parent.domain != new.domain
                continue
            assert (answer.admission in (Admission.EXISTING, Admission.KEY_REUSED)) == stands, "I10"
            if name is not None and stands:
                assert answer.run_id == self.keys[name][0], "I10"
                continue
            if answer.admission is Admission.JOB_CHANGED:
                assert new.if_unchanged
                continue
            draining = self.queues[new.domain, new.queue].state is QueueState.DRAINING
            assert (answer.admission is Admission.QUEUE_DRAINING) == draining, "I8"
            if draining:
                continue
            if answer.admission in (Admission.DUPLICATE, Admission.DEBOUNCED):
                self._stood_for(new, answer)
                if name is not None and new.key is not None:
                    self.keys[name] = answer.run_id, new.key.expires_at
                continue
            assert answer.run_id == new.id
            if new.retry_of is not None and not self._retried(new, answer):
                continue
            self._beside(new)
            self.accepted[new.id] = new
            if name is not None and new.key is not None:
                self.keys[name] = new.id, new.key.expires_at

    def _stood_for(self, new: NewRun, answer: Accepted) -> None:
        """U1 and U2: who stands for a run has its key. One that it has gone into is as it from now on."""
        stands = self.accepted[answer.run_id]
        assert stands.domain == new.domain
        if answer.admission is Admission.DEBOUNCED:
            assert stands.debounce is not None, "U2"
            assert new.debounce is not None, "U2"
            assert stands.debounce.key == new.debounce.key, "U2"
            self.accepted[stands.id] = replace(new, id=stands.id, created_at=stands.created_at)
        else:
            assert _unique_key(stands) == _unique_key(new) is not None, "U1"

    def _beside(self, new: NewRun) -> None:
        unique = None if new.limits is None else new.limits.unique
        if unique is not None and unique.on_clash is OnClash.KEEP:
            self.beside |= {one.id for one in self.accepted.values() if _unique_key(one) == _unique_key(new)}

    def _retried(self, new: NewRun, answer: Accepted) -> bool:
        """I10: a dead letter is resolved once; a run that was to resolve one is there only if it did."""
        assert new.retry_of is not None
        failed = self.finals[new.retry_of]
        dead = failed.state is State.FAILED and failed.id not in self.resolved | self.pruned
        assert (answer.admission is Admission.LETTER_RESOLVED) == (new.for_letter and not dead), "I10"
        if dead:
            self.resolved.add(failed.id)
        return answer.admission is Admission.CREATED

    def discarded(self, run_ids: Sequence[str], answer: Sequence[str]) -> None:
        """I10: the same, by somebody who lets it be."""
        assert set(answer) == {run_id for run_id in run_ids if run_id not in self.resolved | self.pruned}, "I10"
        assert len(set(answer)) == len(answer), "I10"
        self.resolved.update(answer)

    def fired(self, firing: Firing, skipped: Iterable[Instant], stored: Container[str]) -> None:
        """I7: a slot fires once or is passed over once. I8: a queue that drains takes none.

        `stored` are the ids of the runs that it made.
        """
        assert not any(self.queues[run.domain, run.queue].state is QueueState.DRAINING for run in firing.runs), "I8"
        taken = [run.slot for run in firing.runs if run.slot is not None]
        for slot in (*taken, *skipped):
            name = (firing.domain, firing.schedule_id, slot)
            assert name not in self.slots, "I7"
            self.slots.add(name)
        self.accepted.update({run.id: run for run in firing.runs if run.id in stored})

    def put(self, messages: Sequence[NewMessage], answers: Sequence[Received]) -> None:
        """M2: one that came before is not stored again."""
        for new, answer in zip(messages, answers, strict=True):
            assert (answer.message_id == new.id) == (answer.admission is Admission.CREATED), "M2"
            if answer.admission is Admission.CREATED:
                self.unread.add(new.id)

    def check_messages(self, messages: Sequence[Message], runs: Sequence[Run]) -> None:
        """M1, M2 and M3, over all the messages of an engine."""
        running = {(run.id, run.token) for run in runs if run.state is State.RUNNING}
        by_id = {message.id: message for message in messages}
        assert len(by_id) == len(messages), "M3: a message is there twice"
        for message in messages:
            if message.state is MessageState.LEASED:
                assert (message.run_id, message.token) in running, "M1"
            elif message.state is MessageState.PROCESSED:
                self.unread.discard(message.id)
                assert self.processed.setdefault(message.id, message) == message, "M2"
            assert message.id not in self.processed or message.state is MessageState.PROCESSED, "M2"
            if message.state is MessageState.POISON:
                self.unread.discard(message.id)  # it may be pruned
        assert self.unread <= set(by_id), "M3"

    def claimed(self, claims: Iterable[Claim], worker_id: str, now: Instant) -> None:
        """I2, I4, I8 and I12: a claim comes when the run is due and its queue lets it go, after every earlier claim
        ended, under a new token."""
        for claim in claims:
            before = self.holdings[claim.id]
            assert claim.id in self.accepted, "I1"
            assert claim.id not in self.finals, "I2"
            assert claim.due_at <= now, "I12"
            assert self.leases[worker_id] > now, "I4"
            assert all(one.until is not None and one.until <= now for one in before), "I4"
            assert all(one.token < claim.token for one in before), "I3"
            before.append(Holding(claim.token, worker_id, now))
            self.queues[claim.domain, claim.queue].claimed(now)
            self._started(self.accepted[claim.id], now)
            self.unchecked.append(claim.id)

    def _started(self, run: NewRun, now: Instant) -> None:
        """I6: no more of a rate's runs start than it lets go, in any span of time."""
        for limit in () if run.limits is None else run.limits.rates:
            starts = self.starts[run.domain, limit.key]
            starts.append(now)
            for first, since in enumerate(starts):
                most = limit.rate.runs + (now - since) // limit.rate.interval
                assert len(starts) - first <= most, "I6"

    def switched(self, domain: str, name: str, state: QueueState) -> None:
        """A queue was paused, resumed or drained."""
        self.queues[domain, name].state = state

    def limited(self, domain: str, name: str, rate: Rate | None) -> None:
        """A queue was given a rate: what went before it does not count."""
        gate = self.queues[domain, name]
        gate.rate, gate.claims = rate, []

    def settled(self, done: Sequence[Transition], refused: Sequence[str], now: Instant) -> None:
        """I3: what is accepted carries the token of a claim, and its worker's lease is alive.

        Where a batch names a run several times, the answer does not say which was refused: the one whose claim is
        still open is the last to be.
        """
        for run_id in {transition.run.id for transition in done}:
            named = [(self._holding(one), one) for one in done if one.run.id == run_id]
            named.sort(key=lambda pair: pair[0].until is not None)
            for holding, transition in named[: len(named) - refused.count(run_id)]:
                if holding.until is None:
                    assert transition.worker_id is None or self.leases[transition.worker_id] > now, "I4"
                    holding.until = now

    def recorded(self, claim: Claim, step: RunStep, *, taken: bool) -> None:
        """I3: a step is kept under the claim that holds the run, and under no other."""
        (holding,) = (one for one in self.holdings[claim.id] if one.token == claim.token)
        assert taken == (holding.until is None), "I3"
        if taken:
            self.steps.setdefault((claim.id, step.name), step)

    def _holding(self, transition: Transition) -> Holding:
        (holding,) = (one for one in self.holdings[transition.run.id] if one.token == transition.run.token)
        return holding

    def check(self, runs: Sequence[Run], steps: Mapping[str, Sequence[RunStep]]) -> None:
        """I1, I2, I5 and I9, over all the runs of an engine; no step that was kept is lost, or another than it was."""
        by_id = {run.id: run for run in runs}
        assert len(by_id) == len(runs), "I1: a run is there twice"
        assert set(by_id) == set(self.accepted) - self.pruned, "I1"
        for run in runs:
            final = self.finals.get(run.id, run)
            assert run == replace(final, resolution=final.resolution or run.resolution), "I2"
            assert (run.resolution is not None) == (run.id in self.resolved), "I10"
            if run.state in TERMINAL:
                self.finals[run.id] = run
            assert run.failures <= decode_work(run.work).retry.max_retries + 1, "I5"
            assert run.solo_losses <= QUARANTINE_AT, "I5"
            assert (run.worker_id is not None) or run.state is not State.RUNNING
        self._check_keys([run for run in runs if run.state not in TERMINAL and run.token == 0])
        for run_id in self.unchecked:
            assert self._may_go(by_id[run_id]), "I9"
        self.unchecked.clear()
        for (run_id, name), step in self.steps.items():
            assert run_id in self.pruned or step in steps[run_id], f"I3: step {name} of {run_id}"

    def _check_keys(self, unstarted: Sequence[Run]) -> None:
        """U1 and U2. A key that stood for a time may be another's while its first run still waits."""
        unique = [self.accepted[run.id] for run in unstarted if run.id not in self.beside]
        keys = [_unique_key(run) for run in unique if _unique_key(run) and not _has_window(run)]
        assert len(set(keys)) == len(keys), "U1"
        waiting = [self.accepted[run.id] for run in unstarted if run.state is State.SCHEDULED]
        debounced = [(run.domain, run.debounce.key) for run in waiting if run.debounce is not None]
        assert len(set(debounced)) == len(debounced), "U2"

    def _may_go(self, run: Run) -> bool:
        """Whether a run's parents let it go, told from how they ended and from nothing else."""
        depends = run.depends
        if depends is None or not depends.parents:  # of the jobs that it names there may have been no run
            return True
        ended = [self.finals[one] for one in depends.parents if one in self.finals]
        good = [one for one in ended if one.state is State.COMPLETED or _had_nothing_to_do(one)]
        if depends.join is not Join.ALWAYS and depends.on_failure is not OnParentFailure.RUN:
            return len(good) == len(depends.parents) if depends.join is Join.ALL else bool(good)
        return len(ended) == len(depends.parents) or (depends.join is Join.ANY and bool(good))


def _unique_key(run: NewRun) -> tuple[str, str | None] | None:
    return None if run.limits is None or run.limits.unique is None else (run.domain, run.limits.unique.key)


def _has_window(run: NewRun) -> bool:
    return run.limits is not None and run.limits.unique is not None and not isinstance(run.limits.unique.until, str)


def _had_nothing_to_do(run: Run) -> bool:
    return run.state is State.SKIPPED and (run.error is None or run.error.code == "skipped")


def check_life(events: Sequence[Event]) -> frozenset[State]:
    """I13: the events of one run are numbered without a gap and make a way through the table of states.

    Answers the states in which the run may be after them. Where the first of them were pruned, the way may begin
    anywhere.
    """
    first = events[0].n
    assert [event.n for event in events] == list(range(first, first + len(events))), "I13: a gap"
    if first == 1:
        assert events[0].type == QUEUED_EVENT, "I13"
    may_be = frozenset(State)
    for event in events:
        may_be = _after(may_be, event.type)
        assert may_be, f"I13: {event.type} is no way on"
    return may_be


def _after(may_be: frozenset[State], event: str) -> frozenset[State]:
    if event == QUEUED_EVENT:
        return frozenset({State.SCHEDULED, State.BLOCKED, State.READY})
    if event == DEBOUNCED_EVENT:
        return may_be & {State.SCHEDULED}
    if event == CANCEL_REQUESTED_EVENT:
        return may_be & {State.RUNNING}
    reached = may_be | {TABLE[way].to for way in TABLE if way[0] in may_be and way[1] in UNTOLD}
    return frozenset(row.to for (source, _), row in TABLE.items() if source in reached and row.event == event)
