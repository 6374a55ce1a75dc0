"""Rates: no more runs start within a window than the rate lets, and those that wait go on when their token is due."""

from __future__ import annotations

from treadle.domain.instants import HOUR, SECOND
from treadle.domain.limits import Lane, Limits, RateLimit
from treadle.domain.outcomes import Failed, RunError, Succeeded
from treadle.domain.priority import Priority
from treadle.domain.rates import Rate
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Claim, State
from treadle.engines.contract import Engine
from treadle.testing.driver import Driver, saving

AGAIN = Failed(RunError("exception", "boom"), delay=0)


def rated(runs: int, window: int, key: str = "job:report", **lanes: int) -> Limits:
    """A rate, and lanes beside it."""
    return Limits(
        lanes=tuple(Lane(name, limit) for name, limit in lanes.items()), rates=(RateLimit(key, Rate(runs, window)),)
    )


class TestRates:
    async def use_up(self, drive: Driver, worker: str) -> Claim:
        """Start a run that uses the one token, and then one that holds the lane, which is answered."""
        await drive.submit(limits=rated(1, 10 * SECOND))
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        await drive.submit(limits=Limits(lanes=(Lane("a", 1),)))
        return await drive.claim_one(worker)

    async def test_a_burst_may_go_at_once_and_then_one_per_interval(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(4, limits=rated(2, 10 * SECOND))
        worker = await drive.worker(lease=HOUR)
        assert [claim.id for claim in await drive.claim(worker, 9)] == ids[:2]
        assert (await drive.run(ids[2])).reason == Reason(ReasonCode.RATE, "job:report")
        started = 2
        for _ in range(2):
            drive.now += 5 * SECOND - 1
            step = await engine.runs.step(worker, (), 9, now=drive.now)
            assert (step.claims, step.next_due) == ((), drive.now + 1)
            drive.now += 1
            assert [claim.id for claim in await drive.claim(worker, 9)] == [ids[started]]
            started += 1
        assert (await engine.runs.step(worker, (), 9, now=drive.now)).next_due is None

    async def test_what_is_ready_has_a_token_that_nobody_else_gets(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(3, limits=rated(2, SECOND))
        assert await drive.states(ids) == [State.READY, State.READY, State.BLOCKED]
        drive.now += HOUR
        (late,) = await drive.submit(limits=rated(2, SECOND))
        assert await drive.states([late]) == [State.BLOCKED]
        (use,) = await engine.lanes.rates("default", ["job:report", "job:other"])
        assert (use.rate, use.used_until, use.reserved, use.waiting) == (Rate(2, SECOND), None, 2, 2)

    async def test_no_token_is_used_up_by_what_never_starts(self, drive: Driver) -> None:
        first, second = await drive.submit(2, limits=rated(1, HOUR))
        await drive.engine.runs.cancel("default", [first], now=drive.now)
        assert await drive.states([second]) == [State.READY]

    async def test_a_retry_needs_a_token_of_its_own(self, drive: Driver) -> None:
        (run_id,) = await drive.submit(limits=rated(1, 10 * SECOND))
        worker = await drive.worker(lease=HOUR)
        claim = await drive.claim_one(worker)
        drive.now += SECOND
        await drive.settle(worker, claim, AGAIN)
        assert await drive.claim(worker, 9) == ()
        assert (await drive.run(run_id)).reason == Reason(ReasonCode.RATE, "job:report")
        drive.now += 9 * SECOND
        assert [again.id for again in await drive.claim(worker, 9)] == [run_id]

    async def test_urgent_work_takes_the_token_of_what_is_ready(self, drive: Driver) -> None:
        (first,) = await drive.submit(limits=rated(1, HOUR))
        (urgent,) = await drive.submit(limits=rated(1, HOUR), priority=Priority.HIGH)
        assert await drive.states([first, urgent]) == [State.BLOCKED, State.READY]

    async def test_a_run_that_waits_for_a_token_holds_no_lane(self, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        await drive.submit(limits=rated(1, 10 * SECOND))
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        (both,) = await drive.submit(limits=rated(1, 10 * SECOND, a=1))
        (lane_only,) = await drive.submit(limits=Limits(lanes=(Lane("a", 1),)))
        assert await drive.states([both, lane_only]) == [State.BLOCKED, State.READY]
        claim = await drive.claim_one(worker)
        drive.now += 10 * SECOND
        assert await drive.claim(worker, 9) == ()
        assert (await drive.run(both)).reason == Reason(ReasonCode.LANE, "a")
        await drive.settle(worker, claim, Succeeded())
        assert [claim.id for claim in await drive.claim(worker, 9)] == [both]

    async def test_what_a_lane_lets_go_on_is_told_when_its_token_is_due(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        holder = await self.use_up(drive, worker)
        (both,) = await drive.submit(limits=rated(1, 10 * SECOND, a=1))
        assert (await drive.run(both)).reason == Reason(ReasonCode.LANE, "a")
        done = [drive.outcome(holder, Succeeded(), worker)]
        assert (await engine.runs.step(worker, done, 9, now=drive.now)).next_due == drive.now + 10 * SECOND
        assert (await drive.run(both)).reason == Reason(ReasonCode.RATE, "job:report")
        drive.now += 10 * SECOND
        assert [claim.id for claim in await drive.claim(worker, 9)] == [both]

    async def test_a_token_that_is_just_due_goes_to_who_waited_best_for_it(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        holder = await self.use_up(drive, worker)
        (both,) = await drive.submit(limits=rated(1, 10 * SECOND, a=1))
        (urgent,) = await drive.submit(limits=rated(1, 10 * SECOND), priority=Priority.HIGH)
        assert await drive.states([both, urgent]) == [State.BLOCKED, State.BLOCKED]
        drive.now += 10 * SECOND
        step = await engine.runs.step(worker, [drive.outcome(holder, Succeeded(), worker)], 9, now=drive.now)
        assert [claim.id for claim in step.claims] == [urgent]

    async def test_a_saved_definition_changes_its_rate_at_once(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(3, limits=rated(1, HOUR))
        await engine.documents.save(saving(drive.now, limits=rated(2, HOUR)))
        assert await drive.states(ids) == [State.READY, State.READY, State.BLOCKED]

    async def test_over_a_long_time_no_more_start_than_the_rate_lets(self, drive: Driver) -> None:
        ids = await drive.submit(50, limits=rated(5, 10 * SECOND, key="key:a"))
        worker = await drive.worker(lease=HOUR)
        began = drive.now
        starts: list[int] = []
        while len(starts) < len(ids):
            for claim in await drive.claim(worker, 50):
                starts.append(claim.claimed_at)
                await drive.settle(worker, claim, Succeeded())
            drive.now += SECOND
        assert starts[:5] == [began] * 5
        assert starts[5:] == [began + n * 2 * SECOND for n in range(1, 46)]
