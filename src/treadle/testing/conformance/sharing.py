"""Domains share the workers that serve several of them by their weights, and none is shut out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from treadle.domain.instants import HOUR, MINUTE
from treadle.domain.outcomes import Succeeded
from treadle.domain.rates import Rate
from treadle.domain.runs import Claim
from treadle.domain.sharing import Domain
from treadle.domain.workers import EVERY_DOMAIN
from treadle.engines.contract import Engine
from treadle.testing.driver import Driver

BOTH = ("a", "b")


def by_domain(claims: Iterable[Claim]) -> dict[str, int]:
    return dict(sorted(Counter(claim.domain for claim in claims).items()))


class TestSharing:
    async def test_a_worker_takes_from_the_domains_that_it_serves(self, engine: Engine, drive: Driver) -> None:
        for name in ("a", "b", "c"):
            await drive.submit(domain=name)
        assert by_domain(await drive.claim(await drive.worker(domains=BOTH), 9)) == {"a": 1, "b": 1}
        assert by_domain(await drive.claim(await drive.worker(domains=(EVERY_DOMAIN,)), 9)) == {"c": 1}

    async def test_each_domain_sees_the_workers_that_serve_it(self, engine: Engine, drive: Driver) -> None:
        both = await drive.worker(domains=BOTH)
        every = await drive.worker(domains=(EVERY_DOMAIN,))
        seen = {name: {worker.id for worker in await engine.workers.find(name)} for name in ("a", "b", "c")}
        assert seen == {"a": {both, every}, "b": {both, every}, "c": {every}}

    async def test_free_slots_are_shared_by_weight(self, engine: Engine, drive: Driver) -> None:
        assert await engine.domains.weigh("a", 3, now=drive.now)
        for name in BOTH:
            await drive.submit(20, domain=name)
        worker = await drive.worker(domains=BOTH)
        assert by_domain(await drive.claim(worker, 8)) == {"a": 6, "b": 2}
        assert by_domain(await drive.claim(worker, 8)) == {"a": 6, "b": 2}

    async def test_what_runs_already_counts_also_on_workers_of_its_own(self, engine: Engine, drive: Driver) -> None:
        for name in BOTH:
            await drive.submit(20, domain=name)
        await drive.claim(await drive.worker(domain="a"), 4)
        assert by_domain(await drive.claim(await drive.worker(domains=BOTH), 4)) == {"b": 4}
        assert by_domain(await drive.claim(await drive.worker(domains=BOTH), 4)) == {"a": 2, "b": 2}

    async def test_what_one_domain_leaves_free_the_other_may_have(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(20, domain="a")
        await drive.submit(1, domain="b")
        assert by_domain(await drive.claim(await drive.worker(domains=BOTH), 8)) == {"a": 7, "b": 1}

    async def test_a_flood_delays_nobody(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2_000, domain="a")
        worker = await drive.worker(domains=BOTH, lease=HOUR)
        busy = list(await drive.claim(worker, 4))
        drive.now += MINUTE
        (late,) = await drive.submit(domain="b")
        await drive.settle(worker, busy.pop(), Succeeded())
        assert [claim.id for claim in await drive.claim(worker)] == [late]

    async def test_where_one_slot_is_given_out_at_a_time_they_take_turns_by_weight(
        self, engine: Engine, drive: Driver
    ) -> None:
        await engine.domains.weigh("a", 2, now=drive.now)
        await drive.submit(30, domain="a")
        await drive.submit(30, domain="b")
        worker = await drive.worker(domains=BOTH)
        claims = []
        for _ in range(12):
            claim = await drive.claim_one(worker)
            await drive.settle(worker, claim, Succeeded())
            claims.append(claim)
        assert by_domain(claims) == {"a": 8, "b": 4}
        assert all(by_domain(claims[first : first + 3]) == {"a": 2, "b": 1} for first in range(9))

    async def test_who_was_away_saves_up_no_more_than_a_turn(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(50, domain="a")
        await drive.submit(50, domain="b")
        worker = await drive.worker(domains=("a", "b", "c"))
        for _ in range(20):
            await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        await drive.submit(50, domain="c")
        claims = []
        for _ in range(9):
            claims.append(await drive.claim_one(worker))
            await drive.settle(worker, claims[-1], Succeeded())
        assert max(by_domain(claims).values()) <= 4
        assert set(by_domain(claims)) == {"a", "b", "c"}

    async def test_within_a_domain_the_order_and_the_rates_hold(self, engine: Engine, drive: Driver) -> None:
        await engine.queues.limit("a", "default", Rate(1, MINUTE), now=drive.now)
        (first, *_) = await drive.submit(5, domain="a")
        theirs = await drive.submit(5, domain="b")
        claims = await drive.claim(await drive.worker(domains=BOTH), 4)
        assert [claim.id for claim in claims if claim.domain == "a"] == [first]
        assert [claim.id for claim in claims if claim.domain == "b"] == theirs[:3]

    async def test_domains_are_listed_with_weight_and_load(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2, domain="a")
        await drive.submit(domain="b", delay=MINUTE)
        await drive.claim(await drive.worker(domain="a"), 1)
        assert not await engine.domains.weigh("b", 1, now=drive.now)
        assert await engine.domains.weigh("c", 7, now=drive.now)
        listed = [
            Domain(name="a", running=1, waiting=True),
            Domain(name="b"),
            Domain(name="c", weight=7),
        ]
        assert await engine.domains.find() == listed
        assert await engine.domains.find(after="a", limit=1) == listed[1:2]
        assert await engine.domains.find(names=["c", "nope"]) == listed[2:]
        (event,) = await engine.events.read("c", after=0, limit=9)
        assert (event.type, event.subject, event.data) == ("domain.weight_changed", "c", b'{"weight":7}')
