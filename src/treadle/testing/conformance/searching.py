"""Runs are found by the values of their inputs, live or finished, and by how their ids begin."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from treadle.domain.clashes import Debounce
from treadle.domain.instants import MINUTE, SECOND
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.engines.contract import Engine, RunQuery
from treadle.testing.conformance.letters import fail
from treadle.testing.driver import Driver, new_run


async def found(engine: Engine, **asked: Any) -> list[str]:
    """The ids that are found, which all ways of asking agree on."""
    standard: dict[str, Any] = {"domain": "default", "limit": 99}
    query = RunQuery(**standard | asked)
    ids = await engine.runs.find_ids(query)
    assert [run.id for run in await engine.runs.find(query)] == ids
    assert await engine.runs.count(query) == len(ids)
    return ids


class TestSearching:
    async def test_runs_are_found_by_what_they_are_filed_under_newest_first(
        self, engine: Engine, drive: Driver
    ) -> None:
        (one,) = await drive.submit(filed_under=(("customer", "1"), ("day", "mon")))
        (two,) = await drive.submit(filed_under=(("customer", "2"), ("day", "mon")))
        (three,) = await drive.submit(filed_under=(("customer", "1"), ("day", "tue")))
        await drive.submit(filed_under=(("customer", "1"),), domain="theirs")
        await drive.submit()
        customer_1 = ("customer", ("1",))
        assert await found(engine, where=(customer_1,)) == [three, one]
        assert await found(engine, where=(("customer", ("2", "1")),)) == [three, two, one]
        assert await found(engine, where=(customer_1, ("day", ("mon",)))) == [one]
        assert await found(engine, where=(customer_1, ("day", ("mon", "tue")))) == [three, one]
        assert await found(engine, where=(("customer", ("3",)),)) == []
        assert await found(engine, where=(customer_1,), before=three) == [one]
        assert await found(engine, where=(customer_1,), limit=1) == [three]

    async def test_they_are_found_alike_once_they_have_finished(self, engine: Engine, drive: Driver) -> None:
        filed, where = (("customer", "1"),), (("customer", ("1",)),)
        failed = await fail(drive, filed_under=filed, queue="mail")
        (done,) = await drive.submit(filed_under=filed)
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        (ready,) = await drive.submit(filed_under=filed, job_id="b")
        assert await found(engine, where=where) == [ready, done, failed]
        assert await found(engine, where=where, states=(State.READY, State.FAILED)) == [ready, failed]
        assert await found(engine, where=where, job_ids=("b",)) == [ready]
        assert await found(engine, where=where, queues=("mail",)) == [failed]
        assert await found(engine, where=where, created_before=drive.now) == []
        assert await found(engine, where=where, dead=True) == [failed]
        await engine.dead_letters.discard("default", [failed], by="ann", now=drive.now)
        assert await found(engine, where=where, dead=True) == []

    async def test_dead_letters_are_found_beside_the_rest(self, engine: Engine, drive: Driver) -> None:
        failed = await fail(drive, queue="mail", job_id="a")
        await drive.submit()
        assert await found(engine, dead=True) == [failed]
        assert await found(engine, dead=True, queues=("mail",), job_ids=("a", "b")) == [failed]
        assert await found(engine, dead=True, states=(State.READY,)) == []

    async def test_runs_are_found_by_how_their_ids_begin(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        (wanted,) = await drive.submit()
        await drive.submit()
        assert await found(engine, prefix=wanted) == [wanted]
        assert len(await found(engine, prefix="run_")) == 3
        assert await found(engine, prefix="wrk_") == []

    async def test_runs_are_found_by_their_ids_and_what_else_is_asked_must_hold_too(
        self, engine: Engine, drive: Driver
    ) -> None:
        failed = await fail(drive, job_id="a", filed_under=(("customer", "1"),))
        (ready,) = await drive.submit(job_id="b")
        await drive.submit(job_id="a")
        (theirs,) = await drive.submit(domain="theirs")
        named = (failed, theirs, ready, "run_unknown")
        assert await found(engine, run_ids=named) == [ready, failed]
        assert await found(engine, run_ids=named, before=ready) == [failed]
        assert await found(engine, run_ids=named, job_ids=("a",)) == [failed]
        assert await found(engine, run_ids=named, states=(State.READY, State.COMPLETED)) == [ready]
        assert await found(engine, run_ids=named, dead=True) == [failed]
        assert await found(engine, run_ids=named, where=(("customer", ("1",)),)) == [failed]
        assert await found(engine, run_ids=(ready,), where=(("customer", ("1",)),)) == []

    async def test_counting_stops_at_the_limit(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(5, filed_under=(("customer", "1"),))
        for where in ((), (("customer", ("1",)),)):
            assert await engine.runs.count(RunQuery(domain="default", limit=3, where=where)) == 3

    async def test_more_jobs_than_are_looked_for_one_by_one(self, engine: Engine, drive: Driver) -> None:
        failed = await fail(drive, job_id="job_199")
        (wanted,) = await drive.submit(job_id="job_150")
        await drive.submit(job_id="other")
        many = tuple(f"job_{number}" for number in range(200))
        assert await found(engine, job_ids=many) == [wanted, failed]
        assert await found(engine, job_ids=many, dead=True) == [failed]

    async def test_a_debounced_run_is_filed_under_what_came_last(self, engine: Engine, drive: Driver) -> None:
        debounce = Debounce(wait_sec=60, key="k")
        for value in ("1", "2"):
            new = new_run(drive.now, delay=MINUTE, debounce=debounce, filed_under=(("customer", value),))
            await engine.runs.enqueue([replace(new, state=State.SCHEDULED)], now=drive.now)
        assert await found(engine, where=(("customer", ("1",)),)) == []
        assert len(await found(engine, where=(("customer", ("2",)),))) == 1

    async def test_what_is_pruned_is_found_no_more(self, engine: Engine, drive: Driver) -> None:
        await fail(drive, filed_under=(("customer", "1"),))
        assert await engine.runs.prune(drive.now + SECOND, 99) == 1
        assert await found(engine, where=(("customer", ("1",)),)) == []
