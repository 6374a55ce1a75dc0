"""How far ahead a worker takes runs, with a runner whose runs end when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import Claim
from treadle.testing.clock import VirtualClock
from treadle.testing.driver import Driver
from treadle.testing.model import Data, ModelEngine
from treadle.worker.pump import Pump
from treadle.worker.runner import Runner


class OneSlot:
    """Has one slot, and holds what it is given."""

    def __init__(self) -> None:
        self.held: list[Claim] = []
        self.looked = asyncio.Event()
        self.given = asyncio.Event()

    @property
    def free_slots(self) -> int:
        return max(0, 1 - len(self.held))

    @property
    def idle(self) -> bool:
        return not self.held

    starved = idle

    def accept(self, claims: Sequence[Claim]) -> None:
        self.held += claims
        if claims:
            self.given.set()

    def cancel(self, run_ids: Sequence[str]) -> None:
        if run_ids:
            self.looked.set()


async def test_a_slow_run_that_ends_right_after_a_trip_does_not_pass_for_a_fast_pace() -> None:
    clock = VirtualClock()
    engine = ModelEngine(Data(), clock)
    drive = Driver(engine)
    await drive.submit(100)
    worker = await drive.worker()
    pump, runner = Pump(engine, worker), OneSlot()
    pump.runner = cast("Runner", runner)
    async with asyncio.timeout(20):
        tasks = [asyncio.create_task(pump.run()), asyncio.create_task(pump.listen())]
        for _ in range(3):
            await runner.given.wait()
            runner.given.clear()
            await engine.runs.cancel("default", [runner.held[0].id])  # lets the pump look, with nothing to settle
            await runner.looked.wait()
            runner.looked.clear()
            ended = runner.held.pop(0)
            pump.add(drive.outcome(ended, Succeeded(), worker))
            await runner.given.wait()
            for _ in range(10):
                await asyncio.sleep(0)
            assert len(runner.held) <= 2
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
