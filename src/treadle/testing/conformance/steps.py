"""Steps: kept under the fence, handed out with every further claim, gone with their run."""

from __future__ import annotations

import pytest

from treadle.domain.errors import LeaseLost
from treadle.domain.instants import DAY, HOUR, MINUTE, SECOND
from treadle.domain.outcomes import Released, Snoozed, Succeeded
from treadle.domain.runs import Claim
from treadle.domain.steps import MAX_STEP_BYTES, RunStep, StepKind
from treadle.engines.contract import Engine
from treadle.testing.conformance.opening import Opener
from treadle.testing.driver import BOOM, Driver


def step(claim: Claim, name: str = "charge", result: bytes = b'{"paid":true}', at: int = 0) -> RunStep:
    """What a handler has done under a claim."""
    return RunStep(name=name, kind=StepKind.RESULT, result=result, token=claim.token, at=at)


class TestSteps:
    async def test_a_step_comes_back_with_the_next_claim(self, drive: Driver) -> None:
        await drive.submit(2)
        worker = await drive.worker(lease=HOUR)
        claim, other = await drive.claim(worker, 2)
        assert claim.steps == ()
        kept = [step(claim), step(claim, "send", b"null", 7)]
        assert [await drive.record(worker, claim, one) for one in kept] == [True, True]
        for one in (claim, other):
            await drive.settle(worker, one, BOOM)
        drive.now += MINUTE
        again = {each.id: each.steps for each in await drive.claim(worker, 2)}
        assert again == {claim.id: tuple(kept), other.id: ()}

    @pytest.mark.parametrize("outcome", [BOOM, Released(), Snoozed(SECOND), Succeeded()])
    async def test_a_stale_worker_records_nothing(self, engine: Engine, drive: Driver, outcome: object) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker(lease=HOUR)
        stale = await drive.claim_one(worker)
        await drive.settle(worker, stale, outcome)  # type: ignore[arg-type]
        assert not await drive.record(worker, stale, step(stale))
        drive.now += MINUTE
        for claim in await drive.claim(worker):
            assert not await drive.record(worker, stale, step(stale))
            assert await drive.record(worker, claim, step(claim, "mine"))
        names = [one.name for one in await engine.steps.find("default", run_id)]
        assert names == ([] if isinstance(outcome, Succeeded) else ["mine"])

    async def test_a_worker_without_a_lease_records_nothing(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker(lease=MINUTE)
        claim = await drive.claim_one(worker)
        drive.now += MINUTE
        with pytest.raises(LeaseLost):
            await drive.record(worker, claim, step(claim))
        assert await engine.steps.find("default", run_id) == []

    async def test_a_name_is_kept_as_it_was_first(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        for result in (b"1", b"2"):
            assert await drive.record(worker, claim, step(claim, "charge", result))
        assert await engine.steps.find("default", run_id) == [step(claim, "charge", b"1")]

    async def test_a_step_of_the_largest_size_is_kept_whole(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker(lease=HOUR)
        claim = await drive.claim_one(worker)
        large = step(claim, "large", b'"' + "ä\\n".encode() * (MAX_STEP_BYTES // 4 - 1) + b'"')
        assert await drive.record(worker, claim, large)
        assert await engine.steps.find("default", run_id) == [large]
        await drive.settle(worker, claim, Released())
        assert (await drive.claim_one(worker)).steps == (large,)

    async def test_steps_are_read_of_a_finished_run_and_only_in_its_domain(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.record(worker, claim, step(claim))
        await drive.settle(worker, claim, Succeeded())
        assert await engine.steps.find("default", run_id) == [step(claim)]
        assert await engine.steps.find("theirs", run_id) == []
        assert await engine.steps.outline("default", [run_id, "run_unknown"]) == {run_id: [("charge", StepKind.RESULT)]}
        assert await engine.steps.outline("theirs", [run_id]) == {}
        assert await engine.steps.find("default", "run_unknown") == []

    async def test_steps_go_with_their_run(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.record(worker, claim, step(claim))
        await drive.settle(worker, claim, Succeeded())
        assert await engine.runs.prune(drive.now + DAY, 10) == 1
        assert await engine.steps.find("default", run_id) == []

    async def test_what_a_worker_still_holds_comes_without_its_steps(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.record(worker, claim, step(claim))
        ((_, held, _),) = await engine.runs.held_by([worker])
        assert held == claim

    async def test_another_process_finds_them(self, opener: Opener) -> None:
        async with opener() as first, opener() as second:
            here, there = Driver(first), Driver(second)
            there.now = here.now
            (run_id,) = await here.submit()
            ours, theirs = await here.worker(lease=HOUR), await there.worker(lease=HOUR)
            claim = await here.claim_one(ours)
            await here.record(ours, claim, step(claim))
            await here.settle(ours, claim, Released())
            assert (await there.claim_one(theirs)).steps == (step(claim),)
            assert not await here.record(ours, claim, step(claim, "late"))
            assert await second.steps.find("default", run_id) == [step(claim)]
