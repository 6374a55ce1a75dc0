"""A queue's rate: counted at claim, for the whole fleet, and a worker that idles is told when to ask again."""

from __future__ import annotations

from treadle.domain.instants import HOUR, MINUTE, SECOND
from treadle.domain.outcomes import Succeeded
from treadle.domain.queues import QueueState
from treadle.domain.rates import Rate
from treadle.domain.workers import WorkerState
from treadle.engines.contract import Engine
from treadle.testing.driver import Driver

TWO_A_MINUTE = Rate(2, MINUTE)


class TestQueueRates:
    async def test_no_more_are_given_out_than_the_rate_lets_go(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(5)
        assert await engine.queues.limit("default", "default", TWO_A_MINUTE, now=drive.now)
        workers = [await drive.worker(lease=HOUR) for _ in range(2)]
        assert [claim.id for worker in workers for claim in await drive.claim(worker, 9)] == ids[:2]
        drive.now += MINUTE // 2
        assert [claim.id for worker in workers for claim in await drive.claim(worker, 9)] == ids[2:3]
        drive.now += 10 * MINUTE
        assert [claim.id for worker in workers for claim in await drive.claim(worker, 9)] == ids[3:]

    async def test_the_next_time_is_told_and_true(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(4)
        await engine.queues.limit("default", "default", TWO_A_MINUTE, now=drive.now)
        worker = await drive.worker(lease=HOUR)
        assert len(await drive.claim(worker, 9)) == 2
        step = await engine.runs.step(worker, (), 9, now=drive.now)
        assert (step.claims, step.next_due) == ((), drive.now + MINUTE // 2)
        drive.now += MINUTE // 2 - 1
        assert await drive.claim(worker, 9) == ()
        drive.now += 1
        assert len(await drive.claim(worker, 9)) == 1

    async def test_a_worker_that_drains_is_told_of_no_time(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(3)
        await engine.queues.limit("default", "default", TWO_A_MINUTE, now=drive.now)
        worker = await drive.worker()
        await drive.claim(worker, 2)
        await engine.workers.switch("default", [worker], WorkerState.DRAINING, now=drive.now)
        assert (await engine.runs.step(worker, (), 9, now=drive.now)).next_due is None

    async def test_what_is_due_sooner_is_told_before_the_rate(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(3)
        await drive.submit(queue="other", delay=SECOND)
        await engine.queues.limit("default", "default", TWO_A_MINUTE, now=drive.now)
        worker = await drive.worker()
        step = await engine.runs.step(worker, (), 9, now=drive.now)
        assert (len(step.claims), step.next_due) == (2, drive.now + SECOND)

    async def test_a_queue_at_its_rate_takes_nothing_from_the_others(self, engine: Engine, drive: Driver) -> None:
        limited = await drive.submit(5, queue="limited")
        drive.now += 1
        others = await drive.submit(3, queue="other")
        await engine.queues.limit("default", "limited", TWO_A_MINUTE, now=drive.now)
        worker = await drive.worker()
        assert [claim.id for claim in await drive.claim(worker, 4)] == [*limited[:2], *others[:2]]
        assert [claim.id for claim in await drive.claim(worker, 4)] == others[2:]

    async def test_the_rate_is_of_the_queue_whatever_its_runs_require(self, engine: Engine, drive: Driver) -> None:
        first = await drive.submit(2, requires="shell")
        drive.now += 1
        await drive.submit(2)
        await engine.queues.limit("default", "default", TWO_A_MINUTE, now=drive.now)
        able = await drive.worker(requires=frozenset({"shell", "handler:report"}))
        assert [claim.id for claim in await drive.claim(able, 9)] == first

    async def test_a_retry_uses_the_rate_again(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        await engine.queues.limit("default", "default", Rate(1, MINUTE), now=drive.now)
        worker = await drive.worker(lease=HOUR)
        claim = await drive.claim_one(worker)
        await drive.settle(worker, claim, Succeeded())
        (second,) = await drive.submit()
        assert await drive.claim(worker) == ()
        drive.now += MINUTE
        assert [claim.id for claim in await drive.claim(worker)] == [second] != [run_id]

    async def test_a_rate_can_be_changed_and_taken_away(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(9)
        worker = await drive.worker()
        await engine.queues.limit("default", "default", Rate(1, HOUR), now=drive.now)
        assert len(await drive.claim(worker, 9)) == 1
        assert not await engine.queues.limit("default", "default", Rate(1, HOUR), now=drive.now)
        await engine.queues.limit("default", "default", Rate(60, MINUTE), now=drive.now)
        step = await engine.runs.step(worker, (), 9, now=drive.now)
        assert (step.claims, step.next_due) == ((), drive.now + SECOND)
        await engine.queues.limit("default", "default", None, now=drive.now)
        assert len(await drive.claim(worker, 9)) == 8
        events = await engine.events.read("default", after=0, limit=99, types=["queue."])
        assert [event.data for event in events] == [
            b'{"rate":{"runs":1,"window":3600000000}}',
            b'{"rate":{"runs":60,"window":60000000}}',
            b'{"rate":null}',
        ]

    async def test_a_rate_stands_through_a_pause(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(3)
        await engine.queues.limit("default", "default", TWO_A_MINUTE, now=drive.now)
        worker = await drive.worker()
        await drive.claim(worker, 9)
        for state in (QueueState.PAUSED, QueueState.OPEN):
            await engine.queues.switch("default", "default", state, now=drive.now)
            assert await drive.claim(worker, 9) == ()
        (queue,) = await engine.queues.find("default")
        assert queue.control.rate == TWO_A_MINUTE
        assert queue.control.next_at(drive.now) == drive.now + MINUTE // 2
