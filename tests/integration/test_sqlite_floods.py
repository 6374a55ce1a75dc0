"""What waits in great numbers costs nothing to those who do not wait for it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from treadle.domain.instants import DAY, SECOND
from treadle.domain.outcomes import Succeeded
from treadle.domain.queues import MOST_COUNTED, QueueState
from treadle.engines.sqlite.engine import open_sqlite
from treadle.system import SystemClock
from treadle.testing.driver import Driver

FLOOD = 100_000


@pytest.fixture
async def drive(tmp_path: Path) -> AsyncIterator[Driver]:
    engine = await open_sqlite(tmp_path / "treadle.db", SystemClock(), synchronous="NORMAL")
    yield Driver(engine)
    await engine.close()


async def flood(drive: Driver, **fields: str) -> None:
    for _ in range(FLOOD // 5_000):
        await drive.submit(5_000, **fields)


async def test_a_domain_that_floods_delays_no_run_of_another(drive: Driver) -> None:
    await flood(drive, domain="a")
    worker = await drive.worker(domains=("a", "b"), lease=DAY)
    busy = list(await drive.claim(worker, 8))
    for _ in range(5):
        drive.now += SECOND
        (theirs,) = await drive.submit(domain="b")
        await drive.settle(worker, busy.pop(), Succeeded())
        claim = await drive.claim_one(worker)
        assert claim.id == theirs
        await drive.settle(worker, claim, Succeeded())
        busy.append(await drive.claim_one(worker))


async def test_a_pause_takes_effect_at_once_however_many_wait(drive: Driver) -> None:
    await flood(drive, queue="flooded")
    worker = await drive.worker(lease=DAY)
    others = await drive.submit(3, queue="other")
    before = time.process_time()
    await drive.engine.queues.switch("default", "flooded", QueueState.PAUSED, now=drive.now)
    assert [claim.id for claim in await drive.claim(worker, 9)] == others
    (queue,) = await drive.engine.queues.find("default", names=["flooded"])
    assert (queue.ready, queue.at_least) == (MOST_COUNTED, True)
    assert time.process_time() - before < 0.5  # a walk through them all takes longer, without anything done to them
