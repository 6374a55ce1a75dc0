"""The rules: what may happen next."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import product
from typing import Any, ClassVar, Final, Literal, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule
from msgspec.structs import replace

from treadle.domain.clashes import Debounce, OnClash, Unique
from treadle.domain.conditions import Condition
from treadle.domain.dependencies import Depends, Join, OnParentFailure
from treadle.domain.instants import MINUTE, SECOND, Micros
from treadle.domain.json import encode
from treadle.domain.limits import Lane, Limits, RateLimit
from treadle.domain.messages import Intake, Judgement, Verdict
from treadle.domain.outcomes import (
    Cancelled,
    Failed,
    Outcome,
    Released,
    RunError,
    Skipped,
    Snoozed,
    Succeeded,
    Waiting,
)
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority
from treadle.domain.queues import QueueState
from treadle.domain.rates import Rate
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import TERMINAL, NewRun, RunKey, State
from treadle.domain.schedules import Schedule, reschedule
from treadle.domain.submitting import repeat_run
from treadle.domain.waits import EventWait
from treadle.domain.workers import EVERY_DOMAIN
from treadle.testing.driver import HANDLER, interval_schedule, lanes, new_message, new_run, saving, work, worker_spec
from treadle.testing.stateful.pair import LEASE, Held, OpenEngine, Pair
from treadle.testing.stateful.reading import DOMAINS

Sighting: TypeAlias = tuple[str, str, Schedule | None]
"""A schedule's domain and id, and what somebody saw of it."""

QUEUES: Final = ("default", "reports")
REQUIRES: Final = frozenset({HANDLER, "shell"})
EVERY: Final[Micros] = 7 * SECOND

CHANGES: Final = st.sampled_from(["every 7", "every 7", "every 14", "off", "see", "delete"])
OVERLAPS: Final = st.sampled_from(Overlap)
STEPS: Final = ("wait:paid", "wait:paid#2")
DATA: Final = st.dictionaries(st.sampled_from("ab"), st.integers(1, 2), max_size=2)
MOSTLY_ONE: Final = st.sampled_from([DOMAINS[0]] * 6 + [DOMAINS[1]])
STATES: Final = st.sampled_from([QueueState.OPEN, QueueState.OPEN, QueueState.PAUSED, QueueState.DRAINING])
RATES: Final = st.sampled_from([None, None, Rate(1, 5 * SECOND), Rate(2, 3 * SECOND)])
SERVED: Final = st.sampled_from([DOMAINS[:1], DOMAINS[:1], DOMAINS[1:], DOMAINS, (EVERY_DOMAIN,)])
OUTCOMES: Final[st.SearchStrategy[Outcome]] = st.sampled_from(
    [
        Succeeded(b"1"),
        Failed(RunError("exception", "boom")),
        Failed(RunError("exception", "hopeless"), retry=False),
        Failed(RunError("timeout", "late"), delay=0),
        Skipped("nothing to do"),
        Snoozed(3 * SECOND),
        Waiting(Reason(ReasonCode.EVENT, "paid")),
        Cancelled("asked for"),
        Released(),
    ]
)
AT_GATES: Final = frozenset({ReasonCode.LANE, ReasonCode.RATE})
LANES: Final = ("a", "b", "key:c")
LIMITS: Final = (
    lanes(a=1),
    lanes(a=2),
    lanes(b=1),
    lanes(a=1, b=1),
    lanes(**{"a": 2, "key:c": 1}),
    lanes(**{"b": 1, "key:c": 2}),
    Limits(rates=(RateLimit("r", Rate(2, 10 * SECOND)),)),
    Limits(lanes=(Lane("a", 1),), rates=(RateLimit("r", Rate(2, 10 * SECOND)),)),
)
UNTIL: Final[tuple[Literal["started", "finished"] | float, ...]] = ("started", "finished", 10)
UNIQUE: Final = tuple(Unique(key="k", until=until, on_clash=on_clash) for until in UNTIL for on_clash in OnClash)
DEBOUNCE: Final = (Debounce(wait_sec=4, key="k"), Debounce(wait_sec=4, max_wait_sec=6, key="k"))
SUBMISSIONS: Final = st.lists(
    st.fixed_dictionaries(
        {
            "domain": MOSTLY_ONE,
            "queue": st.sampled_from(QUEUES),
            "requires": st.sampled_from([HANDLER, HANDLER, "shell"]),
            "priority": st.sampled_from(Priority),
            "delay": st.sampled_from([0, 0, 0, SECOND, 30 * SECOND]),
            "max_retries": st.integers(0, 2),
            "key": st.sampled_from(["", "", "a", "b"]),
            "body": st.sampled_from(["x", "x", "y"]),
            "parents": st.sampled_from([(), (), ()]) | st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True),
            "join": st.sampled_from([Join.ALL, Join.ALL, Join.ANY, Join.ALWAYS]),
            "on_failure": st.sampled_from(OnParentFailure),
            "condition": st.sampled_from([None, None, None, Condition(equals=1), Condition(exists=False)]),
            "limits": st.sampled_from([None, None, None, *LIMITS]),
            "clash": st.sampled_from([None, None, None, *UNIQUE, *DEBOUNCE]),
        }
    ),
    min_size=1,
    max_size=3,
)


