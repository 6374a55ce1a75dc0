"""Schedules fire when their slots come, once each, however many tickers run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.scheduling import START, MovedClock, define, runs, skips, slots, sqlite, ticker
from treadle.domain.instants import DAY, SECOND
from treadle.domain.queues import QueueState
from treadle.domain.runs import DEFAULT_DOMAIN, Cause
from treadle.engines.contract import Engine
from treadle.scheduler.ticker import POLL_SECONDS


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def engine(tmp_path: Path, clock: MovedClock) -> AsyncIterator[Engine]:
    async with sqlite(tmp_path, clock) as engine:
        yield engine


async def test_each_slot_becomes_one_run_that_names_it(engine: Engine, clock: MovedClock) -> None:
    await define(engine, allow_overlap=True)
    tick = ticker(engine, clock)
    for _ in range(3):
        clock.now += SECOND
        await tick()
        await tick()
    assert await slots(engine) == [1.0, 2.0, 3.0]
    run = (await runs(engine))[0]
    assert (run.cause, run.schedule_id, run.job_version) == (Cause.SCHEDULE, "tick", 1)


async def test_it_sleeps_until_the_next_slot_but_never_longer_than_the_poll(engine: Engine, clock: MovedClock) -> None:
    tick = ticker(engine, clock)
    assert await tick() == POLL_SECONDS
    await define(engine, schedule={"interval_sec": 0.25})
    assert await tick() == pytest.approx(0.25)
    await define(engine, schedule={"interval_sec": 3600})
    assert await tick() == POLL_SECONDS


async def test_a_slot_is_never_fired_before_it_comes(engine: Engine, clock: MovedClock) -> None:
    await define(engine)
    clock.now += SECOND - 1
    await ticker(engine, clock)()
    assert await slots(engine) == []


async def test_a_slot_whose_predecessor_is_unfinished_is_skipped_and_says_so(engine: Engine, clock: MovedClock) -> None:
    await define(engine)
    tick = ticker(engine, clock)
    for _ in range(3):
        clock.now += SECOND
        await tick()
    assert await slots(engine) == [1.0]
    told = [(event.subject, event.job_id, data["reason"], data["slots"]) for event, data in await skips(engine)]
    assert told == [
        ("tick", "tick", "overlap", ["2026-11-02T08:00:02Z"]),
        ("tick", "tick", "overlap", ["2026-11-02T08:00:03Z"]),
    ]
    await engine.runs.cancel(DEFAULT_DOMAIN, [run.id for run in await runs(engine)])
    clock.now += SECOND
    await tick()
    assert await slots(engine) == [1.0, 4.0]


async def test_slots_that_come_together_do_not_overlap_either(engine: Engine, clock: MovedClock) -> None:
    await define(engine)
    clock.now += 5 * SECOND
    await ticker(engine, clock)()
    assert await slots(engine) == [1.0]
    ((_, data),) = await skips(engine)
    assert (data["reason"], data["count"]) == ("overlap", 4)


@pytest.mark.parametrize(
    ("policy", "fired", "skipped"),
    [("skip", [], 98), ("one", [98.0], 97), ("all", [96.0, 97.0, 98.0], 95)],
)
async def test_missed_slots_follow_the_policy_and_the_rest_is_recorded(
    engine: Engine, clock: MovedClock, policy: str, fired: list[float], skipped: int
) -> None:
    await define(engine, misfire={"policy": policy, "grace_sec": 1, "cap": 3}, allow_overlap=True)
    clock.now += 100 * SECOND
    await ticker(engine, clock)()
    assert await slots(engine) == [*fired, 99.0, 100.0]
    ((_, data),) = await skips(engine)
    assert (data["reason"], data["count"], data["at_least"]) == ("misfire", skipped, False)
    assert len(data["slots"]) <= 100


async def test_slots_to_be_caught_up_are_submitted_together_even_without_overlap(
    engine: Engine, clock: MovedClock
) -> None:
    await define(engine, misfire={"policy": "all", "grace_sec": 1, "cap": 3})
    clock.now += 100 * SECOND
    await ticker(engine, clock)()
    assert await slots(engine) == [96.0, 97.0, 98.0]


@pytest.mark.parametrize("schedule", [{"interval_sec": 0.1}, {"cron": "* * * * * *"}, {"cron": "*/5 * * * *"}])
async def test_a_clock_ten_years_ahead_floods_nobody(
    engine: Engine, clock: MovedClock, schedule: dict[str, object]
) -> None:
    await define(engine, schedule=schedule, misfire={"policy": "all", "cap": 100}, allow_overlap=True)
    clock.now += 3_653 * DAY
    tick = ticker(engine, clock)
    async with asyncio.timeout(20):
        while not await tick():
            pass
    assert 100 <= len(await slots(engine)) <= 100 + 601
    assert (await skips(engine))[0][1]["count"] >= 1_000
    (found,) = await engine.schedules.get(DEFAULT_DOMAIN, ["tick"])
    assert found.next_at is not None
    assert found.next_at > clock.now


async def test_a_clock_set_back_fires_no_slot_again(engine: Engine, clock: MovedClock) -> None:
    await define(engine, allow_overlap=True)
    tick = ticker(engine, clock)
    clock.now += SECOND
    await tick()
    clock.now -= 3_600 * SECOND
    await tick()
    clock.now = START + 2 * SECOND
    await tick()
    assert await slots(engine) == [1.0, 2.0]


async def test_three_tickers_fire_each_slot_once(tmp_path: Path, clock: MovedClock) -> None:
    names = [f"job-{number}" for number in range(10)]
    async with sqlite(tmp_path, clock) as a, sqlite(tmp_path, clock) as b, sqlite(tmp_path, clock) as c:
        for name in names:
            await define(a, name, allow_overlap=True)
        tickers = [ticker(engine, clock) for engine in (a, b, c)]
        for _ in range(20):
            clock.now += SECOND
            await asyncio.gather(*(tick() for tick in tickers))
        for name in names:
            assert await slots(a, name) == [float(second) for second in range(1, 21)]


async def test_a_schedule_whose_job_is_gone_ends_and_says_so(engine: Engine, clock: MovedClock) -> None:
    await define(engine)
    await engine.documents.delete(DEFAULT_DOMAIN, "job", "tick")
    clock.now += SECOND
    await ticker(engine, clock)()
    ((_, data),) = await skips(engine)
    assert data["reason"] == "job_missing"
    assert await engine.schedules.next_due() is None


async def test_a_slot_that_meets_a_draining_queue_is_skipped_and_says_so(engine: Engine, clock: MovedClock) -> None:
    await define(engine, allow_overlap=True, queue="mail")
    tick = ticker(engine, clock)
    await engine.queues.switch(DEFAULT_DOMAIN, "mail", QueueState.DRAINING)
    clock.now += SECOND
    await tick()
    ((event, data),) = await skips(engine)
    assert (event.subject, data["reason"], data["slots"]) == ("tick", "queue_draining", ["2026-11-02T08:00:01Z"])
    await engine.queues.switch(DEFAULT_DOMAIN, "mail", QueueState.OPEN)
    clock.now += SECOND
    await tick()
    assert await slots(engine) == [2.0]
