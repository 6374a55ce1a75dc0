"""Lanes: no more runs are active in one than its limit lets, whoever claims, whatever becomes of them."""

from __future__ import annotations

import pytest

from treadle.domain.instants import HOUR, MINUTE, SECOND
from treadle.domain.limits import Lane, Limits
from treadle.domain.outcomes import Failed, Outcome, Released, RunError, Skipped, Snoozed, Succeeded, Waiting
from treadle.domain.priority import Priority
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Claim, State
from treadle.domain.workers import LEASE
from treadle.engines.contract import Engine
from treadle.testing.conformance.opening import Opener
from treadle.testing.driver import BOOM, Driver, lanes, new_run, saving

FULL = State.BLOCKED
ENDINGS: list[Outcome] = [Succeeded(), Failed(RunError("exception", "no"), retry=False), Skipped("none")]
PUT_BACK: list[Outcome] = [BOOM, Snoozed(MINUTE), Waiting(Reason(ReasonCode.EVENT, "paid"))]


def named(claims: tuple[Claim, ...]) -> list[str]:
    return [claim.id for claim in claims]


class TestLanes:
    async def test_only_so_many_are_ready_and_the_others_are_told_what_they_wait_for(self, drive: Driver) -> None:
        ids = await drive.submit(3, limits=lanes(a=2))
        assert await drive.states(ids) == [State.READY, State.READY, FULL]
        assert (await drive.run(ids[2])).reason == Reason(ReasonCode.LANE, "a")
        assert (await drive.run(ids[0])).reason is None
        assert named(await drive.claim(await drive.worker(), 9)) == ids[:2]

    @pytest.mark.parametrize("outcome", ENDINGS)
    async def test_whatever_ends_a_run_the_best_who_waits_goes_on_in_the_same_trip(
        self, engine: Engine, drive: Driver, outcome: Outcome
    ) -> None:
        first, second, third = await drive.submit(3, limits=lanes(a=1))
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        assert claim.id == first
        step = await engine.runs.step(worker, [drive.outcome(claim, outcome, worker)], 9, now=drive.now)
        assert named(step.claims) == [second]
        assert await drive.states([third]) == [FULL]

    @pytest.mark.parametrize("outcome", PUT_BACK)
    async def test_a_run_that_waits_holds_no_slot(self, engine: Engine, drive: Driver, outcome: Outcome) -> None:
        first, second = await drive.submit(2, limits=lanes(a=1))
        worker = await drive.worker(lease=HOUR)
        claim = await drive.claim_one(worker)
        step = await engine.runs.step(worker, [drive.outcome(claim, outcome, worker)], 9, now=drive.now)
        assert named(step.claims) == [second]
        drive.now += 2 * MINUTE
        assert await drive.claim(worker, 9) == ()
        assert (await drive.run(first)).state in (State.BLOCKED, State.SCHEDULED)
        await drive.settle(worker, step.claims[0], Succeeded())
        again = await drive.claim(worker, 9)
        assert named(again) == ([] if isinstance(outcome, Waiting) else [first])

    async def test_a_run_that_is_put_back_gives_its_slot_to_who_goes_first(self, engine: Engine, drive: Driver) -> None:
        (first,) = await drive.submit(limits=lanes(a=1))
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        (urgent,) = await drive.submit(limits=lanes(a=1), priority=Priority.HIGH)
        assert await drive.states([urgent]) == [FULL]
        await drive.settle(worker, claim, Released())
        assert await drive.states([first, urgent]) == [FULL, State.READY]
        assert await drive.told(first) == ["run.queued", "run.started", "run.released", "run.blocked"]
        assert (await drive.run(first)).reason == Reason(ReasonCode.LANE, "a")

    async def test_who_was_released_and_still_goes_first_keeps_its_slot(self, drive: Driver) -> None:
        first, second = await drive.submit(2, limits=lanes(a=1))
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), Released())
        assert await drive.states([first, second]) == [State.READY, FULL]
        assert await drive.told(first) == ["run.queued", "run.started", "run.released"]

    async def test_what_a_dead_worker_held_is_free_again(self, engine: Engine, drive: Driver) -> None:
        first, second = await drive.submit(2, limits=lanes(a=1))
        claim = await drive.claim_one(await drive.worker())
        drive.now += 1
        (urgent,) = await drive.submit(limits=lanes(a=1), priority=Priority.CRITICAL)
        drive.now += LEASE
        await drive.sweep()
        assert await drive.states([claim.id, second, urgent]) == [FULL, FULL, State.READY]
        (lane,) = await engine.lanes.get("default", ["a"])
        assert (lane.holders, lane.held, lane.waiting) == ((urgent,), 1, 2)
        assert first == claim.id

    async def test_a_cancel_frees_what_a_ready_run_held_and_takes_a_waiting_one_out(self, drive: Driver) -> None:
        first, second, third = await drive.submit(3, limits=lanes(a=1))
        await drive.engine.runs.cancel("default", [second], now=drive.now)
        assert await drive.states([first, second, third]) == [State.READY, State.CANCELLED, FULL]
        await drive.engine.runs.cancel("default", [first], now=drive.now)
        assert await drive.states([third]) == [State.READY]

    async def test_a_running_runs_slot_is_its_own_until_its_cancel_is_settled(self, drive: Driver) -> None:
        first, second = await drive.submit(2, limits=lanes(a=1))
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.engine.runs.cancel("default", [first], now=drive.now)
        assert await drive.states([second]) == [FULL]
        await drive.settle(worker, claim, BOOM)
        assert await drive.states([first, second]) == [State.CANCELLED, State.READY]

    async def test_a_delayed_run_comes_to_its_lane_when_it_is_due(self, drive: Driver) -> None:
        (holder,) = await drive.submit(limits=lanes(a=1))
        (delayed,) = await drive.submit(limits=lanes(a=1), delay=SECOND)
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        drive.now += SECOND
        assert await drive.claim(worker, 9) == ()
        assert (await drive.run(delayed)).reason == Reason(ReasonCode.LANE, "a")
        await drive.settle(worker, claim, Succeeded())
        assert named(await drive.claim(worker, 9)) == [delayed]
        assert claim.id == holder

    async def test_waiters_go_by_rank_and_then_in_the_order_in_which_they_came(self, drive: Driver) -> None:
        worker = await drive.worker()
        await drive.submit(limits=lanes(a=1))
        claim = await drive.claim_one(worker)
        low, normal, high, other = [
            (await drive.submit(limits=lanes(a=1), priority=priority))[0]
            for priority in (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.NORMAL)
        ]
        order = []
        for _ in range(4):
            await drive.settle(worker, claim, Succeeded())
            claim = await drive.claim_one(worker)
            order.append(claim.id)
        assert order == [high, normal, other, low]

    async def test_domains_have_lanes_of_their_own(self, drive: Driver) -> None:
        ours, theirs = [(await drive.submit(limits=lanes(a=1), domain=domain))[0] for domain in ("ours", "theirs")]
        assert await drive.states([ours], "ours") == [State.READY]
        assert await drive.states([theirs], "theirs") == [State.READY]
        assert await drive.engine.lanes.find("elsewhere") == []

    async def test_workers_on_several_engines_keep_to_one_limit(self, opener: Opener, drive: Driver) -> None:
        ids = await drive.submit(20, limits=lanes(a=3))
        done: list[str] = []
        async with opener() as second:
            other = Driver(second, drive.now)
            hands = [(each, await each.worker()) for each in (drive, other, drive, other)]
            held: list[tuple[Driver, str, Claim]] = []
            while len(done) < len(ids):
                for each, worker in hands:
                    held += [(each, worker, claim) for claim in await each.claim(worker, 2)]
                    assert len(held) <= 3
                each, worker, claim = held.pop(0)
                await each.settle(worker, claim, Succeeded())
                done.append(claim.id)
        assert done == ids

    async def test_one_batch_hands_over_slots_of_every_kind(self, engine: Engine, drive: Driver) -> None:
        alone = await drive.submit(3, limits=lanes(a=1))
        many = await drive.submit(4, limits=lanes(b=2))
        first, both, behind = [
            *await drive.submit(limits=lanes(c=1)),
            *await drive.submit(limits=lanes(c=1, d=1)),
            *await drive.submit(limits=lanes(c=1)),
        ]
        lowered = await drive.submit(2, limits=lanes(e=1))
        worker = await drive.worker()
        claims = await drive.claim(worker, 9)
        assert named(claims) == [alone[0], *many[:2], first, lowered[0]]
        await engine.lanes.set_limit("default", "e", 0, now=drive.now)
        done = [drive.outcome(claim, Succeeded(), worker) for claim in claims]
        step = await engine.runs.step(worker, done, 9, now=drive.now)
        assert named(step.claims) == [alone[1], *many[2:], both]
        assert await drive.states([alone[2], behind, lowered[1]]) == [FULL] * 3
        uses = {use.key: (use.held, use.waiting) for use in await engine.lanes.find("default")}
        assert uses == {"a": (1, 1), "b": (2, 0), "c": (1, 1), "d": (1, 0), "e": (0, 1)}
        assert await engine.lanes.tend(100, now=drive.now) == 0

    async def test_a_flood_through_many_lanes_leaves_nothing_behind(self, engine: Engine, drive: Driver) -> None:
        ids = [id_ for n in range(300) for id_ in await drive.submit(limits=lanes(**{f"key:{n % 20}": 2}))]
        worker = await drive.worker()
        done: list[str] = []
        claims = await drive.claim(worker, 50)
        while claims:
            assert len(claims) <= 40
            told = [drive.outcome(claim, Succeeded(), worker) for claim in claims]
            done += named(claims)
            claims = (await engine.runs.step(worker, told, 50, now=drive.now)).claims
        assert sorted(done) == sorted(ids)
        assert [lane.held + lane.waiting for lane in await engine.lanes.find("default")] == [0] * 20


