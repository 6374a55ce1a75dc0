"""Jobs that hang on other jobs: no circles, whose runs wait for whose, and what completed runs bring about."""

from __future__ import annotations

import asyncio

import pytest

from treadle.domain.chains import Links
from treadle.domain.dependencies import Depends
from treadle.domain.errors import Conflict, InvalidInput
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.engines.contract import Engine
from treadle.testing.conformance.opening import Opener
from treadle.testing.driver import BOOM, Driver, new_run, saving, work


async def save(drive: Driver, job_id: str, *, dependencies: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> None:
    await drive.engine.documents.save(saving(drive.now, id=job_id, links=Links(dependencies, after)))


class TestChains:
    async def test_a_circle_is_refused_and_named(self, drive: Driver) -> None:
        await save(drive, "a")
        await save(drive, "b", after=("a",))
        await save(drive, "c", dependencies=("b",))
        with pytest.raises(InvalidInput, match="a -> c -> b -> a") as caught:
            await save(drive, "a", after=("c",))
        assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [("/after/0", "cycle")]
        document = await drive.engine.documents.get("default", "job", "a")
        assert document is not None
        assert document.version == 1
        with pytest.raises(InvalidInput, match="a -> a"):
            await save(drive, "a", dependencies=("a",))

    async def test_two_who_race_make_no_circle(self, opener: Opener, drive: Driver) -> None:
        async with opener() as other:
            second = Driver(other, drive.now)
            await save(drive, "a")
            await save(drive, "b")
            race = asyncio.gather(
                save(drive, "a", after=("b",)), save(second, "b", after=("a",)), return_exceptions=True
            )
            assert sorted(type(answer).__name__ for answer in await race) == ["InvalidInput", "NoneType"]

    async def test_a_job_that_is_not_there_cannot_be_named(self, drive: Driver) -> None:
        await drive.engine.documents.save(saving(drive.now, id="theirs", domain="theirs"))
        for named in ("none", "theirs"):
            with pytest.raises(InvalidInput, match=f"there is no job {named}"):
                await save(drive, "a", dependencies=(named,))
        assert await drive.engine.documents.get("default", "job", "a") is None

    async def test_it_is_told_which_jobs_name_a_job(self, engine: Engine, drive: Driver) -> None:
        for job_id, after in (("a", ()), ("b", ("a",)), ("c", ("a", "b"))):
            await save(drive, job_id, after=after)
        await save(drive, "d", dependencies=("a",))
        named = [("b", "a", True), ("c", "a", True), ("c", "b", True), ("d", "a", False)]
        assert await engine.documents.naming("default", "job", ["a", "b", "none"], 9) == named
        assert await engine.documents.naming("default", "job", ["a"], 2) == named[:2]
        assert await engine.documents.naming("theirs", "job", ["a"], 9) == []

    async def test_a_job_that_is_named_cannot_be_deleted(self, engine: Engine, drive: Driver) -> None:
        await save(drive, "a")
        await save(drive, "b", after=("a",))
        with pytest.raises(Conflict, match="b"):
            await engine.documents.delete("default", "job", "a")
        await save(drive, "b")
        assert await engine.documents.delete("default", "job", "a")

    async def test_a_run_waits_for_the_unfinished_runs_of_the_jobs_it_depends_on(self, drive: Driver) -> None:
        early, late = [(await drive.submit(job_id="a"))[0] for _ in range(2)]
        child = new_run(drive.now, job_id="b", depends=Depends(jobs=("a",)))
        await drive.engine.runs.enqueue([child], now=drive.now)
        later = (await drive.submit(job_id="a"))[0]
        run = await drive.run(child.id)
        assert (run.state, run.depends) == (State.BLOCKED, Depends((late, early), jobs=("a",)))
        worker = await drive.worker()
        for claim in await drive.claim(worker, 2):
            await drive.settle(worker, claim, Succeeded())
        assert await drive.states([child.id, later]) == [State.READY, State.READY]

    async def test_where_none_is_unfinished_the_newest_must_have_completed(self, drive: Driver) -> None:
        worker = await drive.worker()
        states = []
        for outcome in (None, Succeeded(), BOOM, Succeeded()):
            if outcome is not None:
                await drive.submit(job_id="a", work=work(max_retries=0))
                await drive.settle(worker, await drive.claim_one(worker), outcome)
            child = new_run(drive.now, job_id="b", depends=Depends(jobs=("a",)), requires="other")
            await drive.engine.runs.enqueue([child], now=drive.now)
            states += await drive.states([child.id])
        assert states == [State.READY, State.READY, State.CANCELLED, State.READY]

    async def test_runs_of_one_batch_count(self, drive: Driver) -> None:
        first = new_run(drive.now, job_id="a")
        child = new_run(drive.now, job_id="b", depends=Depends(jobs=("a",)))
        await drive.engine.runs.enqueue([first, child], now=drive.now)
        assert await drive.states([child.id]) == [State.BLOCKED]


class TestTriggers:
    async def test_a_completed_run_triggers_and_only_a_completed_one(self, engine: Engine, drive: Driver) -> None:
        await save(drive, "a")
        await save(drive, "b", after=("a",))
        await save(drive, "c", dependencies=("a",))
        worker = await drive.worker()
        ids = []
        for outcome in (Succeeded(), BOOM):
            ids += await drive.submit(job_id="a", work=work(max_retries=0))
            await drive.settle(worker, await drive.claim_one(worker), outcome)
        (one,) = await engine.triggers.waiting(9)
        assert (one.domain, one.job_id, one.upstream, one.run_id) == ("default", "b", "a", ids[0])

    async def test_a_trigger_is_used_up_once_with_what_it_submits(self, engine: Engine, drive: Driver) -> None:
        await save(drive, "a")
        await save(drive, "b", after=("a",))
        worker = await drive.worker()
        ids = await drive.submit(2, job_id="a")
        for claim in await drive.claim(worker, 2):
            await drive.settle(worker, claim, Succeeded())
        first, second = (each.seq for each in await engine.triggers.waiting(9))
        runs = [new_run(drive.now, job_id="b", depends=Depends((parent,))) for parent in ids]
        assert await engine.triggers.pull([first], runs[:1], now=drive.now)
        assert not await engine.triggers.pull([first, second], runs[1:], now=drive.now)
        assert [run.id for run in await engine.runs.get("default", [run.id for run in runs])] == [runs[0].id]
        assert [each.seq for each in await engine.triggers.waiting(9)] == [second]
        assert await drive.states([runs[0].id]) == [State.READY]
