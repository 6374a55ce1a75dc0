"""The rules of workers."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from treadle.domain.affinity import Traits
from treadle.domain.instants import SECOND, Micros
from treadle.domain.json import encode
from treadle.domain.outcomes import Outcome, Waiting
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.waits import EventWait
from treadle.domain.workers import SWITCHES, WorkerState
from treadle.testing.driver import HANDLER
from treadle.testing.stateful.draws import DATA, OUTCOMES, REQUIRES, SERVED, STEPS, TRAITS
from treadle.testing.stateful.pair import Held
from treadle.testing.stateful.reading import DOMAINS
from treadle.testing.stateful.rules import Rules, claims, workers


class Workers(Rules):
    """They come and go, claim and settle, also what they have lost."""

    @precondition(lambda self: len(self.pair.alive()) < 5)
    @rule(
        target=workers,
        domains=SERVED,
        queues=st.sampled_from([(), (), ("reports",)]),
        requires=st.sampled_from([REQUIRES, REQUIRES, frozenset({HANDLER})]),
        traits=st.sampled_from(TRAITS),
    )
    def register(
        self, domains: tuple[str, ...], queues: tuple[str, ...], requires: frozenset[str], traits: Traits
    ) -> str:
        return self._register(domains, queues, requires, traits)

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

    @rule(one=workers, more=st.lists(workers, max_size=2), how=st.sampled_from(["renew", "renew", *SWITCHES, "stop"]))
    def be_heard(self, one: str, more: list[str], how: str) -> None:
        """Workers send a heartbeat, are told to claim no more or again, or go."""
        if how == "renew":
            self.pair.renew([one, *more])
        elif isinstance(how, WorkerState):
            self.pair.ask(lambda engine: engine.workers.switch(DOMAINS[0], [one, *more], how, now=self.pair.now))
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
