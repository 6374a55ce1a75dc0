"""Several processes on one SQLite file: nothing is lost, nothing is done twice, each wakes the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.processes import traffic
from treadle.domain.runs import State
from treadle.engines.contract import Engine, RunQuery
from treadle.engines.sqlite.engine import open_sqlite
from treadle.system import SystemClock
from treadle.testing.driver import Driver

PROCESSES = 3
RUNS_EACH = 200


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Engine]:
    engine = await open_sqlite(file, SystemClock())
    try:
        yield engine
    finally:
        await engine.close()


async def test_every_run_of_many_submitters_is_executed_by_one_of_many_workers(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    total = 2 * RUNS_EACH
    with traffic("submit", file, RUNS_EACH, processes=2) as submitters, traffic("work", file, total, processes=2) as ws:
        for process in [*submitters, *ws]:
            process.tell()
        submitted = [run_id for process in submitters for run_id in process.finish()]
        executed = [run_id for process in ws for run_id in process.finish()]
    assert len(set(submitted)) == total
    assert sorted(executed) == sorted(submitted)
    async with opened(file) as engine:
        completed = await engine.runs.find(RunQuery(domain="default", states=(State.COMPLETED,), limit=2 * total))
        assert sorted(run.id for run in completed) == sorted(submitted)
        assert {run.token for run in completed} == {1}


async def test_a_hundred_submits_of_one_unique_key_by_many_processes_make_one_run(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    with traffic("submit_the_same", file, 25, processes=4) as submitters:
        for process in submitters:
            process.tell()
        answered = [run_id for process in submitters for run_id in process.finish()]
    assert (len(answered), len(set(answered))) == (100, 1)
    async with opened(file) as engine:
        assert await engine.runs.counts("default") == {State.READY: 1}


async def test_a_submit_wakes_a_process_that_would_sleep_for_minutes(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    async with opened(file) as engine:
        with traffic("listen", file) as (listener,):
            listener.tell()
            assert listener.hear() == ["listening"]
            await Driver(engine).submit()
            assert listener.finish() == ["runs"]


async def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    with traffic("submit", file, 10, processes=2 * PROCESSES) as processes:
        for process in processes:
            process.tell()
        ids = [run_id for process in processes for run_id in process.finish()]
    async with opened(file) as engine:
        assert await Driver(engine).states(ids) == [State.READY] * 20 * PROCESSES


async def test_what_a_killed_process_was_told_is_there(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    acknowledged: list[str] = []
    for _ in range(PROCESSES):
        with traffic("submit", file, 100_000) as (submitter,), traffic("work", file, 100_000) as (worker,):
            submitter.tell()
            worker.tell()
            for _ in range(20):
                acknowledged += submitter.hear()
            executed = worker.hear()
            acknowledged += submitter.kill()
            executed += worker.kill()
        async with opened(file) as engine:
            assert set(executed) <= set(acknowledged) | set(await in_flight(engine, acknowledged))
            assert len(await Driver(engine).states(acknowledged)) == len(acknowledged)
            assert set(await Driver(engine).states(executed)) <= {State.COMPLETED}
            for run_id in acknowledged[-20:]:
                await Driver(engine).told(run_id)


async def in_flight(engine: Engine, acknowledged: list[str]) -> list[str]:
    """Runs of a batch that was stored, but killed before it was acknowledged; never a part of one."""
    runs = await engine.runs.find(RunQuery(domain="default", limit=100_000))
    extra = [run.id for run in runs if run.id not in set(acknowledged)]
    assert len(extra) % 10 == 0
    return extra
