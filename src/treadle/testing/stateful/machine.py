"""The machine: all rules together, everyday traffic, faults, and the rest to which all comes."""

from __future__ import annotations

import sys
from itertools import product
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, multiple, precondition, rule

from treadle.domain.instants import MINUTE, SECOND, Micros
from treadle.domain.outcomes import Outcome, Succeeded
from treadle.domain.queues import QueueState
from treadle.domain.reasons import ReasonCode
from treadle.domain.runs import State
from treadle.domain.workers import EVERY_DOMAIN
from treadle.testing.stateful.clients import Clients
from treadle.testing.stateful.draws import LANES, OUTCOMES, QUEUES, REQUIRES, SUBMISSIONS, TRAITS
from treadle.testing.stateful.inbox import Inbox
from treadle.testing.stateful.keepers import Keepers
from treadle.testing.stateful.pair import LEASE, Held, OpenEngine
from treadle.testing.stateful.reading import DOMAINS
from treadle.testing.stateful.rules import claims, snapshots, workers
from treadle.testing.stateful.schedulers import Schedulers
from treadle.testing.stateful.workers import Workers

AT_GATES: Final = frozenset({ReasonCode.LANE, ReasonCode.RATE})


class EngineMachine(Clients, Workers, Inbox, Schedulers, Keepers):
    """See the package."""

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

    def _come_to_rest(self) -> None:
        """I1: once the faults have stopped, every run comes to its end."""
        able = [self._register((domain,), (), REQUIRES, TRAITS[-1]) for domain in DOMAINS]
        for domain, name in product(DOMAINS, QUEUES):
            self.pair.switch(domain, name, QueueState.OPEN)
            self.pair.limit(domain, name, None)
        for domain, key in product(DOMAINS, LANES):
            self.pair.limit_lane(domain, key, None)
        for _ in range(300):
            live = self.pair.live()
            if not live:
                return self.pair.check_rest()
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
