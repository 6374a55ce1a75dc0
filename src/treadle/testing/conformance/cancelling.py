"""Cancel: at once where nobody runs it, else as soon as its worker settles; no attempt begins after it."""

from __future__ import annotations

import pytest

from treadle.domain.instants import MINUTE, SECOND
from treadle.domain.outcomes import Cancelled, Outcome, Released, Skipped, Snoozed, Succeeded, Waiting
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import State
from treadle.domain.workers import LEASE
from treadle.engines.contract import Engine
from treadle.testing.driver import BOOM, Driver

NO_SUCCESS = [BOOM, Snoozed(0), Waiting(Reason(ReasonCode.EVENT)), Released(), Skipped("none"), Cancelled()]


class TestCancel:
    async def test_a_waiting_run_is_cancelled_at_once(self, drive: Driver) -> None:
        ready, scheduled, blocked = [
            (await drive.submit())[0],
            (await drive.submit(delay=MINUTE))[0],
            (await drive.submit(state=State.BLOCKED, reason=Reason(ReasonCode.EVENT)))[0],
        ]
        drive.now += SECOND
        ids = [ready, scheduled, blocked]
        answer = await drive.engine.runs.cancel("default", ids, now=drive.now)
        assert answer == dict.fromkeys(ids, State.CANCELLED)
        for run_id in ids:
            run = await drive.run(run_id)
            assert (run.state, run.reason, run.finished_at, run.attempt) == (State.CANCELLED, None, drive.now, 0)
            assert (run.cancel_requested_at, run.started_at, run.worker_id) == (drive.now, None, None)
            assert await drive.told(run_id) == ["run.queued", "run.cancelled"]
        drive.now += MINUTE
        assert await drive.claim(await drive.worker(), 9) == ()

    async def test_a_running_run_is_marked_and_its_worker_told(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2)
        worker, idle = await drive.worker(), await drive.worker()
        claim, _ = await drive.claim(worker, 2)
        drive.now += SECOND
        assert await engine.runs.cancel("default", [claim.id], now=drive.now) == {claim.id: State.RUNNING}
        assert (await drive.run(claim.id)).cancel_requested_at == drive.now
        assert (await engine.runs.step(worker, (), 0, now=drive.now)).cancels == (claim.id,)
        assert (await engine.runs.step(idle, (), 0, now=drive.now)).cancels == ()
        renewal = await engine.workers.renew([worker, idle], LEASE, now=drive.now)
        assert renewal.cancels == ((worker, claim.id, drive.now),)
        held = {held.id: cancel for _, held, cancel in await engine.runs.held_by([worker])}
        assert held[claim.id] == drive.now
        assert await drive.told(claim.id) == ["run.queued", "run.started", "run.cancel_requested"]

    async def test_a_second_cancel_changes_nothing(self, drive: Driver) -> None:
        await drive.submit()
        claim = await drive.claim_one(await drive.worker())
        await drive.engine.runs.cancel("default", [claim.id], now=drive.now)
        before = await drive.run(claim.id)
        drive.now += SECOND
        assert await drive.engine.runs.cancel("default", [claim.id], now=drive.now) == {claim.id: State.RUNNING}
        assert await drive.run(claim.id) == before
        assert await drive.told(claim.id) == ["run.queued", "run.started", "run.cancel_requested"]

    @pytest.mark.parametrize("outcome", NO_SUCCESS)
    async def test_after_a_cancel_nothing_but_success_stands(self, drive: Driver, outcome: Outcome) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.engine.runs.cancel("default", [claim.id], now=drive.now)
        assert await drive.settle(worker, claim, outcome) == ()
        assert (await drive.run(claim.id)).state is State.CANCELLED
        assert (await drive.told(claim.id))[-1] == "run.cancelled"
        assert await drive.settle(worker, claim, outcome) == ()
        drive.now += SECOND
        assert await drive.claim(worker, 9) == ()

    async def test_work_that_was_done_before_the_cancel_reached_it_counts(self, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.engine.runs.cancel("default", [claim.id], now=drive.now)
        assert await drive.settle(worker, claim, Succeeded()) == ()
        assert (await drive.run(claim.id)).state is State.COMPLETED
        assert await drive.settle(worker, claim, BOOM) == (claim.id,)

    async def test_a_lost_run_that_was_cancelled_is_not_tried_again(self, drive: Driver) -> None:
        await drive.submit()
        claim = await drive.claim_one(await drive.worker())
        await drive.engine.runs.cancel("default", [claim.id], now=drive.now)
        drive.now += LEASE
        assert await drive.sweep() == ()
        assert (await drive.run(claim.id)).state is State.CANCELLED

    async def test_a_run_put_back_before_the_cancel_is_not_claimed_after_it(self, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.settle(worker, claim, BOOM)
        assert await drive.engine.runs.cancel("default", [claim.id], now=drive.now) == {claim.id: State.CANCELLED}
        run = await drive.run(claim.id)
        assert (run.attempt, run.failures, run.token, run.error) == (1, 1, 1, BOOM.error)
        assert await drive.settle(worker, claim, BOOM) == ()
        assert await drive.settle(worker, claim, Cancelled()) == (claim.id,)

    async def test_a_finished_run_is_left_as_it_was(self, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.settle(worker, claim, Succeeded())
        before = await drive.run(claim.id)
        assert await drive.engine.runs.cancel("default", [claim.id], now=drive.now) == {claim.id: State.COMPLETED}
        assert await drive.run(claim.id) == before

    async def test_unknown_runs_and_those_of_others_are_left_out(self, drive: Driver) -> None:
        (theirs,) = await drive.submit(domain="theirs")
        assert await drive.engine.runs.cancel("default", ["run_unknown", theirs], now=drive.now) == {}
        assert await drive.states([theirs], "theirs") == [State.READY]
