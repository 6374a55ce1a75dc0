"""Reads: live and finished runs as one, in one order, within one domain."""

from __future__ import annotations

from functools import partial

from treadle.domain.instants import HOUR, MINUTE, SECOND
from treadle.domain.outcomes import Succeeded
from treadle.domain.priority import Priority
from treadle.domain.runs import State
from treadle.engines.contract import Engine, RunQuery
from treadle.testing.driver import BOOM, Driver, work


async def found(engine: Engine, query: RunQuery) -> list[str]:
    """The ids that a query finds."""
    return [run.id for run in await engine.runs.find(query)]


class TestReading:
    async def test_live_and_finished_runs_are_found_newest_first(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(6)
        worker = await drive.worker()
        for claim in await drive.claim(worker, 3):
            await drive.settle(worker, claim, Succeeded())
        assert await found(engine, RunQuery(domain="default", limit=9)) == ids[::-1]
        assert await found(engine, RunQuery(domain="default", limit=2)) == ids[:3:-1]
        assert await found(engine, RunQuery(domain="default", limit=2, before=ids[3])) == [ids[2], ids[1]]

    async def test_runs_are_found_by_each_state(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        (failed,) = await drive.submit(work=work(max_retries=0))
        await drive.settle(worker, await drive.claim_one(worker), BOOM)
        (completed,) = await drive.submit()
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        (running,) = await drive.submit()
        await drive.claim_one(worker)
        (cancelled,) = await drive.submit()
        await engine.runs.cancel("default", [cancelled], now=drive.now)
        (ready,) = await drive.submit()
        (scheduled,) = await drive.submit(delay=MINUTE)
        (blocked,) = await drive.submit(state=State.BLOCKED)
        expected = {
            State.FAILED: failed,
            State.COMPLETED: completed,
            State.RUNNING: running,
            State.CANCELLED: cancelled,
            State.READY: ready,
            State.SCHEDULED: scheduled,
            State.BLOCKED: blocked,
        }
        for state, run_id in expected.items():
            assert await found(engine, RunQuery(domain="default", limit=9, states=(state,))) == [run_id]
        both = RunQuery(domain="default", limit=9, states=(State.FAILED, State.BLOCKED))
        assert await found(engine, both) == [blocked, failed]
        live = dict.fromkeys((State.RUNNING, State.READY, State.SCHEDULED, State.BLOCKED), 1)
        assert await engine.runs.counts("default") == live

    async def test_conditions_hold_together(self, engine: Engine, drive: Driver) -> None:
        (first,) = await drive.submit(job_id="job_a", queue="x")
        drive.now += MINUTE
        (second,) = await drive.submit(job_id="job_a", queue="y")
        (third,) = await drive.submit(job_id="job_b", queue="x")
        for query, ids in [
            (partial(RunQuery, job_ids=("job_a",)), [second, first]),
            (partial(RunQuery, job_ids=("job_a", "job_b"), queues=("x",)), [third, first]),
            (partial(RunQuery, job_ids=("job_a",), queues=("x",), states=(State.READY,)), [first]),
            (partial(RunQuery, created_after=drive.now), [third, second]),
            (partial(RunQuery, created_before=drive.now), [first]),
        ]:
            assert await found(engine, query(domain="default", limit=9)) == ids

    async def test_runs_are_found_by_when_they_ended(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        start, ended = drive.now, []
        for job_id in ("job_a", "job_b", "job_a"):
            (run_id,) = await drive.submit(job_id=job_id, work=work(max_retries=0))
            claim = await drive.claim_one(worker)
            drive.now += SECOND
            await drive.settle(worker, claim, Succeeded() if job_id == "job_a" else BOOM)
            ended.append(run_id)
        first, second, third = ended
        await drive.submit()  # it has no end
        at = start + SECOND  # that of the first
        for query, ids in [
            (partial(RunQuery, finished_after=start), [third, second, first]),
            (partial(RunQuery, finished_after=at + 1), [third, second]),
            (partial(RunQuery, finished_before=at), []),
            (partial(RunQuery, finished_before=at + 1), [first]),
            (partial(RunQuery, finished_after=at, finished_before=at + 1), [first]),
            (partial(RunQuery, finished_after=at + 1, job_ids=("job_a",)), [third]),
            (partial(RunQuery, finished_after=at, states=(State.COMPLETED, State.READY)), [third, first]),
            (partial(RunQuery, finished_after=at, dead=True), [second]),
            (partial(RunQuery, finished_after=at, before=third), [second, first]),
            (partial(RunQuery, finished_after=at + MINUTE), []),
        ]:
            assert await found(engine, query(domain="default", limit=9)) == ids
            assert await engine.runs.find_ids(query(domain="default", limit=9)) == ids
            assert await engine.runs.count(query(domain="default", limit=9)) == len(ids)

    async def test_nothing_is_read_across_domains(self, engine: Engine, drive: Driver) -> None:
        (theirs,) = await drive.submit(domain="theirs")
        worker = await drive.worker(domain="theirs")
        await drive.settle(worker, await drive.claim_one(worker), BOOM)
        assert await engine.runs.get("default", [theirs, "run_unknown"]) == []
        assert await found(engine, RunQuery(domain="default", limit=9)) == []
        assert await engine.runs.attempts("default", theirs) == []
        assert await engine.runs.counts("default") == {}
        assert await engine.runs.ahead("default", theirs, 9) == 0
        assert await engine.events.read("default", after=0, limit=9) == []
        assert len(await engine.runs.attempts("theirs", theirs)) == 1

    async def test_what_goes_ahead_is_counted_within_the_line(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(3)
        await drive.submit(queue="other", priority=Priority.CRITICAL)
        (last,) = await drive.submit(priority=Priority.LOW)
        (first,) = await drive.submit(priority=Priority.HIGH)
        assert await engine.runs.ahead("default", last, 9) == 4
        assert await engine.runs.ahead("default", last, 2) == 2
        assert await engine.runs.ahead("default", first, 9) == 0
        assert await engine.runs.ahead("default", "run_unknown", 9) == 0

    async def test_what_workers_hold_is_read_by_worker(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(3)
        first, second, idle = [await drive.worker() for _ in range(3)]
        claims = {first: await drive.claim(first, 2), second: await drive.claim(second, 2)}
        held = await engine.runs.held_by([first, second, idle])
        assert {worker: tuple(claim for owner, claim, _ in held if owner == worker) for worker in claims} == claims
        assert [cancel for _, _, cancel in held] == [None] * 3
        assert await engine.runs.held_by([]) == []
