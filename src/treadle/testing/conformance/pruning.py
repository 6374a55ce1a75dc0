"""Pruning: what is old goes, oldest first and a few at a time; what is live stays."""

from __future__ import annotations

from treadle.domain.events import NewEvent
from treadle.domain.instants import DAY, MINUTE
from treadle.domain.limits import Lane, Limits, RateLimit
from treadle.domain.outcomes import Succeeded
from treadle.domain.rates import Rate
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import State
from treadle.engines.contract import Engine
from treadle.testing.conformance.logs import line
from treadle.testing.driver import BOOM, Driver, lanes


async def finish(drive: Driver, worker_id: str) -> str:
    """Let a run come to its end, a minute later than the one before; its id."""
    await drive.submit()
    claim = await drive.claim_one(worker_id)
    drive.now += MINUTE
    await drive.settle(worker_id, claim, Succeeded())
    return claim.id


class TestPruning:
    async def test_old_runs_go_the_oldest_first(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=DAY)
        ids = [await finish(drive, worker) for _ in range(5)]
        border = drive.now - MINUTE
        assert await engine.runs.prune(border, 2) == 2
        assert {run.id for run in await engine.runs.get("default", ids)} == set(ids[2:])
        assert await engine.runs.prune(border, 2) == 1
        assert await engine.runs.prune(border, 2) == 0
        assert {run.id for run in await engine.runs.get("default", ids)} == set(ids[3:])

    async def test_live_runs_stay_however_old(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(2)
        await drive.claim_one(await drive.worker())
        assert await engine.runs.prune(drive.now + 100 * DAY, 9) == 0
        assert await drive.states(ids) == [State.RUNNING, State.READY]

    async def test_a_run_takes_its_attempts_and_logs_along(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker(lease=DAY)
        await drive.settle(worker, await drive.claim_one(worker), BOOM)
        drive.now += MINUTE
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        await engine.logs.append([line("said", drive.now, run_id=run_id), line("stays", drive.now)])
        assert await engine.runs.prune(drive.now + 1, 9) == 1
        assert await engine.runs.attempts("default", run_id) == []
        assert await engine.logs.read("default", run_id, after=0, limit=9) == []
        assert len(await engine.logs.read("default", "run_1", after=0, limit=9)) == 1

    async def test_a_pruned_run_settles_no_more(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker(lease=DAY)
        claim = await drive.claim_one(worker)
        await drive.settle(worker, claim, Succeeded())
        await engine.runs.prune(drive.now + 1, 9)
        assert await drive.settle(worker, claim, Succeeded()) == (claim.id,)
        assert await engine.runs.cancel("default", [claim.id], now=drive.now) == {}

    async def test_ended_workers_that_hold_nothing_are_forgotten(self, engine: Engine, drive: Driver) -> None:
        holder = await drive.worker()
        await drive.submit()
        await drive.claim_one(holder)
        ended = [await drive.worker() for _ in range(3)]
        online = await drive.worker(lease=DAY)
        await engine.workers.stop([holder, *ended])
        assert await engine.workers.prune(drive.now, 9) == 0
        drive.now += 1
        assert await engine.workers.prune(drive.now, 2) == 2
        assert await engine.workers.prune(drive.now, 2) == 1
        assert await engine.workers.prune(drive.now, 2) == 0
        assert {worker.id for worker in await engine.workers.find("default")} == {holder, online}
        assert await engine.workers.expire(now=drive.now) == [holder]

    async def test_old_events_go_but_the_newest_stays(self, engine: Engine, drive: Driver) -> None:
        events = [NewEvent(domain="default", type="job.changed", subject="j", at=drive.now + n) for n in range(4)]
        await engine.events.append(events)
        (first, *_, last) = await engine.events.read("default", after=0, limit=9)
        assert await engine.events.prune(drive.now + 2, 1) == 1
        assert (await engine.events.bounds())[0] > first.seq
        assert await engine.events.prune(drive.now + DAY, 9) == 2
        assert await engine.events.prune(drive.now + DAY, 9) == 0
        assert await engine.events.bounds() == (last.seq, last.seq)
        await engine.events.append(events[:1])
        assert (await engine.events.bounds())[1] > last.seq


class TestIdleLimits:
    async def left(self, engine: Engine) -> tuple[list[str], list[str]]:
        rates = await engine.lanes.rates("default", ["key:a", "job:report"])
        return [lane.key for lane in await engine.lanes.find("default")], [rate.key for rate in rates]

    async def test_lanes_made_from_inputs_go_once_nobody_holds_them_or_waits(
        self, engine: Engine, drive: Driver
    ) -> None:
        worker = await drive.worker(lease=DAY)
        for name in ("key:a", "key:by hand", "job:report"):
            await drive.submit(limits=lanes(**{name: 1}))
        await engine.lanes.set_limit("default", "key:by hand", 2, now=drive.now)
        assert await engine.lanes.prune(drive.now, 9) == 0
        claims = await drive.claim(worker, 9)
        await drive.submit(limits=lanes(**{"key:a": 1}))
        assert await engine.lanes.prune(drive.now, 9) == 0
        for claim in (*claims, *await drive.claim(worker, 9)):
            await drive.settle(worker, claim, Succeeded())
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        assert await engine.lanes.prune(drive.now, 9) == 1
        assert await self.left(engine) == (["job:report", "key:by hand"], [])

    async def test_rates_made_from_inputs_go_once_all_their_tokens_are_back(
        self, engine: Engine, drive: Driver
    ) -> None:
        worker = await drive.worker(lease=DAY)
        for name in ("key:a", "job:report"):
            await drive.submit(limits=Limits(rates=(RateLimit(name, Rate(1, MINUTE)),)))
        assert await engine.lanes.prune(drive.now, 9) == 0
        for claim in await drive.claim(worker, 9):
            await drive.settle(worker, claim, Succeeded())
        assert await engine.lanes.prune(drive.now + MINUTE, 9) == 0
        assert await engine.lanes.prune(drive.now + MINUTE + 1, 9) == 1
        assert await self.left(engine) == ([], ["job:report"])

    async def test_no_more_go_at_once_than_asked_for(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=DAY)
        for number in range(3):
            await drive.submit(limits=lanes(**{f"key:{number}": 1}))
        for claim in await drive.claim(worker, 9):
            await drive.settle(worker, claim, Succeeded())
        assert [await engine.lanes.prune(drive.now, 2) for _ in range(3)] == [2, 1, 0]

    async def test_who_comes_to_forgotten_limits_puts_them_down_anew(self, engine: Engine, drive: Driver) -> None:
        limits = Limits(lanes=(Lane("key:a", 1),), rates=(RateLimit("key:a", Rate(1, MINUTE)),))
        later = await drive.submit(3, delay=MINUTE, limits=limits)
        assert await engine.lanes.prune(drive.now, 9) == 2
        assert await self.left(engine) == ([], [])
        drive.now += MINUTE
        assert [claim.id for claim in await drive.claim(await drive.worker(lease=DAY), 9)] == later[:1]
        assert await drive.states(later[1:]) == [State.BLOCKED] * 2
        assert await self.left(engine) == (["key:a"], ["key:a"])

    async def test_what_waits_at_one_gate_finds_the_other_that_was_forgotten(
        self, engine: Engine, drive: Driver
    ) -> None:
        worker = await drive.worker(lease=DAY)
        await drive.submit(limits=lanes(**{"job:report": 1}))
        claim = await drive.claim_one(worker)
        both = await drive.submit(2, limits=lanes(**{"job:report": 2, "key:a": 1}))
        await engine.lanes.prune(drive.now, 9)
        await drive.settle(worker, claim, Succeeded())
        await engine.lanes.set_limit("default", "job:report", 2, now=drive.now)
        assert await drive.states(both) == [State.READY, State.BLOCKED]
        assert (await drive.run(both[1])).reason == Reason(ReasonCode.LANE, "key:a")
