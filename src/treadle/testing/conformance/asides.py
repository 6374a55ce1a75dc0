"""A line that is shut holds no lane up: its runs stand aside where others wait, and come back when it opens."""

from __future__ import annotations

from treadle.domain.priority import Priority
from treadle.domain.queues import QueueState
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import State
from treadle.engines.contract import Engine
from treadle.testing.driver import Driver, lanes

MANY = 1000


class TestStandingAside:
    async def test_a_paused_queue_gives_its_slot_to_another_that_waits(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker()
        held = await drive.submit(3, queue="paused", limits=lanes(a=1), priority=Priority.HIGH)
        (other,) = await drive.submit(limits=lanes(a=1))
        await engine.queues.switch("default", "paused", QueueState.PAUSED, now=drive.now)
        assert await drive.claim(worker, 9) == ()
        assert await engine.lanes.step_aside(MANY, now=drive.now) == 3
        assert await drive.states([*held, other]) == [State.BLOCKED] * 3 + [State.READY]
        assert (await drive.run(held[0])).reason == Reason(ReasonCode.LINE, "paused")
        assert await drive.told(held[0]) == ["run.queued", "run.blocked"]
        assert [claim.id for claim in await drive.claim(worker, 9)] == [other]

    async def test_what_stood_aside_comes_back_when_its_line_opens(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker()
        (held,) = await drive.submit(queue="paused", limits=lanes(a=1))
        (other,) = await drive.submit(limits=lanes(a=1))
        await engine.queues.switch("default", "paused", QueueState.PAUSED, now=drive.now)
        await engine.lanes.step_aside(MANY, now=drive.now)
        assert await engine.lanes.step_aside(MANY, now=drive.now) == 0
        await engine.queues.switch("default", "paused", QueueState.OPEN, now=drive.now)
        assert await engine.lanes.step_aside(MANY, now=drive.now) == 1
        assert await drive.states([held, other]) == [State.READY, State.BLOCKED]
        assert [claim.id for claim in await drive.claim(worker, 9)] == [held]

    async def test_nobody_moves_where_nobody_else_waits(self, engine: Engine, drive: Driver) -> None:
        await drive.worker()
        ids = await drive.submit(2, queue="paused", limits=lanes(a=1))
        await engine.queues.switch("default", "paused", QueueState.PAUSED, now=drive.now)
        assert await engine.lanes.step_aside(MANY, now=drive.now) == 0
        assert await drive.states(ids) == [State.READY, State.BLOCKED]

    async def test_a_run_that_no_worker_can_take_holds_nobody_up(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker()
        (held,) = await drive.submit(requires="shell", limits=lanes(a=1))
        (other,) = await drive.submit(limits=lanes(a=1))
        assert await engine.lanes.step_aside(MANY, now=drive.now) == 1
        assert [claim.id for claim in await drive.claim(worker, 9)] == [other]
        await drive.worker(requires=frozenset({"shell"}))
        await engine.lanes.step_aside(MANY, now=drive.now)
        assert (await drive.run(held)).reason == Reason(ReasonCode.LANE, "a")

    async def test_what_stands_aside_can_be_cancelled(self, engine: Engine, drive: Driver) -> None:
        await drive.worker()
        (held,) = await drive.submit(queue="paused", limits=lanes(a=1))
        (other,) = await drive.submit(limits=lanes(a=1))
        await engine.queues.switch("default", "paused", QueueState.PAUSED, now=drive.now)
        await engine.lanes.step_aside(MANY, now=drive.now)
        await engine.runs.cancel("default", [held], now=drive.now)
        assert await drive.states([held, other]) == [State.CANCELLED, State.READY]
        (lane,) = await engine.lanes.find("default")
        assert (lane.held, lane.holders, lane.waiting) == (1, (other,), 0)
