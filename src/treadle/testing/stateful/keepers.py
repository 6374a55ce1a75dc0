"""The rules of people who look after queues, lanes and domains, and of jobs that change their limits."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from treadle.domain.chains import Links
from treadle.domain.queues import QueueState
from treadle.domain.rates import Rate
from treadle.testing.driver import lanes, saving
from treadle.testing.stateful.draws import FIRST, LANES, MOSTLY_ONE, QUEUES, RATES, STATES
from treadle.testing.stateful.reading import DOMAINS
from treadle.testing.stateful.rules import Rules


class Keepers(Rules):
    """They pause, limit, weigh and clear away."""

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

    @rule(domain=MOSTLY_ONE, key=st.sampled_from(LANES), limit=st.sampled_from([None, None, 0, 1, 2, 3]))
    def limit_lane(self, domain: str, key: str, limit: int | None) -> None:
        self.pair.limit_lane(domain, key, limit)

    @rule(domain=MOSTLY_ONE, a=st.integers(1, 3), b=st.integers(1, 2))
    def declare(self, domain: str, a: int, b: int) -> None:
        self.pair.save(saving(self.pair.now, domain=domain, id="job_lanes", limits=lanes(a=a, b=b)))

    @rule(domain=MOSTLY_ONE)
    def chain(self, domain: str) -> None:
        """From now on, a job comes after another."""
        self.pair.save(saving(self.pair.now, domain=domain, id=FIRST))
        self.pair.save(saving(self.pair.now, domain=domain, id="job_second", links=Links(after=(FIRST,))))
