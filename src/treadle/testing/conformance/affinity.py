"""Affinity: a run goes to workers that match it, and stands in nobody's way elsewhere."""

from __future__ import annotations

from typing import Final

from treadle.domain.affinity import Affinity, Traits, with_affinity
from treadle.domain.instants import SECOND
from treadle.engines.contract import Engine
from treadle.testing.driver import BOOM, HANDLER, Driver

HERE: Final = Traits(os="linux", tags=("gpu", "fast"), hostname="Ant", addresses=("10.2.3.4",))
MATCHING: Final = Affinity(os=("linux", "darwin"), tags=("gpu",), hostnames=("ant",), subnets=("10.2.0.0/16",))
ELSEWHERE: Final = Affinity(tags=("gpu", "slow"))


class TestAffinity:
    async def test_what_a_worker_says_of_itself_is_read_back(self, engine: Engine, drive: Driver) -> None:
        await drive.worker(traits=HERE)
        (seen,) = await engine.workers.find("default")
        assert seen.traits == HERE

    async def test_who_matches_takes_the_run_and_nobody_else(self, drive: Driver) -> None:
        (run_id,) = await drive.submit(requires=with_affinity(HANDLER, MATCHING))
        await drive.submit(requires=with_affinity(HANDLER, ELSEWHERE))
        assert await drive.claim(await drive.worker(), 2) == ()
        claims = await drive.claim(await drive.worker(traits=HERE), 2)
        assert [claim.id for claim in claims] == [run_id]

    async def test_a_worker_must_have_the_ability_too(self, drive: Driver) -> None:
        await drive.submit(requires=with_affinity("shell", MATCHING))
        assert await drive.claim(await drive.worker(traits=HERE)) == ()

    async def test_runs_that_nobody_matches_stand_in_nobodys_way(self, drive: Driver) -> None:
        await drive.submit(3, requires=with_affinity(HANDLER, ELSEWHERE))
        plain = await drive.submit(2)
        claims = await drive.claim(await drive.worker(traits=HERE), 5)
        assert [claim.id for claim in claims] == plain

    async def test_a_retry_asks_for_the_same(self, drive: Driver) -> None:
        await drive.submit(requires=with_affinity(HANDLER, MATCHING))
        worker = await drive.worker(traits=HERE)
        claim = await drive.claim_one(worker)
        await drive.settle(worker, claim, BOOM)
        drive.now += SECOND
        assert await drive.claim(await drive.worker()) == ()
        assert (await drive.claim_one(worker)).id == claim.id
