"""Several schedulers, of which some die, stand still and come back: each slot fires once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.schedulers import Scheduler, scheduler
from tests.support.scheduling import MovedClock, define, runs
from treadle.domain.errors import Unavailable
from treadle.domain.instants import DAY, SECOND, Instant, from_iso
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.domain.triggers import fires
from treadle.engines.contract import Engine, Topic
from treadle.engines.open import open_engine
from treadle.engines.postgres.engine import open_postgres
from treadle.scheduler.ticker import Ticker
from treadle.system import Clock, IdSource, SystemClock

NAMES = [f"job-{number}" for number in range(5)]
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
YEAR = from_iso("2026-01-01T00:00:00Z")


@asynccontextmanager
async def opened(url: str, clock: Clock | None = None) -> AsyncIterator[Engine]:
    """An engine; its time is the clock's, where there is one."""
    if clock is None or url.startswith("sqlite"):
        engine: Engine = await open_engine(url, clock or SystemClock())
    else:
        engine = await open_postgres(url, clock)
    try:
        yield engine
    finally:
        await engine.close()


async def slots_of(engine: Engine, name: str) -> list[Instant]:
    return sorted(run.slot for run in await runs(engine, name) if run.slot is not None)


async def await_slots(engine: Engine, count: int) -> None:
    """Returns once each job has so many runs."""
    notices = engine.listen(Topic.RUNS)
    async with asyncio.timeout(60):
        while min([len(await slots_of(engine, name)) for name in NAMES]) < count:
            await notices.wait(0.5)
    await notices.close()


async def assert_each_fired_once(engine: Engine) -> None:
    for name in NAMES:
        slots = await slots_of(engine, name)
        assert {later - earlier for earlier, later in pairwise(slots)} == {SECOND // 10}


@pytest.fixture
async def engine(any_url: str) -> AsyncIterator[Engine]:
    """With jobs that are due ten times a second."""
    async with opened(any_url) as engine:
        for name in NAMES:
            await define(engine, name, schedule={"interval_sec": 0.1}, allow_overlap=True)
        yield engine


async def stand_still(sleeper: Scheduler, engine: Engine) -> None:
    """Stop it, wherever it is just then; but not amid a write to a SQLite file, which is its own until it goes on."""
    while True:
        await asyncio.sleep(random.uniform(0, 0.1))
        sleeper.stand_still()
        try:
            await engine.ping()
        except Unavailable:
            sleeper.go_on()
        else:
            return


async def test_three_schedulers_of_which_one_is_killed_again_and_again_fire_each_slot_once(
    tmp_path: Path, any_url: str, engine: Engine
) -> None:
    with scheduler(tmp_path, any_url), scheduler(tmp_path, any_url):
        for _ in range(3):
            with scheduler(tmp_path, any_url):
                await asyncio.sleep(random.uniform(0.05, 0.3))
        await await_slots(engine, 20)
    await assert_each_fired_once(engine)


async def test_a_scheduler_that_stood_still_fires_nothing_that_others_fired(
    tmp_path: Path, any_url: str, engine: Engine
) -> None:
    with scheduler(tmp_path, any_url) as sleeper:
        await await_slots(engine, 1)
        for round_ in range(1, 4):
            await stand_still(sleeper, engine)
            with scheduler(tmp_path, any_url):
                await await_slots(engine, 15 * round_)
                sleeper.go_on()
                await await_slots(engine, 15 * round_ + 5)
        assert sleeper.process.poll() is None
    await assert_each_fired_once(engine)


async def test_three_schedulers_over_a_year_in_five_zones_fire_each_slot_once(any_url: str) -> None:
    """Day by day, all three at once; nights with a gap and nights with an hour twice are among them."""
    clock = MovedClock(YEAR)
    async with AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(opened(any_url, clock)) for _ in range(3)]
        for zone in ZONES:
            await define(
                engines[0],
                zone.replace("/", "."),
                schedule={"cron": "30 1,2,13 * * *", "timezone": zone},
                allow_overlap=True,
                misfire={"policy": "skip", "grace_sec": DAY // SECOND},
            )
        tickers = [Ticker(engine, IdSource(clock)) for engine in engines]
        for _ in range(365):
            clock.now += DAY
            await asyncio.gather(*(tick() for tick in tickers))
        schedules = await engines[0].schedules.find(DEFAULT_DOMAIN)
        assert len(schedules) == len(ZONES)
        for schedule in schedules:
            slots = await slots_of(engines[0], schedule.job_id)
            assert slots == list(fires(schedule.trigger, YEAR, clock.now))
            assert 3 * 365 - 2 <= len(slots) <= 3 * 365 + 2
