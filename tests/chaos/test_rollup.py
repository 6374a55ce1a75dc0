"""Schedulers that count are killed at any moment, and in the middle of writing down what they counted."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.schedulers import scheduler
from treadle.domain.instants import HOUR
from treadle.domain.outcomes import Failed, RunError, Succeeded
from treadle.domain.stats import EVERYTHING, Tally, total
from treadle.engines.contract import Engine, GroupQuery
from treadle.engines.open import open_engine
from treadle.system import SystemClock
from treadle.testing.driver import Driver

NO: Final = Failed(RunError("exception", "no", "ValueError"), retry=False)

DYING: Final = """
import asyncio, os, signal, sys
from treadle.engines.open import open_engine
from treadle.engines.sql import failures
from treadle.system import SystemClock

async def die(tx, ended):
    os.kill(os.getpid(), signal.SIGKILL)

failures.add_failures = die

async def main():
    engine = await open_engine(sys.argv[1], SystemClock())
    await engine.stats.roll_up(1_000)

asyncio.run(main())
"""
"""Counts, and is killed when all but the failures is written, and nothing committed."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Driver]:
    engine = await open_engine(url, SystemClock())
    try:
        yield Driver(engine)
    finally:
        await engine.close()


async def end(drive: Driver, count: int) -> None:
    """So many runs that completed, and as many that failed."""
    drive.now = drive.engine.now()
    await drive.submit(2 * count)
    worker = await drive.worker(slots=2 * count)
    for place, claim in enumerate(await drive.claim(worker, 2 * count)):
        await drive.settle(worker, claim, NO if place % 2 else Succeeded())


async def counted(engine: Engine) -> tuple[Tally, int]:
    """All that was counted, and the failures in groups."""
    tallies = await engine.stats.tallies("default", EVERYTHING, HOUR, 0, engine.now() + HOUR)
    groups = await engine.failures.find(GroupQuery(domain="default", now=engine.now(), limit=9))
    return total(tally for _, tally in tallies), sum(group.count for group in groups)


async def assert_counted(engine: Engine, count: int) -> None:
    while await engine.stats.roll_up(1_000):
        pass
    tally, failures = await counted(engine)
    assert (tally.completed, tally.failed, failures) == (count, count, count)


async def test_what_was_half_written_when_it_was_killed_is_counted_once(any_url: str) -> None:
    async with opened(any_url) as drive:
        await end(drive, 5)
        for _ in range(2):
            died = await asyncio.create_subprocess_exec(sys.executable, "-c", DYING, any_url)
            assert await died.wait() == -signal.SIGKILL
            assert await counted(drive.engine) == (Tally(), 0)
        await assert_counted(drive.engine, 5)


@pytest.mark.slow
async def test_three_schedulers_of_which_one_is_killed_again_and_again_count_each_run_once(
    tmp_path: Path, any_url: str
) -> None:
    ended = 0
    async with opened(any_url) as drive:
        with scheduler(tmp_path, any_url), scheduler(tmp_path, any_url):
            for _ in range(3):
                with scheduler(tmp_path, any_url):
                    for _ in range(random.randrange(1, 8)):
                        await end(drive, 10)
                        ended += 10
            await end(drive, 10)
        await assert_counted(drive.engine, ended + 10)
