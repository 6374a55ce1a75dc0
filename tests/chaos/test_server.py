"""The PostgreSQL server goes down under load, and its disk fails: what was acknowledged is there, the rest is not."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from tests.chaos.soak.running import Soak
from tests.support.postgres import server
from tests.support.tracing import failing_fsync
from treadle.domain.errors import Unavailable
from treadle.domain.runs import State
from treadle.engines.postgres.engine import open_postgres
from treadle.testing.driver import Driver

RUNS = 300
RESTARTS = 3


@pytest.mark.slow
async def test_a_server_restarted_at_once_under_load_costs_no_run(tmp_path: Path) -> None:
    with server(durable=True) as one:
        soak = Soak(one.url, tmp_path, runs=RUNS, kill_every=math.inf, seed=1)
        try:
            running = asyncio.create_task(soak.run())
            for number in range(1, RESTARTS + 1):
                while soak.accepted < number * RUNS // (RESTARTS + 1) and not running.done():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                await asyncio.to_thread(one.restart)
            verdict = await running
        finally:
            soak.fleet.stop()
        assert verdict.violations == ()
        assert verdict.runs >= RUNS


async def test_what_the_server_could_not_flush_is_never_acknowledged() -> None:
    with server(durable=True) as one:
        engine = await open_postgres(one.url)
        drive = Driver(engine)
        accepted = await drive.submit(3)
        with failing_fsync(one.pids), pytest.raises(Unavailable):
            await drive.submit()
        await engine.close()
        one.restart()
        engine = await open_postgres(one.url)
        drive = Driver(engine)
        assert await drive.states(accepted) == [State.READY] * 3
        assert len(await drive.submit()) == 1
        await engine.close()
