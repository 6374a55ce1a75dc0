"""Settle: once, under the token of the claim, by the row that the domain named."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from treadle.domain.instants import HOUR, MINUTE, SECOND
from treadle.domain.outcomes import Cancelled, Failed, Outcome, Released, RunError, Skipped, Snoozed, Succeeded, Waiting
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import State
from treadle.engines.contract import Engine
from treadle.testing.driver import BOOM, Driver, work

ENDINGS = [
    (Succeeded(b'{"rows":3}'), State.COMPLETED, "run.completed"),
    (Failed(RunError("exception", "no"), retry=False), State.FAILED, "run.failed"),
    (Skipped("nothing to do"), State.SKIPPED, "run.skipped"),
    (Cancelled("asked for"), State.CANCELLED, "run.cancelled"),
]
RETURNS = [
    (BOOM, State.SCHEDULED, "run.retry_scheduled"),
    (Snoozed(MINUTE), State.SCHEDULED, "run.snoozed"),
    (Waiting(Reason(ReasonCode.APPROVAL, "boss")), State.BLOCKED, "run.waiting"),
    (Released(), State.READY, "run.released"),
]


class TestSettle:
    @pytest.mark.parametrize(("outcome", "state", "event"), ENDINGS)
    async def test_a_final_outcome_ends_the_run(
        self, drive: Driver, outcome: Outcome, state: State, event: str
    ) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        drive.now += SECOND
        told = drive.outcome(claim, outcome, worker)
        assert await drive.engine.runs.settle([told], now=drive.now) == ()
        run = await drive.run(claim.id)
        assert (run.state, run.result, run.error) == (state, told.result, told.error)
        assert (run.started_at, run.finished_at) == (claim.claimed_at, drive.now)
        assert (run.token, run.attempt, run.worker_id, run.reason) == (1, 1, worker, None)
        assert await drive.told(claim.id) == ["run.queued", "run.started", event]
        assert await drive.engine.runs.counts("default") == {}
        assert await drive.engine.runs.attempts("default", claim.id) == []

    @pytest.mark.parametrize(("outcome", "state", "event"), RETURNS)
    async def test_any_other_puts_it_back_and_keeps_the_try(
        self, drive: Driver, outcome: Outcome, state: State, event: str
    ) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        drive.now += SECOND
        told = drive.outcome(claim, outcome, worker)
        assert await drive.engine.runs.settle([told], now=drive.now) == ()
        run = await drive.run(claim.id)
        assert (run.state, run.reason, run.worker_id, run.finished_at) == (state, told.reason, None, None)
        assert (run.failures, run.losses, run.attempt) == (told.failures, told.losses, told.failures + told.losses)
        assert run.rank == told.rank
        assert run.due_at == (claim.due_at if told.due_at is None else told.due_at)
        (attempt,) = await drive.engine.runs.attempts("default", claim.id)
        assert (attempt.token, attempt.attempt, attempt.worker_id, attempt.event) == (1, 1, worker, event)
        assert (attempt.started_at, attempt.finished_at) == (claim.claimed_at, drive.now)
        assert attempt.error == told.error
        assert await drive.told(claim.id) == ["run.queued", "run.started", event]

    async def test_a_run_fails_for_good_once_its_retries_are_spent(self, drive: Driver) -> None:
        (run_id,) = await drive.submit(work=work(max_retries=2))
        worker = await drive.worker(lease=HOUR)
        for attempt in (1, 2, 3):
            claim = await drive.claim_one(worker)
            assert claim.attempt == attempt
            await drive.settle(worker, claim, BOOM)
            drive.now += MINUTE
        run = await drive.run(run_id)
        assert (run.state, run.failures, run.attempt, run.error) == (State.FAILED, 3, 3, BOOM.error)
        tried = await drive.engine.runs.attempts("default", run_id)
        assert [attempt.attempt for attempt in tried] == [1, 2, 3]
        assert [attempt.started_at for attempt in tried] == [drive.now - MINUTE * n for n in (3, 2, 1)]
        assert (tried[2].finished_at, tried[2].event, tried[2].error) == (run.finished_at, "run.failed", BOOM.error)
        assert await drive.claim(worker) == ()

    async def test_a_stale_token_changes_nothing(self, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        stale = await drive.claim_one(worker)
        await drive.settle(worker, stale, Released())
        claim = await drive.claim_one(worker)
        before = await drive.run(claim.id)
        for outcome in (Succeeded(), BOOM, Snoozed(MINUTE), Cancelled()):
            assert await drive.settle(worker, stale, outcome) == (stale.id,)
            trip = await drive.engine.runs.step(worker, [drive.outcome(stale, outcome, worker)], 0, now=drive.now)
            assert trip.refused == (stale.id,)
        assert await drive.run(claim.id) == before

    async def test_a_token_that_was_never_given_out_changes_nothing(self, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        assert await drive.settle(worker, replace(claim, token=2), Succeeded()) == (claim.id,)
        assert await drive.settle(worker, replace(claim, id="run_unknown"), Succeeded()) == ("run_unknown",)
        assert (await drive.run(claim.id)).state is State.RUNNING

    @pytest.mark.parametrize(("outcome", "state", "event"), [*ENDINGS, *RETURNS])
    async def test_the_same_again_is_taken_once_and_not_refused(
        self, drive: Driver, outcome: Outcome, state: State, event: str
    ) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        told = drive.outcome(claim, outcome, worker)
        assert await drive.engine.runs.settle([told, told], now=drive.now) == ()
        assert await drive.engine.runs.settle([told], now=drive.now) == ()
        assert (await drive.run(claim.id)).state is state
        assert await drive.told(claim.id) == ["run.queued", "run.started", event]

    async def test_another_outcome_under_a_settled_token_is_refused(self, drive: Driver) -> None:
        await drive.submit(2)
        worker = await drive.worker()
        done, failed = await drive.claim(worker, 2)
        await drive.settle(worker, done, Succeeded())
        await drive.settle(worker, failed, BOOM)
        assert await drive.settle(worker, done, BOOM) == (done.id,)
        assert await drive.settle(worker, failed, Released()) == (failed.id,)
        assert await drive.settle(worker, failed, Succeeded()) == (failed.id,)
        assert await drive.states([done.id, failed.id]) == [State.COMPLETED, State.SCHEDULED]

    async def test_of_two_outcomes_in_one_batch_the_first_stands(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2)
        worker = await drive.worker()
        first, second = await drive.claim(worker, 2)
        ends = [drive.outcome(first, outcome, worker) for outcome in (Succeeded(), BOOM)]
        returns = [drive.outcome(second, outcome, worker) for outcome in (BOOM, Succeeded())]
        assert await engine.runs.settle([*ends, *returns], now=drive.now) == (first.id, second.id)
        assert await drive.states([first.id, second.id]) == [State.COMPLETED, State.SCHEDULED]

    async def test_the_same_again_is_no_news_after_the_run_went_on(self, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        first = await drive.claim_one(worker)
        await drive.settle(worker, first, Released())
        second = await drive.claim_one(worker)
        assert await drive.settle(worker, first, Released()) == ()
        assert (await drive.run(second.id)).token == second.token
        await drive.settle(worker, second, Succeeded())
        assert await drive.settle(worker, first, Released()) == ()
        assert await drive.settle(worker, first, Succeeded()) == (first.id,)

    async def test_the_last_error_is_kept_until_the_run_ends(self, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker(lease=HOUR)
        for outcome, error in ((BOOM, BOOM.error), (Snoozed(0), BOOM.error), (Succeeded(), None)):
            await drive.settle(worker, await drive.claim_one(worker), outcome)
            assert (await drive.run(run_id)).error == error
            drive.now += MINUTE

    async def test_one_refusal_leaves_the_rest_of_a_batch_alone(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(3)
        worker = await drive.worker()
        first, second, third = await drive.claim(worker, 3)
        await drive.settle(worker, second, Succeeded())
        done = [drive.outcome(claim, Skipped("none"), worker) for claim in (first, second, third)]
        assert await engine.runs.settle(done, now=drive.now) == (second.id,)
        assert (await engine.runs.step(worker, done, 0, now=drive.now)).refused == (second.id,)
        assert await drive.states([first.id, second.id, third.id]) == [State.SKIPPED, State.COMPLETED, State.SKIPPED]

    async def test_a_handlers_first_start_is_kept(self, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        first = await drive.claim_one(worker)
        await drive.settle(worker, first, Snoozed(0))
        drive.now += SECOND
        second = await drive.claim_one(worker)
        assert (await drive.run(second.id)).started_at == first.claimed_at
        await drive.settle(worker, second, Succeeded())
        assert (await drive.run(second.id)).started_at == first.claimed_at
