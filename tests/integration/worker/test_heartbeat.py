"""The heartbeat alone, on a clock that can leap as it does for a process that the machine has held up."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from tests.support.workers import PATIENCE_SECONDS, Lab
from treadle.domain.instants import SECOND
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.domain.workers import WorkerSpec
from treadle.settings import Settings
from treadle.worker import heartbeat
from treadle.worker.children import Child
from treadle.worker.heartbeat import Heartbeat

LEASE_SECONDS = 600


async def test_a_heartbeat_that_was_held_up_asks_before_it_ends_anybody(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = WorkerSpec(id="wrk_healthy", host="", pid=0, slots=1, requires=frozenset(), version="")
    await lab.engine.workers.register(spec, LEASE_SECONDS * SECOND)
    (registered,) = await lab.engine.workers.find(DEFAULT_DOMAIN)
    child = Child(spec.id, spec.slots)
    child.ready = True
    moments = iter([time.monotonic()])  # where the heartbeat begins; nine tenths of a lease later it looks again
    late = time.monotonic() + 0.9 * LEASE_SECONDS
    monkeypatch.setattr(heartbeat, "time", SimpleNamespace(monotonic=lambda: next(moments, late)))
    settings = Settings(lease_sec=LEASE_SECONDS, heartbeat_sec=0.01)
    beating = asyncio.create_task(Heartbeat(lab.engine, settings, {spec.id: child}).run())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while child.killed_for is None and (await lab.engine.workers.find(DEFAULT_DOMAIN)) == [registered]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    beating.cancel()
    assert child.killed_for is None
    child.close()