class TestSeveralLanes:
    async def test_all_or_none(self, engine: Engine, drive: Driver) -> None:
        (holder,) = await drive.submit(limits=lanes(b=1))
        (both,) = await drive.submit(limits=lanes(a=1, b=1))
        (one,) = await drive.submit(limits=lanes(a=1))
        assert await drive.states([holder, both, one]) == [State.READY, FULL, State.READY]
        assert (await drive.run(both)).reason == Reason(ReasonCode.LANE, "b")
        worker = await drive.worker()
        claims = await drive.claim(worker, 9)
        assert named(claims) == [holder, one]
        await drive.settle(worker, claims[0], Succeeded())
        assert (await drive.run(both)).reason == Reason(ReasonCode.LANE, "a")
        await drive.settle(worker, claims[1], Succeeded())
        assert await drive.states([both]) == [State.READY]
        assert [lane.holders for lane in await engine.lanes.find("default")] == [(both,), (both,)]

    async def test_what_waits_for_another_lane_lets_those_behind_it_pass(self, drive: Driver) -> None:
        await drive.submit(limits=lanes(a=1))
        await drive.submit(limits=lanes(b=1))
        (both,) = await drive.submit(limits=lanes(a=1, b=1))
        (behind,) = await drive.submit(limits=lanes(a=1))
        worker = await drive.worker()
        claims = await drive.claim(worker, 9)
        await drive.settle(worker, claims[0], Succeeded())
        assert await drive.states([both, behind]) == [FULL, State.READY]

    async def test_of_two_that_could_pass_the_better_one_does(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(limits=lanes(a=1))
        await drive.submit(limits=lanes(b=1))
        (both,) = await drive.submit(limits=lanes(a=1, b=1))
        (behind,) = await drive.submit(limits=lanes(b=1))
        worker = await drive.worker()
        claims = await drive.claim(worker, 9)
        told = [drive.outcome(claim, Succeeded(), worker) for claim in claims]
        await engine.runs.settle(told, now=drive.now)
        assert await drive.states([both, behind]) == [State.READY, FULL]


class TestPreemption:
    async def test_urgent_work_takes_the_slot_of_what_is_ready(self, engine: Engine, drive: Driver) -> None:
        (first,) = await drive.submit(limits=lanes(a=1, b=1))
        (urgent,) = await drive.submit(limits=lanes(a=1), priority=Priority.HIGH)
        assert await drive.states([first, urgent]) == [FULL, State.READY]
        assert (await drive.run(first)).reason == Reason(ReasonCode.LANE, "a")
        assert await drive.told(first) == ["run.queued", "run.blocked"]
        (behind,) = await drive.submit(limits=lanes(b=1))
        assert await drive.states([behind]) == [State.READY]
        worker = await drive.worker()
        assert named(await drive.claim(worker, 9)) == [urgent, behind]

    async def test_it_never_takes_the_slot_of_what_runs(self, drive: Driver) -> None:
        (first,) = await drive.submit(limits=lanes(a=1))
        await drive.claim_one(await drive.worker())
        (urgent,) = await drive.submit(limits=lanes(a=1), priority=Priority.CRITICAL)
        assert await drive.states([first, urgent]) == [State.RUNNING, FULL]

    async def test_what_lost_its_slot_lets_others_have_its_other_lanes(self, drive: Driver) -> None:
        (first,) = await drive.submit(limits=lanes(a=1, b=1))
        (waiter,) = await drive.submit(limits=lanes(b=1))
        assert await drive.states([first, waiter]) == [State.READY, FULL]
        (urgent,) = await drive.submit(limits=lanes(a=1), priority=Priority.HIGH)
        assert await drive.states([first, waiter, urgent]) == [FULL, State.READY, State.READY]

    async def test_several_in_one_submission_are_let_in_by_rank(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(3, limits=lanes(a=2))
        urgent = await drive.submit(2, limits=lanes(a=2), priority=Priority.HIGH)
        assert await drive.states([*ids, *urgent]) == [FULL, FULL, FULL, State.READY, State.READY]


class TestLimits:
    async def test_a_higher_limit_lets_more_in_at_once(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(5, limits=lanes(a=1))
        assert await engine.lanes.set_limit("default", "a", 3, now=drive.now)
        assert await drive.states(ids) == [State.READY] * 3 + [FULL] * 2
        (lane,) = await engine.lanes.find("default")
        assert (lane.key, lane.declared, lane.by_hand, lane.limit, lane.held, lane.waiting) == ("a", 1, 3, 3, 3, 2)

    async def test_a_lower_limit_holds_back_what_does_not_run_yet(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(4, limits=lanes(a=4))
        worker = await drive.worker()
        running = await drive.claim(worker, 1)
        await engine.lanes.set_limit("default", "a", 2, now=drive.now)
        assert await drive.states(ids) == [State.RUNNING, State.READY, FULL, FULL]
        await engine.lanes.set_limit("default", "a", 0, now=drive.now)
        assert await drive.states(ids) == [State.RUNNING, FULL, FULL, FULL]
        await drive.settle(worker, running[0], Succeeded())
        assert await drive.claim(worker, 9) == ()
        assert await engine.lanes.set_limit("default", "a", None, now=drive.now)
        assert named(await drive.claim(worker, 9)) == ids[1:]

    async def test_a_limit_may_be_set_before_any_job_declares_one(self, engine: Engine, drive: Driver) -> None:
        assert not await engine.lanes.set_limit("default", "a", None, now=drive.now)
        await engine.lanes.set_limit("default", "a", 1, now=drive.now)
        ids = await drive.submit(2, limits=lanes(a=2))
        assert await drive.states(ids) == [State.READY, FULL]
        await engine.lanes.set_limit("default", "a", None, now=drive.now)
        assert await drive.states(ids) == [State.READY, State.READY]

    async def test_one_that_nobody_declares_is_forgotten_when_it_is_taken_back(
        self, engine: Engine, drive: Driver
    ) -> None:
        await engine.lanes.set_limit("default", "a", 1, now=drive.now)
        assert [lane.declared for lane in await engine.lanes.get("default", ["a", "b"])] == [None]
        assert await engine.lanes.set_limit("default", "a", None, now=drive.now)
        assert await engine.lanes.find("default") == []

    async def test_a_saved_definition_changes_its_lanes_at_once(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(3, limits=lanes(**{"job:report": 1}))
        await engine.documents.save(saving(drive.now, limits=lanes(**{"job:report": 2})))
        assert await drive.states(ids) == [State.READY, State.READY, FULL]
        (late,) = await drive.submit(limits=lanes(**{"job:report": 9}))
        assert await drive.states([late]) == [FULL]  # a run that was made before the change says nothing new

    async def test_a_key_has_the_limit_that_the_newest_run_declares(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(3, limits=lanes(**{"key:a": 1}))
        ids += await drive.submit(limits=lanes(**{"key:a": 3}))
        assert await drive.states(ids) == [State.READY] * 3 + [FULL]
        ids += await drive.submit(limits=lanes(**{"key:a": 9}), retry_of=ids[0])
        assert await drive.states(ids) == [State.READY] * 3 + [FULL] * 2

    async def test_the_newest_of_a_submission_is_the_last_even_if_it_says_what_the_first_said(
        self, engine: Engine, drive: Driver
    ) -> None:
        runs = [new_run(drive.now, limits=lanes(**{"key:a": limit})) for limit in (1, 2, 1)]
        await engine.runs.enqueue(runs, now=drive.now)
        assert [lane.limit for lane in await engine.lanes.get("default", ["key:a"])] == [1]

    async def test_lanes_are_listed_by_key(self, engine: Engine, drive: Driver) -> None:
        for key in "cab":
            await drive.submit(limits=lanes(**{key: 1}))
        assert [lane.key for lane in await engine.lanes.find("default")] == ["a", "b", "c"]
        assert [lane.key for lane in await engine.lanes.find("default", after="a", limit=1)] == ["b"]
        assert [lane.key for lane in await engine.lanes.get("default", ["c", "x"])] == ["c"]

    async def test_there_is_nothing_left_for_the_net_to_catch(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(5, limits=lanes(a=2, b=1))
        await drive.submit(5, limits=Limits(lanes=(Lane("c", 1),)))
        assert await engine.lanes.tend(100, now=drive.now) == 0
