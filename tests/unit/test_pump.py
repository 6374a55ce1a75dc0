"""How far ahead a worker takes runs, with a runner whose runs end when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

from treadle.domain.errors import Unavailable
from treadle.domain.outcomes import Released, Succeeded
from treadle.domain.runs import Claim
from treadle.engines.contract import Step
from treadle.testing.clock import VirtualClock
from treadle.testing.driver import Driver
from treadle.testing.model import Data, ModelEngine
from treadle.worker.pump import Pump
from treadle.worker.runner import Runner


class OneSlot:
    """Has one slot, and holds what it is given."""

    def __init__(self, returned: Callable[[Claim], None] = lambda _: None) -> None:
        self.returned = returned
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

    @property
    def holds(self) -> set[str]:
        return {claim.id for claim in self.held}

    def give_back(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self.returned(claim)


async def test_what_a_trip_claimed_whose_answer_was_lost_is_given_back_and_claimed_again() -> None:
    clock = VirtualClock()
    engine = ModelEngine(Data(), clock)
    drive = Driver(engine)
    (run_id,) = await drive.submit()
    worker = await drive.worker()
    step = engine.runs.step
    lost = asyncio.Event()

    async def answer_is_lost(*asked: Any, **more: Any) -> Step:
        answer = await step(*asked, **more)
        if answer.claims and not lost.is_set():
            lost.set()
            raise Unavailable("the connection broke")
        return answer

    engine.runs.step = answer_is_lost  # type: ignore[method-assign]
    async with asyncio.timeout(20):
        pump = Pump(engine, worker)
        runner = OneSlot(lambda claim: pump.add(drive.outcome(claim, Released(), worker)))
        pump.runner = cast("Runner", runner)
        pumping = asyncio.create_task(pump.run())
        await runner.given.wait()
        pumping.cancel()
        await asyncio.gather(pumping, return_exceptions=True)
    assert lost.is_set()
    assert [(claim.id, claim.token, claim.attempt) for claim in runner.held] == [(run_id, 2, 1)]


async def test_while_a_worker_looks_for_what_it_never_heard_of_it_makes_no_other_trip() -> None:
    clock = VirtualClock()
    engine = ModelEngine(Data(), clock)
    engine.trips_at_once = 2
    drive = Driver(engine)
    await drive.submit()
    worker = await drive.worker()
    step, held_by = engine.runs.step, engine.runs.held_by
    asked: list[str] = []
    looking, go_on = asyncio.Event(), asyncio.Event()

    async def answer_is_lost(*given: Any, **more: Any) -> Step:
        answer = await step(*given, **more)
        asked.append("step")
        if len(asked) == 1:
            raise Unavailable("the connection broke")
        return answer

    async def slowly(worker_ids: Sequence[str]) -> Any:
        asked.append("held_by")
        looking.set()
        await go_on.wait()
        return await held_by(worker_ids)

    engine.runs.step = answer_is_lost  # type: ignore[method-assign]
    engine.runs.held_by = slowly  # type: ignore[method-assign]
    pump = Pump(engine, worker)
    runner = OneSlot(lambda claim: pump.add(drive.outcome(claim, Released(), worker)))
    pump.runner = cast("Runner", runner)
    async with asyncio.timeout(20):
        tasks = [asyncio.create_task(pump.run()), asyncio.create_task(pump.listen())]
        await looking.wait()
        await drive.submit()  # which rings
        for _ in range(20):
            await asyncio.sleep(0)
        assert asked == ["step", "held_by"]
        go_on.set()
        await runner.given.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
