"""Submit: a run stands as it was given, with its event, all of a batch or none."""

from __future__ import annotations

from treadle.domain.instants import MINUTE
from treadle.domain.priority import Priority, rank
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Cause, State
from treadle.engines.contract import Admission, Engine
from treadle.testing.driver import Driver, new_run


class TestEnqueue:
    async def test_a_run_is_read_as_it_was_submitted(self, engine: Engine, drive: Driver) -> None:
        new = new_run(
            drive.now,
            delay=MINUTE,
            priority=Priority.HIGH,
            job_version=7,
            queue="reports",
            inputs=b'{"day":"monday"}',
            cause=Cause.RETRY,
            retry_of="run_before",
            schedule_id="sch_1",
            slot=drive.now,
        )
        (accepted,) = await engine.runs.enqueue([new], now=drive.now)
        assert (accepted.run_id, accepted.admission) == (new.id, Admission.CREATED)
        run = await drive.run(new.id)
        assert (run.job_id, run.job_version, run.queue, run.requires) == (new.job_id, 7, "reports", new.requires)
        assert (run.state, run.reason, run.priority) == (State.SCHEDULED, Reason(ReasonCode.DELAY), Priority.HIGH)
        assert (run.due_at, run.rank, run.created_at) == (new.due_at, rank(new.due_at, Priority.HIGH), drive.now)
        assert (run.work, run.inputs, run.cause, run.retry_of) == (new.work, new.inputs, Cause.RETRY, "run_before")
        assert (run.schedule_id, run.slot) == ("sch_1", drive.now)
        assert (run.token, run.attempt, run.failures, run.losses, run.solo_losses) == (0, 0, 0, 0, 0)
        assert (run.suspect, run.worker_id, run.started_at, run.finished_at) == (False, None, None, None)
        assert (run.result, run.error, run.cancel_requested_at) == (None, None, None)

    async def test_a_batch_is_answered_in_its_order(self, engine: Engine, drive: Driver) -> None:
        runs = [new_run(drive.now) for _ in range(50)]
        accepted = await engine.runs.enqueue(runs, now=drive.now)
        assert [answer.run_id for answer in accepted] == [run.id for run in runs]

    async def test_nothing_comes_of_an_empty_batch(self, engine: Engine, drive: Driver) -> None:
        assert await engine.runs.enqueue([], now=drive.now) == []
        assert await engine.runs.counts("default") == {}

    async def test_each_run_begins_with_its_event(self, drive: Driver) -> None:
        for run_id in await drive.submit(3):
            assert await drive.told(run_id) == ["run.queued"]

    async def test_a_blocked_run_keeps_its_reason_and_is_not_claimed(self, drive: Driver) -> None:
        reason = Reason(ReasonCode.EVENT, "paid")
        (run_id,) = await drive.submit(state=State.BLOCKED, reason=reason)
        assert await drive.claim(await drive.worker()) == ()
        run = await drive.run(run_id)
        assert (run.state, run.reason) == (State.BLOCKED, reason)
