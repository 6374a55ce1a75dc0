"""Submit: a run stands as it was given, with its event, all of a batch or none."""

from __future__ import annotations

import asyncio

from treadle.domain.instants import MINUTE
from treadle.domain.priority import Priority, rank
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Cause, NewRun, RunKey, State
from treadle.engines.contract import Admission, Engine
from treadle.testing.driver import Driver, new_run, saving


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


class TestUnchanged:
    """Runs that are to stand only if their job is as whoever submits them remembers it."""

    async def test_one_of_the_version_that_stands_is_stored(self, engine: Engine, drive: Driver) -> None:
        for version in (1, 2):
            await engine.documents.save(saving(drive.now))
            for count in (1, 3):  # one and several go different ways
                answers = await engine.runs.enqueue([as_of(version, drive) for _ in range(count)], now=drive.now)
                assert [answer.admission for answer in answers] == [Admission.CREATED] * count

    async def test_one_of_another_version_is_refused(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()  # what is submitted again and again goes a shorter way
        await engine.documents.save(saving(drive.now))
        await engine.documents.save(saving(drive.now))
        runs = [as_of(1, drive), as_of(2, drive), as_of(3, drive), new_run(drive.now, job_version=1)]
        wanted = [Admission.JOB_CHANGED, Admission.CREATED, Admission.JOB_CHANGED, Admission.CREATED]
        for run, admission in zip(runs, wanted, strict=True):
            (answer,) = await engine.runs.enqueue([run], now=drive.now)
            assert (answer.run_id, answer.admission) == (run.id, admission)
            assert len(await engine.runs.get("default", [run.id])) == (admission is Admission.CREATED)
        batch = [as_of(1, drive), as_of(2, drive)]
        answers = await engine.runs.enqueue(batch, now=drive.now)
        assert [answer.admission for answer in answers] == [Admission.JOB_CHANGED, Admission.CREATED]
        assert [run.id for run in await engine.runs.get("default", [run.id for run in batch])] == [batch[1].id]

    async def test_together_none_is_stored_where_one_is_refused(self, engine: Engine, drive: Driver) -> None:
        await engine.documents.save(saving(drive.now))
        runs = [as_of(1, drive), as_of(2, drive)]
        answers = await engine.runs.enqueue(runs, together=True, now=drive.now)
        assert [answer.admission for answer in answers] == [Admission.CREATED, Admission.JOB_CHANGED]
        assert await engine.runs.get("default", [run.id for run in runs]) == []

    async def test_a_job_that_is_gone_or_was_made_again_is_another(self, engine: Engine, drive: Driver) -> None:
        await engine.documents.save(saving(drive.now))
        await engine.documents.delete("default", "job", "job_report")
        (gone,) = await engine.runs.enqueue([as_of(1, drive)], now=drive.now)
        await engine.documents.save(saving(drive.now))
        (again,) = await engine.runs.enqueue([as_of(1, drive)], now=drive.now)
        assert gone.admission is again.admission is Admission.JOB_CHANGED

    async def test_a_job_of_another_domain_is_another(self, engine: Engine, drive: Driver) -> None:
        await engine.documents.save(saving(drive.now, domain="bravo"))
        (answer,) = await engine.runs.enqueue([as_of(1, drive)], now=drive.now)
        assert answer.admission is Admission.JOB_CHANGED

    async def test_a_refusal_takes_no_key_and_a_key_that_stands_goes_before_it(
        self, engine: Engine, drive: Driver
    ) -> None:
        key = RunKey("job_report", "k", "body", drive.now + MINUTE)
        await engine.documents.save(saving(drive.now))
        (refused,) = await engine.runs.enqueue([as_of(2, drive, key=key)], now=drive.now)
        first = as_of(1, drive, key=key)
        (taken,) = await engine.runs.enqueue([first], now=drive.now)
        (existing,) = await engine.runs.enqueue([as_of(2, drive, key=key)], now=drive.now)
        assert (refused.admission, taken.admission) == (Admission.JOB_CHANGED, Admission.CREATED)
        assert (existing.run_id, existing.admission) == (first.id, Admission.EXISTING)

    async def test_of_those_submitted_at_once_each_is_judged_by_itself(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        await engine.documents.save(saving(drive.now))
        runs = [as_of(1 + place % 2, drive) for place in range(20)]
        answers = await asyncio.gather(*(engine.runs.enqueue([run], now=drive.now) for run in runs))
        told = [answer.admission for (answer,) in answers]
        assert told == [Admission.CREATED, Admission.JOB_CHANGED] * 10
        stored = await engine.runs.get("default", [run.id for run in runs])
        assert {run.id for run in stored} == {run.id for run in runs[::2]}


def as_of(version: int, drive: Driver, *, key: RunKey | None = None) -> NewRun:
    return new_run(drive.now, job_version=version, if_unchanged=True, key=key)
