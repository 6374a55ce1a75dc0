"""Slots that overlap, from the ticker to the claim: each gets a run or is recorded; runs keep behind one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.scheduling import START, MovedClock, define, runs, skips, slots, sqlite, ticker
from treadle.domain.instants import HOUR, SECOND, from_iso
from treadle.domain.jobs import create_job, entry_schedule, parse_job
from treadle.domain.outcomes import Cancelled, Succeeded
from treadle.domain.overlap import Overlap
from treadle.domain.runs import DEFAULT_DOMAIN, State
from treadle.domain.schedules import ScheduleSpec
from treadle.engines.contract import Engine
from treadle.services.jobs import Jobs
from treadle.services.runs import Runs
from treadle.system import IdSource
from treadle.testing.driver import Driver, saving


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def engine(tmp_path: Path, clock: MovedClock) -> AsyncIterator[Engine]:
    async with sqlite(tmp_path, clock) as engine:
        yield engine


async def fire(engine: Engine, clock: MovedClock, times: int) -> Driver:
    """Let so many slots come, and fire them; answers a hand on the engine at that time."""
    tick = ticker(engine, clock)
    for _ in range(times):
        clock.now += SECOND
        await tick()
    return Driver(engine, clock.now)


async def test_queued_runs_go_one_behind_the_other_and_say_why(engine: Engine, clock: MovedClock) -> None:
    await define(engine, overlap="queue_all")
    drive = await fire(engine, clock, 3)
    worker = await drive.worker(requires=frozenset({"shell"}), lease=HOUR)
    for slot in (1.0, 2.0, 3.0):
        (claim,) = await drive.claim(worker, 9)
        assert [run.slot for run in await runs(engine) if run.state is State.RUNNING] == [START + slot * SECOND]
        waiting = [run for run in await runs(engine) if run.state is State.BLOCKED]
        if waiting:
            _, told = await Runs(engine, Jobs(engine), IdSource(clock), 1_000).explain(DEFAULT_DOMAIN, waiting[-1].id)
            assert (told.code, told.details["lane"], told.details["holders"]) == (
                "lane_full",
                "schedule:tick",
                [claim.id],
            )
        assert await drive.settle(worker, claim, Succeeded()) == ()
    assert await drive.claim(worker, 9) == ()
    assert await skips(engine) == []


async def test_the_new_run_starts_when_the_cancelled_one_has_ended(engine: Engine, clock: MovedClock) -> None:
    await define(engine, overlap="cancel_running")
    drive = await fire(engine, clock, 1)
    worker = await drive.worker(requires=frozenset({"shell"}), lease=HOUR)
    claim = await drive.claim_one(worker)
    drive = await fire(engine, clock, 2)
    step = await engine.runs.step(worker, (), 9, now=drive.now)
    assert (step.cancels, step.claims) == ((claim.id,), ())
    assert await drive.settle(worker, claim, Cancelled()) == ()
    (newest,) = await drive.claim(worker, 9)
    by_slot = sorted(await runs(engine), key=lambda run: run.slot or 0)
    assert [run.state for run in by_slot] == [State.CANCELLED, State.CANCELLED, State.RUNNING]
    assert newest.id == by_slot[2].id
    assert by_slot[1].error is not None
    assert by_slot[1].error.code == "replaced"


@pytest.mark.parametrize("overlap", Overlap)
async def test_however_many_tickers_each_slot_gets_one_run_or_one_record(tmp_path: Path, overlap: Overlap) -> None:
    clock = MovedClock()
    async with sqlite(tmp_path, clock) as a, sqlite(tmp_path, clock) as b, sqlite(tmp_path, clock) as c:
        await define(a, overlap=overlap.value)
        drive = Driver(a, clock.now)
        worker = await drive.worker(requires=frozenset({"shell"}), lease=HOUR)
        for _ in range(12):
            clock.now += SECOND
            drive.now = clock.now
            await asyncio.gather(*(ticker(engine, clock)() for engine in (a, b, c)))
            if clock.now // SECOND % 3 == 0:
                for claim in await drive.claim(worker, 1):
                    await drive.settle(worker, claim, Succeeded())
            else:
                await drive.claim(worker, 1)
        recorded = [(from_iso(slot) - START) / SECOND for _, told in await skips(a) for slot in told["slots"]]
        assert sorted([*await slots(a), *recorded]) == [float(second) for second in range(1, 13)]


async def test_slots_whose_inputs_cannot_fill_a_key_are_recorded(engine: Engine, clock: MovedClock) -> None:
    document: dict[str, Any] = {
        "job_id": "tick",
        "executor": {"type": "shell", "argv": ["true"]},
        "unique": {"key": "{account}"},
    }
    await define(engine, **document, schedule=None)
    job = create_job(parse_job(document), source="api", now=clock.now)
    lacking = entry_schedule(job, ScheduleSpec(every=SECOND), "tick~1", "scheduler.yaml:2", None, clock.now)
    await engine.documents.save(saving(clock.now, lacking, kind="source", id="scheduler.yaml"))
    await fire(engine, clock, 2)
    assert await slots(engine) == []
    told = [data for _, data in await skips(engine)]
    assert [(data["reason"], data["count"]) for data in told] == [("inputs", 1)] * 2
    assert "/inputs/account" in told[0]["message"]
