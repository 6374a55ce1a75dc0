"""Claim: the best of what a worker may take, each run to one worker, under a token that was never given out before."""

from __future__ import annotations

from treadle.domain.instants import HOUR, MINUTE
from treadle.domain.outcomes import Outcome, Released, Snoozed, Succeeded
from treadle.domain.priority import Priority
from treadle.domain.runs import State
from treadle.engines.contract import Engine
from treadle.testing.driver import BOOM, Driver, work


class TestClaim:
    async def test_a_claim_brings_all_that_the_work_needs(self, drive: Driver) -> None:
        (run_id,) = await drive.submit(inputs=b'{"n":1}', work=work(max_retries=1), queue="reports")
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        assert (claim.id, claim.domain, claim.queue, claim.inputs) == (run_id, "default", "reports", b'{"n":1}')
        assert (claim.work, claim.token, claim.attempt) == (work(max_retries=1), 1, 1)
        assert (claim.failures, claim.losses, claim.solo_losses, claim.suspect) == (0, 0, 0, False)
        assert (claim.claimed_at, claim.due_at, claim.created_at) == (drive.now, drive.now, drive.now)
        run = await drive.run(run_id)
        assert (run.state, run.worker_id, run.token, run.attempt) == (State.RUNNING, worker, 1, 1)
        assert run.started_at == drive.now
        assert await drive.told(run_id) == ["run.queued", "run.started"]

    async def test_a_run_goes_to_one_worker_only(self, drive: Driver) -> None:
        ids = await drive.submit(10)
        claims = [claim for _ in range(4) for claim in await drive.claim(await drive.worker(), 3)]
        assert [claim.id for claim in claims] == ids

    async def test_no_more_are_claimed_than_are_wanted(self, drive: Driver) -> None:
        await drive.submit(5)
        worker = await drive.worker()
        assert await drive.claim(worker, 0) == ()
        assert len(await drive.claim(worker, 2)) == 2

    async def test_equal_runs_go_in_the_order_in_which_they_came(self, drive: Driver) -> None:
        ids = [*await drive.submit(3), *await drive.submit(3)]
        worker = await drive.worker()
        assert [claim.id for claim in await drive.claim(worker, 4)] == ids[:4]
        assert [claim.id for claim in await drive.claim(worker, 4)] == ids[4:]

    async def test_urgent_goes_first_and_old_is_overtaken_only_for_so_long(self, drive: Driver) -> None:
        (low,) = await drive.submit(priority=Priority.LOW)
        drive.now += 5 * MINUTE
        (normal,) = await drive.submit()
        (critical,) = await drive.submit(priority=Priority.CRITICAL)
        drive.now += HOUR
        (late_critical,) = await drive.submit(priority=Priority.CRITICAL)
        worker = await drive.worker()
        claims = [await drive.claim_one(worker) for _ in range(4)]
        assert [claim.id for claim in claims] == [critical, normal, late_critical, low]

    async def test_order_holds_across_lines(self, drive: Driver) -> None:
        ids = []
        for queue in ("a", "b", "a", "c", "b"):
            ids += await drive.submit(queue=queue)
            drive.now += 1
        worker = await drive.worker()
        assert [claim.id for claim in await drive.claim(worker, 3)] == ids[:3]
        assert [claim.id for claim in await drive.claim(worker, 3)] == ids[3:]

    async def test_a_worker_takes_only_from_its_queues(self, drive: Driver) -> None:
        await drive.submit(queue="other")
        (mine,) = await drive.submit(queue="mine")
        claims = await drive.claim(await drive.worker(queues=("mine",)), 9)
        assert [claim.id for claim in claims] == [mine]

    async def test_what_no_worker_offers_is_never_claimed(self, drive: Driver) -> None:
        (run_id,) = await drive.submit(requires="handler:unknown")
        assert await drive.claim(await drive.worker(), 9) == ()
        able = await drive.worker(requires=frozenset({"handler:unknown", "shell"}))
        assert [claim.id for claim in await drive.claim(able, 9)] == [run_id]

    async def test_a_worker_takes_only_from_its_domain(self, drive: Driver) -> None:
        await drive.submit(domain="theirs")
        (ours,) = await drive.submit(domain="ours")
        claims = await drive.claim(await drive.worker(domain="ours"), 9)
        assert [claim.id for claim in claims] == [ours]

    async def test_nothing_is_claimed_before_it_is_due(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit(delay=MINUTE)
        worker = await drive.worker(lease=HOUR)
        drive.now += MINUTE - 1
        step = await engine.runs.step(worker, (), 1, now=drive.now)
        assert step.claims == ()
        assert step.next_due is not None
        assert step.next_due <= drive.now + 1
        drive.now += 1
        assert [claim.id for claim in await drive.claim(worker)] == [run_id]

    async def test_of_two_scheduled_runs_only_the_due_one_is_claimed(self, drive: Driver) -> None:
        (due,) = await drive.submit(delay=MINUTE)
        await drive.submit(delay=MINUTE + 1)
        worker = await drive.worker(lease=HOUR)
        drive.now += MINUTE
        assert [claim.id for claim in await drive.claim(worker, 9)] == [due]

    async def test_a_delayed_run_waits_from_its_due_date_on(self, drive: Driver) -> None:
        (delayed,) = await drive.submit(delay=MINUTE)
        drive.now += MINUTE - 1
        (early,) = await drive.submit()
        drive.now += 2
        (late,) = await drive.submit()
        claims = await drive.claim(await drive.worker(), 9)
        assert [claim.id for claim in claims] == [early, delayed, late]

    async def test_each_claim_raises_the_token(self, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        outcomes: list[Outcome] = [Released(), Snoozed(0), BOOM, Released(), Succeeded()]
        for token, outcome in enumerate(outcomes, start=1):
            drive.now += MINUTE if token == 4 else 0
            drive.now += 1
            await drive.engine.workers.renew([worker], HOUR, now=drive.now)
            claim = await drive.claim_one(worker)
            assert claim.token == token
            assert await drive.settle(worker, claim, outcome) == ()

    async def test_one_trip_settles_and_claims(self, engine: Engine, drive: Driver) -> None:
        first, second = await drive.submit(2)
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        step = await engine.runs.step(worker, [drive.outcome(claim, Succeeded(), worker)], 1, now=drive.now)
        assert (step.refused, [claim.id for claim in step.claims]) == ((), [second])
        assert await drive.states([first, second]) == [State.COMPLETED, State.RUNNING]

    async def test_what_is_put_back_may_be_claimed_in_the_same_trip(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        step = await engine.runs.step(worker, [drive.outcome(claim, Released(), worker)], 1, now=drive.now)
        assert [(again.id, again.token, again.attempt) for again in step.claims] == [(claim.id, 2, 1)]
