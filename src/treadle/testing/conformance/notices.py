"""Notices: whoever listens is woken, by itself and by every other process on the data."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from treadle.domain.instants import MINUTE
from treadle.domain.outcomes import Released, Succeeded
from treadle.engines.contract import Engine, Topic
from treadle.testing.conformance.logs import line
from treadle.testing.conformance.opening import Opener
from treadle.testing.driver import Driver, firing, interval_schedule, saving

FOREVER = 600.0


async def enqueue(drive: Driver) -> None:
    await drive.submit()


async def put_back(drive: Driver) -> None:
    worker = await drive.worker()
    await drive.settle(worker, await drive.claim_one(worker), Released())


async def finish(drive: Driver) -> None:
    worker = await drive.worker()
    await drive.settle(worker, await drive.claim_one(worker), Succeeded())


async def cancel(drive: Driver) -> None:
    claim = await drive.claim_one(await drive.worker())
    await drive.engine.runs.cancel("default", [claim.id], now=drive.now)


async def say(drive: Driver) -> None:
    await drive.engine.logs.append([line("said", drive.now)])


async def save(drive: Driver) -> None:
    await drive.engine.documents.save(saving(drive.now))


async def fire(drive: Driver) -> None:
    schedule = interval_schedule(drive.now, every=MINUTE, id="sch_fired", job_id="job_fired")
    await drive.engine.documents.save(saving(drive.now, schedule, id="job_fired"))
    drive.now += MINUTE
    await drive.engine.schedules.fire([firing(schedule, drive.now)], now=drive.now)


CAUSES: list[tuple[Topic, Callable[[Driver], Awaitable[None]]]] = [
    (Topic.RUNS, enqueue),
    (Topic.RUNS, put_back),
    (Topic.RUNS, fire),
    (Topic.CANCELS, cancel),
    (Topic.LOGS, say),
    (Topic.SCHEDULES, save),
    (Topic.EVENTS, enqueue),
    (Topic.EVENTS, finish),
]


class TestNotices:
    @pytest.mark.parametrize(("topic", "cause"), CAUSES)
    async def test_a_listener_is_woken_by_another_process(
        self, opener: Opener, drive: Driver, topic: Topic, cause: Callable[[Driver], Awaitable[None]]
    ) -> None:
        await drive.submit(2)
        async with opener() as other:
            notices = other.listen(topic)
            waiting = asyncio.create_task(notices.wait(FOREVER))
            await cause(drive)
            assert await waiting == {topic}
            await notices.close()

    async def test_a_listener_hears_its_own_process(self, engine: Engine, drive: Driver) -> None:
        notices = engine.listen(Topic.RUNS, Topic.LOGS)
        await drive.submit()
        assert await notices.wait(FOREVER) == {Topic.RUNS}
        await notices.close()

    async def test_what_was_told_between_two_waits_is_heard(self, engine: Engine, drive: Driver) -> None:
        notices = engine.listen(Topic.RUNS, Topic.LOGS)
        await drive.submit()
        await say(drive)
        heard: set[str] = set()
        while heard != {Topic.RUNS, Topic.LOGS}:
            heard |= await notices.wait(FOREVER)
        assert await notices.wait(0) == frozenset()
        await notices.close()

    async def test_patience_ends(self, engine: Engine) -> None:
        notices = engine.listen(Topic.RUNS)
        assert await notices.wait(0.001) == frozenset()
        await notices.close()

    async def test_closing_ends_a_wait(self, engine: Engine) -> None:
        notices = engine.listen(Topic.RUNS)
        waiting = asyncio.create_task(notices.wait(FOREVER))
        await asyncio.sleep(0)
        await notices.close()
        assert await waiting == frozenset()
        await notices.close()
