"""An event that more runs wait for than one transaction wakes, and whose publisher dies meanwhile."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from treadle.domain.instants import HOUR
from treadle.domain.json import encode
from treadle.domain.outcomes import Waiting
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import State
from treadle.domain.waits import EventWait
from treadle.engines.contract import Topic
from treadle.engines.sql.waits import MOST_BYTES
from treadle.engines.sqlite.engine import open_sqlite
from treadle.scheduler.sweeper import Sweeper
from treadle.system import SystemClock, chance
from treadle.testing.driver import Driver

DATA_BYTES = 200_000
WAITERS = 200

PUBLISHER = f"""
import asyncio, sys
from treadle import AsyncClient
from treadle.settings import Settings

async def main():
    async with AsyncClient(Settings(data=sys.argv[1])) as client:
        await client.publish("paid", {{"shop": "a", "what": "x" * {DATA_BYTES}}})

asyncio.run(main())
"""


async def test_the_sweeper_wakes_those_whom_a_killed_publisher_has_left(tmp_path: Path) -> None:
    engine = await open_sqlite(tmp_path / "treadle.db", SystemClock(), synchronous="NORMAL")
    drive = Driver(engine)
    ids = await drive.submit(WAITERS)
    worker = await drive.worker(lease=HOUR)
    wait = Waiting(
        Reason(ReasonCode.EVENT, "paid"), EventWait(step="wait:paid", event="paid", match=encode({"shop": "a"}))
    )
    claims = await drive.claim(worker, WAITERS)
    assert await engine.runs.settle([drive.outcome(claim, wait, worker) for claim in claims], now=drive.now) == ()

    notices = engine.listen(Topic.RUNS)
    publisher = await asyncio.create_subprocess_exec(sys.executable, "-c", PUBLISHER, str(tmp_path))
    async with asyncio.timeout(30):
        while State.READY not in await engine.runs.counts("default"):
            await notices.wait(1.0)
    publisher.kill()
    await publisher.wait()
    await notices.close()
    woken = (await engine.runs.counts("default"))[State.READY]
    assert 0 < woken < WAITERS
    assert woken % (MOST_BYTES // (DATA_BYTES + 30)) == 0  # whole transactions

    await Sweeper(engine, 2.0, chance)()
    assert set(await drive.states(ids)) == {State.READY}
    again = await drive.claim(worker, WAITERS)
    assert [len(claim.steps) for claim in again] == [1] * WAITERS
    assert await engine.events.deliver() == 0
    await engine.close()
