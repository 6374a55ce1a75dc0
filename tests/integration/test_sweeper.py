"""Runs of workers that fell silent are put back, once, and counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.scheduling import MovedClock, sqlite
from treadle.domain.instants import SECOND
from treadle.domain.jobs import create_job, parse_job
from treadle.domain.retry import QUARANTINE_AT
from treadle.domain.runs import DEFAULT_DOMAIN, Cause, Run, State
from treadle.domain.submitting import build_run
from treadle.domain.workers import WorkerSpec
from treadle.engines.contract import Engine
from treadle.scheduler.sweeper import Sweeper
from treadle.system import IdSource

LEASE = 2 * SECOND


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def engine(tmp_path: Path, clock: MovedClock) -> AsyncIterator[Engine]:
    async with sqlite(tmp_path, clock) as engine:
        yield engine


def sweeper(engine: Engine) -> Sweeper:
    return Sweeper(engine, LEASE / SECOND, lambda: 0.5)


async def submit(engine: Engine, clock: MovedClock, count: int = 1) -> list[str]:
    job = create_job(
        parse_job({"job_id": "work", "executor": {"type": "shell", "argv": ["true"]}}), source="api", now=clock.now
    )
    new_id = IdSource(clock)
    runs = [build_run(job, run_id=new_id("run"), inputs={}, cause=Cause.API, now=clock.now) for _ in range(count)]
    await engine.runs.enqueue(runs)
    return [run.id for run in runs]


async def work(engine: Engine, worker_id: str, want: int = 1) -> list[str]:
    """Register a worker and let it claim; answers what it got."""
    spec = WorkerSpec(id=worker_id, host="here", pid=1, slots=want, requires=frozenset({"shell"}), version="0")
    await engine.workers.register(spec, LEASE)
    return [claim.id for claim in (await engine.runs.step(worker_id, [], want)).claims]


async def read(engine: Engine, run_id: str) -> Run:
    (run,) = await engine.runs.get(DEFAULT_DOMAIN, [run_id])
    return run


async def test_a_lease_that_goes_on_keeps_its_runs(engine: Engine, clock: MovedClock) -> None:
    (run_id,) = await submit(engine, clock)
    await work(engine, "wrk_a")
    clock.now += LEASE - 1
    await sweeper(engine)()
    assert (await read(engine, run_id)).state is State.RUNNING


async def test_a_silent_worker_s_run_is_ready_again_and_its_loss_counted(engine: Engine, clock: MovedClock) -> None:
    (run_id,) = await submit(engine, clock)
    await work(engine, "wrk_a")
    clock.now += LEASE
    await sweeper(engine)()
    run = await read(engine, run_id)
    assert (run.state, run.losses, run.solo_losses, run.failures, run.suspect) == (State.READY, 1, 1, 0, True)
    assert (await read(engine, run_id)).worker_id is None


async def test_runs_lost_together_are_suspects_that_no_loss_is_held_against(engine: Engine, clock: MovedClock) -> None:
    ids = await submit(engine, clock, 3)
    await work(engine, "wrk_a", 3)
    clock.now += LEASE
    await sweeper(engine)()
    lost = await engine.runs.get(DEFAULT_DOMAIN, ids)
    assert [(run.losses, run.solo_losses, run.suspect) for run in lost] == [(1, 0, True)] * 3


async def test_a_run_that_ends_its_workers_alone_is_quarantined(engine: Engine, clock: MovedClock) -> None:
    (run_id,) = await submit(engine, clock)
    for number in range(QUARANTINE_AT):
        assert await work(engine, f"wrk_{number}") == [run_id]
        clock.now += LEASE
        await sweeper(engine)()
    run = await read(engine, run_id)
    assert (run.state, run.error and run.error.code) == (State.FAILED, "quarantined")


async def test_a_cancelled_run_of_a_silent_worker_ends_cancelled(engine: Engine, clock: MovedClock) -> None:
    (run_id,) = await submit(engine, clock)
    await work(engine, "wrk_a")
    await engine.runs.cancel(DEFAULT_DOMAIN, [run_id])
    clock.now += LEASE
    await sweeper(engine)()
    assert (await read(engine, run_id)).state is State.CANCELLED


async def test_racing_sweepers_count_a_loss_once(tmp_path: Path, clock: MovedClock) -> None:
    async with sqlite(tmp_path, clock) as a, sqlite(tmp_path, clock) as b:
        ids = await submit(a, clock, 50)
        await work(a, "wrk_a", 50)
        clock.now += LEASE
        await asyncio.gather(*(sweeper(engine)() for engine in (a, b, a, b)))
        lost = await a.runs.get(DEFAULT_DOMAIN, ids)
        assert [(run.state, run.losses) for run in lost] == [(State.READY, 1)] * 50


async def test_it_looks_often_enough_for_any_lease(engine: Engine) -> None:
    assert await Sweeper(engine, 2.0, lambda: 0.5)() == 0.5
    assert await Sweeper(engine, 60.0, lambda: 0.5)() == 1.0
