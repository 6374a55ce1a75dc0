"""Leases: a worker's right to claim and settle, which ends by itself and never comes back."""

from __future__ import annotations

import pytest

from treadle.domain.errors import LeaseLost
from treadle.domain.instants import DAY, SECOND
from treadle.domain.outcomes import Lost, Succeeded
from treadle.domain.runs import State
from treadle.domain.workers import LEASE, SWITCHES, Role, WorkerState
from treadle.engines.contract import Engine
from treadle.testing.driver import BOOM, Driver, worker_spec


class TestLeases:
    async def test_a_worker_is_read_as_it_registered(self, engine: Engine, drive: Driver) -> None:
        spec = worker_spec(slots=3, queues=("a", "b"), requires=frozenset({"shell", "python"}), host="there", pid=7)
        await engine.workers.register(spec, LEASE, now=drive.now)
        (worker,) = await engine.workers.find("default")
        assert (worker.id, worker.host, worker.pid, worker.slots) == (spec.id, "there", 7, 3)
        assert (worker.queues, worker.requires, worker.version) == (spec.queues, spec.requires, spec.version)
        assert (worker.state, worker.registered_at, worker.seen_at) == (WorkerState.ONLINE, drive.now, drive.now)
        assert worker.running == 0
        assert await engine.workers.find("theirs") == []

    async def test_one_host_may_hold_several_workers(self, engine: Engine, drive: Driver) -> None:
        ids = {await drive.worker(host="here", pid=1) for _ in range(3)}
        await drive.submit(3)
        for worker in ids:
            await drive.claim_one(worker)
        assert {worker.id: worker.running for worker in await engine.workers.find("default")} == dict.fromkeys(ids, 1)

    async def test_a_worker_without_a_lease_gets_nothing(self, drive: Driver) -> None:
        await drive.submit()
        with pytest.raises(LeaseLost):
            await drive.claim("wrk_unknown")

    async def test_a_lease_lasts_until_its_last_moment_and_not_at_it(self, drive: Driver) -> None:
        worker = await drive.worker()
        await drive.submit(2)
        drive.now += LEASE - 1
        await drive.claim_one(worker)
        drive.now += 1
        with pytest.raises(LeaseLost):
            await drive.claim_one(worker)

    async def test_a_heartbeat_prolongs_the_lease_from_now(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker()
        for _ in range(3):
            drive.now += LEASE - 1
            assert (await engine.workers.renew([worker], LEASE, now=drive.now)).alive == {worker}
        (seen,) = await engine.workers.find("default")
        assert seen.seen_at == drive.now

    async def test_a_lease_that_ended_is_not_renewed(self, engine: Engine, drive: Driver) -> None:
        lost, alive = await drive.worker(), await drive.worker(lease=2 * LEASE)
        drive.now += LEASE
        assert (await engine.workers.renew([lost, alive, "wrk_unknown"], LEASE, now=drive.now)).alive == {alive}

    async def test_after_its_lease_a_worker_settles_nothing(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        drive.now += LEASE
        done = [drive.outcome(claim, Succeeded(), worker)]
        with pytest.raises(LeaseLost):
            await engine.runs.settle(done, now=drive.now)
        with pytest.raises(LeaseLost):
            await engine.runs.step(worker, done, 1, now=drive.now)
        assert (await drive.run(claim.id)).state is State.RUNNING

    async def test_a_run_of_a_lost_worker_is_taken_over_once(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        lost, heir = await drive.worker(), await drive.worker(lease=DAY)
        stale = await drive.claim_one(lost)
        assert await engine.workers.expire(now=drive.now) == []
        drive.now += LEASE
        assert await engine.workers.expire(now=drive.now) == [lost]
        assert await drive.claim(heir) == ()
        assert await drive.sweep() == ()
        claim = await drive.claim_one(heir)
        assert (claim.id, claim.token, claim.attempt, claim.losses) == (stale.id, 2, 2, 1)
        assert await engine.workers.expire(now=drive.now) == []
        with pytest.raises(LeaseLost):
            await drive.settle(lost, stale, Succeeded())
        assert await drive.settle(heir, claim, Succeeded()) == ()
        assert await drive.told(stale.id) == ["run.queued", "run.started", "run.lost", "run.started", "run.completed"]

    async def test_a_sweep_that_came_to_no_end_is_taken_up_by_the_next(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2)
        lost = await drive.worker()
        await drive.claim(lost, 2)
        drive.now += LEASE
        assert await engine.workers.expire(now=drive.now) == [lost]
        ((_, first, _), _) = await engine.runs.held_by([lost])
        assert await engine.runs.settle([drive.outcome(first, Lost(solitary=False), None)], now=drive.now) == ()
        assert await engine.workers.expire(now=drive.now) == [lost]
        await drive.sweep()
        assert await engine.workers.expire(now=drive.now) == []

    async def test_a_sweeper_with_a_stale_snapshot_harms_nobody(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        lost, heir = await drive.worker(), await drive.worker(lease=DAY)
        await drive.claim_one(lost)
        drive.now += LEASE
        await engine.workers.expire(now=drive.now)
        ((_, snapshot, _),) = await engine.runs.held_by([lost])
        await drive.sweep()
        claim = await drive.claim_one(heir)
        late = drive.outcome(snapshot, Lost(solitary=True), None)
        assert await engine.runs.settle([late], now=drive.now) == ()
        assert (await drive.run(claim.id)).state is State.RUNNING
        assert await drive.settle(heir, claim, Succeeded()) == ()
        assert (await drive.run(claim.id)).losses == 1

    async def test_a_draining_worker_settles_and_claims_nothing_more(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2)
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await engine.workers.switch("default", [worker], WorkerState.DRAINING, now=drive.now)
        drive.now += SECOND
        step = await engine.runs.step(worker, [drive.outcome(claim, Succeeded(), worker)], 1, now=drive.now)
        assert (step.refused, step.claims) == ((), ())
        assert (await engine.workers.renew([worker], LEASE, now=drive.now)).alive == {worker}
        (seen,) = await engine.workers.find("default")
        assert seen.state is WorkerState.DRAINING

    async def test_a_disabled_worker_keeps_its_lease_and_claims_again_once_enabled(
        self, engine: Engine, drive: Driver
    ) -> None:
        await drive.submit(2)
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        assert await engine.workers.switch("default", [worker], WorkerState.DISABLED, now=drive.now) == {worker}
        assert await engine.workers.switch("default", [worker], WorkerState.DISABLED, now=drive.now) == frozenset()
        renewal = await engine.workers.renew([worker], LEASE, now=drive.now)
        assert renewal.alive == {worker}
        assert not renewal.draining
        assert await drive.settle(worker, claim, Succeeded()) == ()
        assert await drive.claim(worker) == ()
        assert await engine.workers.switch("default", [worker], WorkerState.ONLINE, now=drive.now) == {worker}
        assert len(await drive.claim(worker)) == 1
        told = await engine.events.read("default", after=0, limit=100, types=["worker."])
        assert [(event.type, event.subject) for event in told] == [
            ("worker.disabled", worker),
            ("worker.enabled", worker),
        ]

    async def test_nothing_leads_back_from_draining_and_ended(self, engine: Engine, drive: Driver) -> None:
        draining, stopped = await drive.worker(), await drive.worker()
        await engine.workers.switch("default", [draining], WorkerState.DRAINING, now=drive.now)
        await engine.workers.stop([stopped])
        for state in SWITCHES:
            assert await engine.workers.switch("default", [draining, stopped], state, now=drive.now) == frozenset()
        assert (await engine.workers.renew([draining, stopped], LEASE, now=drive.now)).draining == {draining}

    async def test_who_is_no_worker_is_seen_and_not_switched(self, engine: Engine, drive: Driver) -> None:
        scheduler = await drive.worker(role=Role.SCHEDULER, slots=0, requires=frozenset())
        assert await engine.workers.switch("default", [scheduler], WorkerState.DISABLED, now=drive.now) == frozenset()
        (seen,) = await engine.workers.find("default")
        assert (seen.role, seen.state) == (Role.SCHEDULER, WorkerState.ONLINE)

    async def test_a_stopped_worker_has_no_lease_and_leaves_what_it_held(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await engine.workers.stop([worker])
        assert (await engine.workers.renew([worker], LEASE, now=drive.now)).alive == frozenset()
        with pytest.raises(LeaseLost):
            await drive.settle(worker, claim, Succeeded())
        assert await engine.workers.expire(now=drive.now) == [worker]
        await engine.workers.switch("default", [worker], WorkerState.DRAINING, now=drive.now)
        (seen,) = await engine.workers.find("default")
        assert (seen.state, seen.running) == (WorkerState.STOPPED, 1)

    async def test_one_lost_lease_settles_nothing_of_a_mixed_batch(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2)
        alive, lost = await drive.worker(lease=DAY), await drive.worker()
        mine, theirs = await drive.claim_one(alive), await drive.claim_one(lost)
        drive.now += LEASE
        done = [drive.outcome(mine, Succeeded(), alive), drive.outcome(theirs, BOOM, lost)]
        with pytest.raises(LeaseLost):
            await engine.runs.settle(done, now=drive.now)
        with pytest.raises(LeaseLost):
            await engine.runs.step(alive, done, 1, now=drive.now)
        assert await drive.states([mine.id, theirs.id]) == [State.RUNNING, State.RUNNING]
