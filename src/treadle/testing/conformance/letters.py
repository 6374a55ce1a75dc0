"""Dead letters: a failed run waits for somebody who retries or discards it, and that happens once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from treadle.domain.instants import MINUTE, SECOND
from treadle.domain.letters import How, Resolution
from treadle.domain.outcomes import Failed, RunError, Skipped, Succeeded
from treadle.domain.queues import QueueState
from treadle.domain.runs import NewRun, Run, RunKey, State
from treadle.domain.submitting import repeat_run
from treadle.engines.contract import Admission, Engine, RunQuery
from treadle.testing.driver import BOOM, Driver, new_id, work

HOPELESS = Failed(RunError("exception", "hopeless"), retry=False)


async def fail(drive: Driver, **fields: Any) -> str:
    """A failed run; its id."""
    (run_id,) = await drive.submit(**fields)
    worker = await drive.worker(domain=fields.get("domain", "default"))
    await drive.settle(worker, await drive.claim_one(worker), HOPELESS)
    return run_id


def again(run: Run, drive: Driver, *, for_letter: bool = True, key: RunKey | None = None) -> NewRun:
    return repeat_run(run, run_id=new_id("run"), now=drive.now, for_letter=for_letter, key=key)


async def dead(engine: Engine, **asked: Any) -> list[str]:
    standard: dict[str, Any] = {"domain": "default", "limit": 99}
    query = RunQuery(**standard | asked)
    return [run.id for run in await engine.dead_letters.find(query)]


class TestDeadLetters:
    async def test_what_failed_is_one_and_nothing_else(self, engine: Engine, drive: Driver) -> None:
        failed = await fail(drive)
        await drive.submit(3, work=work(max_retries=1))
        worker = await drive.worker()
        for outcome in (Succeeded(), Skipped("no"), BOOM):
            await drive.settle(worker, await drive.claim_one(worker), outcome)
        (cancelled,) = await drive.submit()
        await engine.runs.cancel("default", [cancelled], now=drive.now)
        assert await dead(engine) == [failed]
        assert await dead(engine, domain="theirs") == []
        (run,) = await engine.dead_letters.find(RunQuery(domain="default", limit=9))
        assert run == await drive.run(failed)
        assert (run.state, run.resolution) == (State.FAILED, None)

    async def test_they_are_listed_by_queue_and_job_newest_first(self, engine: Engine, drive: Driver) -> None:
        a_mail = await fail(drive, queue="mail", job_id="a")
        b_mail = await fail(drive, queue="mail", job_id="b")
        a_main = await fail(drive, queue="main", job_id="a")
        newest = sorted((a_mail, b_mail, a_main), reverse=True)
        assert await dead(engine) == newest
        assert await dead(engine, limit=1) == newest[:1]
        assert await dead(engine, before=newest[0]) == newest[1:]
        assert await dead(engine, queues=("mail",)) == sorted((a_mail, b_mail), reverse=True)
        assert await dead(engine, queues=("mail", "main")) == newest
        assert await dead(engine, job_ids=("a",)) == sorted((a_mail, a_main), reverse=True)
        assert await dead(engine, job_ids=("a", "b"), queues=("main",)) == [a_main]

    @pytest.mark.parametrize("for_letter", [True, False])
    async def test_a_retry_resolves_its_letter(self, engine: Engine, drive: Driver, for_letter: bool) -> None:  # noqa: FBT001 - a parameter of the test
        failed = await fail(drive)
        drive.now += SECOND
        retry = again(await drive.run(failed), drive, for_letter=for_letter)
        (answer,) = await engine.runs.enqueue([retry], now=drive.now)
        assert answer.admission is Admission.CREATED
        assert await dead(engine) == []
        resolved = await drive.run(failed)
        assert resolved.resolution == Resolution(How.RETRIED, drive.now, run_id=retry.id)
        assert (resolved.state, (await drive.run(retry.id)).retry_of) == (State.FAILED, failed)
        events = await engine.events.read("default", after=0, limit=99, types=["dead_letter."])
        assert [(event.type, event.subject, event.n) for event in events] == [("dead_letter.retried", failed, 0)]

    async def test_a_letter_is_retried_once_only(self, engine: Engine, drive: Driver) -> None:
        run = await drive.run(await fail(drive))
        racing = [again(run, drive) for _ in range(5)]
        answers = await asyncio.gather(*(engine.runs.enqueue([one], now=drive.now) for one in racing))
        admissions = [answer.admission for (answer,) in answers]
        assert sorted(admissions) == [Admission.CREATED, *[Admission.LETTER_RESOLVED] * 4]
        together = await engine.runs.enqueue([again(run, drive), again(run, drive, for_letter=False)], now=drive.now)
        assert [answer.admission for answer in together] == [Admission.LETTER_RESOLVED, Admission.CREATED]
        assert sum((await engine.runs.counts("default")).values()) == 2

    async def test_of_one_batch_too_only_the_first_retries_it(self, engine: Engine, drive: Driver) -> None:
        run = await drive.run(await fail(drive))
        answers = await engine.runs.enqueue([again(run, drive), again(run, drive)], now=drive.now)
        assert [answer.admission for answer in answers] == [Admission.CREATED, Admission.LETTER_RESOLVED]

    async def test_a_call_that_comes_again_under_its_key_names_the_retry_of_then(
        self, engine: Engine, drive: Driver
    ) -> None:
        run = await drive.run(await fail(drive))
        key = RunKey("submit", "once", "body", drive.now + MINUTE)
        first, second = again(run, drive, key=key), again(run, drive, key=key)
        await engine.runs.enqueue([first], now=drive.now)
        (answer,) = await engine.runs.enqueue([second], now=drive.now)
        assert (answer.run_id, answer.admission) == (first.id, Admission.EXISTING)

    async def test_a_refused_retry_leaves_the_letter(self, engine: Engine, drive: Driver) -> None:
        failed = await fail(drive)
        await engine.queues.switch("default", "default", QueueState.DRAINING, now=drive.now)
        (answer,) = await engine.runs.enqueue([again(await drive.run(failed), drive)], now=drive.now)
        assert answer.admission is Admission.QUEUE_DRAINING
        assert await dead(engine) == [failed]

    async def test_what_is_no_letter_is_retried_without_being_asked_to_be_one(
        self, engine: Engine, drive: Driver
    ) -> None:
        (done,) = await drive.submit()
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        run = await drive.run(done)
        answers = await engine.runs.enqueue([again(run, drive), again(run, drive, for_letter=False)], now=drive.now)
        assert [answer.admission for answer in answers] == [Admission.LETTER_RESOLVED, Admission.CREATED]
        assert (await drive.run(done)).resolution is None

    async def test_a_letter_is_discarded_once_by_somebody_who_says_why(self, engine: Engine, drive: Driver) -> None:
        first, second, theirs = await fail(drive), await fail(drive), await fail(drive, domain="theirs")
        wanted = [first, theirs, "run_unknown"]
        assert await engine.dead_letters.discard("default", wanted, by="ann", why="gone", now=drive.now) == [first]
        assert await engine.dead_letters.discard("default", [first], by="bob", now=drive.now) == []
        assert (await drive.run(first)).resolution == Resolution(How.DISCARDED, drive.now, by="ann", why="gone")
        assert await dead(engine) == [second]
        assert await dead(engine, domain="theirs") == [theirs]
        (answer,) = await engine.runs.enqueue([again(await drive.run(first), drive)], now=drive.now)
        assert answer.admission is Admission.LETTER_RESOLVED
        (event,) = await engine.events.read("default", after=0, limit=99, types=["dead_letter."])
        assert (event.type, event.subject, event.job_id) == ("dead_letter.discarded", first, "job_report")

    async def test_a_retry_that_fails_is_a_letter_of_its_own(self, engine: Engine, drive: Driver) -> None:
        failed = await fail(drive)
        retry = again(await drive.run(failed), drive)
        await engine.runs.enqueue([retry], now=drive.now)
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), HOPELESS)
        assert await dead(engine) == [retry.id]