class EngineMachine(RuleBasedStateMachine):
    """See the package. `open_engine` is set by `machine`."""

    open_engine: ClassVar[OpenEngine]

    runs = Bundle("runs")
    workers = Bundle("workers")
    claims = Bundle("claims")
    snapshots = Bundle("snapshots")
    sightings = Bundle("sightings")

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair(type(self).open_engine)

    @invariant()
    def both_are_the_same_and_keep_their_promises(self) -> None:
        self.pair.check()

    def teardown(self) -> None:
        try:
            if sys.exception() is None:  # else a rule has failed, and nothing after it means anything
                self._come_to_rest()
        finally:
            self.pair.close()

    @initialize(target=workers)
    def open_for_work(self) -> Any:
        self._change(DOMAINS[0], "sch_1", None, "every 7")
        return multiple(*(self._register(served, (), REQUIRES) for served in (DOMAINS[:1], DOMAINS, (EVERY_DOMAIN,))))

    # Everyday traffic in one rule, so that no choice of rules is without it.

    @rule(target=claims, wanted=SUBMISSIONS, by=st.sampled_from([1, SECOND, 4 * SECOND, LEASE - 1]), outcome=OUTCOMES)
    def go_on(self, wanted: list[dict[str, Any]], by: Micros, outcome: Outcome) -> Any:
        """Time passes while clients submit, schedules fire and every worker does something."""
        self._enqueue(wanted)
        self.pair.clock.advance(by)
        for schedule in self.pair.due():
            self.pair.fire(schedule)
        if len(self.pair.alive()) < 2:
            self._register(DOMAINS, (), REQUIRES)
        alive = self.pair.alive()
        self.pair.renew(alive)
        return multiple(*(held for worker_id in alive for held in self._work_off(worker_id, [outcome], 1)))

    # Clients.

    @rule(target=runs, wanted=SUBMISSIONS)
    def enqueue(self, wanted: list[dict[str, Any]]) -> Any:
        return self._enqueue(wanted)

    @rule(one=runs, more=st.lists(runs, max_size=2), domain=MOSTLY_ONE)
    def cancel(self, one: tuple[str, str], more: list[tuple[str, str]], domain: str) -> None:
        answer = self.pair.cancel(domain, [run_id for _, run_id in (one, *more)])
        assert set(answer) <= {run_id for owner, run_id in (one, *more) if owner == domain}
        assert set(answer.values()) <= TERMINAL | {State.RUNNING}

    @precondition(lambda self: self.pair.ledger.ended_badly())
    @rule(
        target=runs,
        pick=st.integers(0, 9),
        times=st.sampled_from([1, 1, 2]),
        for_letter=st.booleans(),
        resolve=st.booleans(),
    )
    def repeat(self, pick: int, times: int, *, for_letter: bool, resolve: bool) -> Any:
        """Somebody runs again what has failed, whether or not it was before; a sweeper may look after cascades."""
        candidates = self.pair.ledger.ended_badly()
        ended = candidates[pick % len(candidates)]
        ids = [self.pair.make_id("run") for _ in range(times)]
        runs = [repeat_run(ended, run_id=new_id, now=self.pair.now, for_letter=for_letter) for new_id in ids]
        self.pair.enqueue(runs)
        if resolve:
            self.pair.ask(lambda engine: engine.runs.resolve(now=self.pair.now))
        return multiple(*((ended.domain, new_id) for new_id in ids))

    @precondition(lambda self: self.pair.ledger.ended_badly())
    @rule(pick=st.integers(0, 9), times=st.sampled_from([1, 1, 2]))
    def discard(self, pick: int, times: int) -> None:
        candidates = [run for run in self.pair.ledger.ended_badly() if run.state is State.FAILED]
        if candidates:
            letter = candidates[pick % len(candidates)]
            self.pair.discard(letter.domain, [letter.id] * times)

    @rule(domain=MOSTLY_ONE, name=st.sampled_from(["paid", "paid", "sent"]), data=DATA)
    def publish(self, domain: str, name: str, data: dict[str, int]) -> None:
        self.pair.publish(domain, name, data)

    # Workers.

    @precondition(lambda self: len(self.pair.alive()) < 5)
    @rule(
        target=workers,
        domains=SERVED,
        queues=st.sampled_from([(), (), ("reports",)]),
        requires=st.sampled_from([REQUIRES, REQUIRES, frozenset({HANDLER})]),
    )
    def register(self, domains: tuple[str, ...], queues: tuple[str, ...], requires: frozenset[str]) -> str:
        return self._register(domains, queues, requires)

    @precondition(lambda self: self.pair.alive())
    @rule(target=claims, pick=st.integers(0, 4), outcomes=st.lists(OUTCOMES, max_size=3), want=st.integers(0, 3))
    def work_off(self, pick: int, outcomes: list[Outcome], want: int) -> Any:
        """What a healthy worker does: settle what it holds, and take more."""
        alive = self.pair.alive()
        return multiple(*self._work_off(alive[pick % len(alive)], outcomes, want))

    @rule(
        target=claims,
        worker=workers,
        one=claims,
        outcome=OUTCOMES,
        more=st.lists(st.tuples(claims, OUTCOMES), max_size=1),
        want=st.integers(0, 3),
    )
    def settle_anything_and_take(
        self, worker: str, one: Held, outcome: Outcome, more: list[tuple[Held, Outcome]], want: int
    ) -> Any:
        """A worker, maybe lost, settles what anybody has ever claimed: mostly under stale tokens."""
        return multiple(*self.pair.step(worker, [(one, outcome), *more], want))

    @rule(one=claims, outcome=OUTCOMES, more=st.lists(st.tuples(claims, OUTCOMES), max_size=2), twice=st.booleans())
    def settle_anything(self, one: Held, outcome: Outcome, more: list[tuple[Held, Outcome]], *, twice: bool) -> None:
        """The same by its claimer; and once more, as after a lost answer."""
        for _ in range(1 + twice):
            self.pair.settle([(one, outcome), *more])

    @rule(one=workers, more=st.lists(workers, max_size=2), how=st.sampled_from(["renew", "renew", "drain", "stop"]))
    def be_heard(self, one: str, more: list[str], how: str) -> None:
        """Workers send a heartbeat, or say that they go."""
        if how == "renew":
            self.pair.renew([one, *more])
        elif how == "drain":
            self.pair.ask(lambda engine: engine.workers.drain([one]))
        else:
            self.pair.stop([one])

    @rule(held=claims, name=st.sampled_from(["charge", "send"]))
    def record(self, held: Held, name: str) -> None:
        """A handler has done something for good."""
        self.pair.record(held, name)

    @rule(held=claims, match=DATA, step=st.sampled_from(STEPS), timeout=st.sampled_from([None, 0, 5 * SECOND]))
    def wait_for(self, held: Held, match: dict[str, int], step: str, timeout: Micros | None) -> None:
        """A handler waits for an event."""
        timeout_at = None if timeout is None else self.pair.now + timeout
        wait = EventWait(step=step, event="paid", match=encode(match), timeout_at=timeout_at)
        self.pair.settle([(held, Waiting(Reason(ReasonCode.EVENT, "paid"), wait))])

    @rule(held=claims)
    def say(self, held: Held) -> None:
        self.pair.say(held)

    # The inbox.

    @rule(
        wanted=st.lists(
            st.tuples(MOSTLY_ONE, st.sampled_from(["", "a", "a", "b"]), st.sampled_from(["", "", "", "x", "y"])),
            min_size=1,
            max_size=4,
        ),
        body=st.sampled_from(["1", "1", "2"]),
    )
    def put(self, wanted: list[tuple[str, str, str]], body: str) -> None:
        """Somebody puts messages of one type, some of them by a name that may have come before."""
        now, make_id = self.pair.now, self.pair.make_id
        self.pair.put(
            [
                new_message(
                    now,
                    id=make_id("msg"),
                    domain=domain,
                    key=key,
                    once=RunKey("message", name, body, now + 20 * SECOND) if name else None,
                )
                for domain, key, name in wanted
            ]
        )

    @rule(held=claims, size=st.integers(1, 3), attempts=st.integers(1, 3), ordered=st.booleans())
    def take(self, held: Held, size: int, attempts: int, *, ordered: bool) -> None:
        """A run, maybe lost, takes a batch."""
        self.pair.take(held, Intake(type="mail", batch_size=size, max_attempts=attempts, preserve_order=ordered))

    @rule(held=claims, outcome=OUTCOMES, said=st.lists(st.sampled_from(Judgement), max_size=3))
    def judge(self, held: Held, outcome: Outcome, said: list[Judgement]) -> None:
        """A handler takes a batch, and says of some of its messages what became of them."""
        self.pair.take(held, Intake(type="mail", batch_size=3))
        named = zip(self.pair.batch(held), said, strict=False)
        self.pair.settle([(held, outcome)], [Verdict(message_id, judgement) for message_id, judgement in named])

    @rule(domain=MOSTLY_ONE, discard=st.booleans())
    def clear_poison(self, domain: str, *, discard: bool) -> None:
        self.pair.clear_poison(domain, discard=discard)

    @rule()
    def start_consumers(self) -> None:
        self.pair.start_consumers()

    # Faults: silence, and sweepers that act late.

    @precondition(lambda self: self.pair.alive())
    @rule(by=st.sampled_from([SECOND, LEASE, MINUTE]))
    def silence(self, by: Micros) -> None:
        """Time passes, and no worker is heard."""
        self.pair.clock.advance(by)

    @precondition(lambda self: len(self.pair.alive()) < len(self.pair.ledger.leases))
    @rule(target=snapshots, act=st.sampled_from([True, True, False]))
    def sweep(self, *, act: bool) -> list[Held]:
        """A sweeper sees what was lost, and does something about it, or is held up."""
        held = self.pair.expire()
        if act:
            self.pair.lose(held)
        return held

    @rule(snapshot=snapshots)
    def sweep_late(self, snapshot: list[Held]) -> None:
        self.pair.lose(snapshot)

    # Schedulers, and people who change schedules.

    @precondition(lambda self: self.pair.is_due())
    @rule(target=sightings, act=st.sampled_from([True, True, False]))
    def tick(self, *, act: bool) -> Any:
        """A scheduler sees what is due, and fires it, or is held up."""
        due = self.pair.due()
        for schedule in due if act else ():
            self.pair.fire(schedule)
        return multiple(*((schedule.domain, schedule.id, schedule) for schedule in due))

    @rule(sighting=sightings)
    def tick_late(self, sighting: Sighting) -> None:
        seen = sighting[2]
        if seen is not None and seen.active and seen.next_at is not None and seen.next_at <= self.pair.now:
            self.pair.fire(seen)

    @rule(target=sightings, domain=MOSTLY_ONE, name=st.sampled_from(["sch_1", "sch_2"]), how=CHANGES, overlap=OVERLAPS)
    def change(self, domain: str, name: str, how: str, overlap: Overlap) -> Sighting:
        """Somebody reads a schedule, and changes it."""
        seen = self.pair.schedule(domain, name)
        self._change(domain, name, seen, how, overlap)
        return domain, name, seen

    @rule(sighting=sightings, how=CHANGES, overlap=OVERLAPS)
    def change_late(self, sighting: Sighting, how: str, overlap: Overlap) -> None:
        """The same, but something may have come in between."""
        self._change(*sighting, how, overlap)

    # People who look after queues.

    @rule(domain=MOSTLY_ONE, name=st.sampled_from(QUEUES), state=STATES)
    def switch_queue(self, domain: str, name: str, state: QueueState) -> None:
        self.pair.switch(domain, name, state)

    @rule(domain=MOSTLY_ONE, name=st.sampled_from(QUEUES), rate=RATES)
    def limit_queue(self, domain: str, name: str, rate: Rate | None) -> None:
        self.pair.limit(domain, name, rate)

    @rule(domain=st.sampled_from(DOMAINS), weight=st.sampled_from([1, 2, 5]))
    def weigh(self, domain: str, weight: int) -> None:
        self.pair.ask(lambda engine: engine.domains.weigh(domain, weight, now=self.pair.now))

    @precondition(lambda self: self.pair.has_old())
    @rule()
    def prune(self) -> None:
        self.pair.prune()

    # People who look after lanes, and jobs that change their limits.

    @rule(domain=MOSTLY_ONE, key=st.sampled_from(LANES), limit=st.sampled_from([None, None, 0, 1, 2, 3]))
    def limit_lane(self, domain: str, key: str, limit: int | None) -> None:
        self.pair.limit_lane(domain, key, limit)

    @rule(domain=MOSTLY_ONE, a=st.integers(1, 3), b=st.integers(1, 2))
    def declare(self, domain: str, a: int, b: int) -> None:
        self.pair.save(saving(self.pair.now, domain=domain, id="job_lanes", limits=lanes(a=a, b=b)))

    # What the rules share.

    def _enqueue(self, wanted: list[dict[str, Any]]) -> Any:
        runs = [self._new(fields) for fields in wanted]
        answers = self.pair.enqueue(runs)
        return multiple(*((run.domain, answer.run_id) for run, answer in zip(runs, answers, strict=True)))

    def _new(self, fields: Mapping[str, Any]) -> NewRun:
        now = self.pair.now
        picked = {name: fields[name] for name in ("domain", "queue", "requires", "priority", "delay", "limits")}
        if fields["parents"] and (parents := self.pair.ledger.latest(fields["parents"])):
            asked = {} if fields["condition"] is None else {parents[0]: fields["condition"]}
            picked["depends"] = Depends(parents, fields["join"], fields["on_failure"], asked)
        match fields["clash"]:
            case Unique() as unique:
                picked["limits"] = replace(picked["limits"] or Limits(), unique=unique)
            case Debounce() as debounce:
                delay = debounce.due_at(now, now) - now
                picked |= {"debounce": debounce, "delay": delay, "reason": Reason(ReasonCode.DEBOUNCE)}
                picked.pop("depends", None)
        key = RunKey("job_report", fields["key"], fields["body"], now + 20 * SECOND) if fields["key"] else None
        return new_run(
            now, id=self.pair.make_id("run"), work=work(max_retries=fields["max_retries"]), key=key, **picked
        )

    def _register(self, domains: tuple[str, ...], queues: tuple[str, ...], requires: frozenset[str]) -> str:
        spec = worker_spec(id=self.pair.make_id("wrk"), domains=domains, queues=queues, requires=requires)
        self.pair.register(spec)
        return spec.id

    def _work_off(self, worker_id: str, outcomes: list[Outcome], want: int) -> list[Held]:
        return self.pair.step(worker_id, list(zip(self.pair.held(worker_id), outcomes, strict=False)), want)

    def _change(
        self, domain: str, name: str, seen: Schedule | None, how: str, overlap: Overlap = Overlap.ALLOW
    ) -> None:
        if how == "see":
            return
        if how == "delete":
            self.pair.delete(domain, f"job_{name}", [name])
            return
        every, now = EVERY * (1 + (how == "every 14")), self.pair.now
        fresh = interval_schedule(now, every=every, domain=domain, id=name, active=how != "off", overlap=overlap)
        new = reschedule(seen, replace(fresh, next_at=None), now)
        replaces = () if seen is None else (seen,)
        consumes = "mail" if how == "every 14" else None
        self.pair.save(saving(now, new, domain=domain, id=f"job_{name}", replaces=replaces, consumes=consumes))

    def _come_to_rest(self) -> None:
        """I1: once the faults have stopped, every run comes to its end."""
        able = [self._register((domain,), (), REQUIRES) for domain in DOMAINS]
        for domain, name in product(DOMAINS, QUEUES):
            self.pair.switch(domain, name, QueueState.OPEN)
            self.pair.limit(domain, name, None)
        for domain, key in product(DOMAINS, LANES):
            self.pair.limit_lane(domain, key, None)
        for _ in range(300):
            live = self.pair.live()
            if not live:
                return
            for run in live:
                if run.state is State.BLOCKED and run.reason and run.reason.code not in AT_GATES:
                    self.pair.cancel(run.domain, [run.id])
            self.pair.clock.advance(LEASE // 2)
            self.pair.renew(able)
            self.pair.lose(self.pair.expire())
            for worker_id in able:
                self._work_off(worker_id, [Succeeded()] * 9, 9)
            self.pair.check()
        raise AssertionError(f"I1: {live} come to no end")


def machine(open_engine: OpenEngine) -> type[EngineMachine]:
    """The machine for an engine."""
    return type("Machine", (EngineMachine,), {"open_engine": staticmethod(open_engine)})
