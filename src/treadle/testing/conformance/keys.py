"""Idempotency keys: the same key in the same scope names one run until it expires."""

from __future__ import annotations

from treadle.domain.instants import MINUTE
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import RunKey, State
from treadle.engines.contract import Accepted, Admission, Engine, Named
from treadle.testing.driver import Driver, new_run


async def submit(drive: Driver, *, scope: str = "job_report", body: str = "a", domain: str = "default") -> Accepted:
    """Submit a run under the key `k`, which stands for a minute."""
    key = RunKey(scope, "k", body, drive.now + MINUTE)
    (accepted,) = await drive.engine.runs.enqueue([new_run(drive.now, domain=domain, key=key)], now=drive.now)
    return accepted


class TestKeys:
    async def test_the_same_call_again_finds_the_first_run(self, engine: Engine, drive: Driver) -> None:
        first = await submit(drive)
        again = await submit(drive)
        assert (first.admission, again.admission) == (Admission.CREATED, Admission.EXISTING)
        assert again.run_id == first.run_id
        assert await engine.runs.counts("default") == {State.READY: 1}

    async def test_a_hundred_calls_make_one_run(self, engine: Engine, drive: Driver) -> None:
        key = RunKey("job_report", "k", "a", drive.now + MINUTE)
        runs = [new_run(drive.now, key=key) for _ in range(100)]
        accepted = await engine.runs.enqueue(runs, now=drive.now)
        assert {answer.run_id for answer in accepted} == {runs[0].id}
        assert await engine.runs.counts("default") == {State.READY: 1}

    async def test_another_body_under_the_key_is_refused(self, engine: Engine, drive: Driver) -> None:
        first = await submit(drive)
        assert await submit(drive, body="b") == Accepted(first.run_id, Admission.KEY_REUSED)
        assert await engine.runs.counts("default") == {State.READY: 1}

    async def test_a_key_belongs_to_its_scope_and_domain(self, drive: Driver) -> None:
        answers = [await submit(drive), await submit(drive, scope="job_other"), await submit(drive, domain="theirs")]
        assert [answer.admission for answer in answers] == [Admission.CREATED] * 3

    async def test_a_key_outlives_its_run(self, drive: Driver) -> None:
        first = await submit(drive)
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        assert await submit(drive) == Accepted(first.run_id, Admission.EXISTING)

    async def test_a_key_is_free_again_once_it_has_expired(self, drive: Driver) -> None:
        first = await submit(drive)
        drive.now += MINUTE - 1
        assert (await submit(drive)).admission is Admission.EXISTING
        drive.now += 1
        second = await submit(drive)
        assert (second.admission, second.run_id != first.run_id) == (Admission.CREATED, True)
        assert await submit(drive) == Accepted(second.run_id, Admission.EXISTING)

    async def test_a_batch_is_judged_run_by_run(self, engine: Engine, drive: Driver) -> None:
        first = await submit(drive)
        key = RunKey("job_report", "k", "a", drive.now + MINUTE)
        plain = new_run(drive.now)
        answers = await engine.runs.enqueue([new_run(drive.now, key=key), plain], now=drive.now)
        assert answers == [Accepted(first.run_id, Admission.EXISTING), Accepted(plain.id, Admission.CREATED)]

    async def test_a_key_may_stand_for_an_answer(self, engine: Engine, drive: Driver) -> None:
        key = RunKey("answer", "k", "a", drive.now + MINUTE)
        assert await engine.keys.get("default", key, now=drive.now) is None
        assert await engine.keys.take("default", key, "first", now=drive.now)
        other = RunKey("answer", "k", "b", drive.now + MINUTE)
        assert not await engine.keys.take("default", other, "second", now=drive.now)
        assert await engine.keys.get("default", other, now=drive.now) == Named("first", "a")
        assert await engine.keys.get("theirs", key, now=drive.now) is None
        await engine.keys.alter("default", key, "told")
        assert await engine.keys.get("default", key, now=drive.now) == Named("told", "a")

    async def test_an_answer_goes_with_its_key(self, engine: Engine, drive: Driver) -> None:
        key = RunKey("answer", "k", "a", drive.now + MINUTE)
        await engine.keys.take("default", key, "first", now=drive.now)
        assert await engine.keys.get("default", key, now=drive.now + MINUTE) is None
        assert await engine.keys.take("default", key, "later", now=drive.now + MINUTE)
        await engine.keys.free("default", key)
        assert await engine.keys.get("default", key, now=drive.now) is None
