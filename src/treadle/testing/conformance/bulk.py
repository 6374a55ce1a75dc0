"""Selections are frozen, and what is done to them is done to each run once, however many do it."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import structs

from treadle.domain.bulk_actions import Act, BulkAction, BulkStep, Left, Tally, WhyLeft, plan_step
from treadle.domain.clashes import Unique
from treadle.domain.filters import RunsWanted
from treadle.domain.instants import HOUR, MINUTE, SECOND
from treadle.domain.limits import Limits
from treadle.domain.outcomes import Succeeded
from treadle.domain.queues import QueueState
from treadle.domain.runs import RunKey, State
from treadle.domain.selections import KEPT, PART, Selection, select, split
from treadle.engines.contract import Accepted, Admission, Engine, RunQuery
from treadle.testing.conformance.letters import dead, fail
from treadle.testing.driver import Driver, new_id


def selection_of(drive: Driver, run_ids: list[str], domain: str = "default") -> Selection:
    """The selection of runs, newest first."""
    wanted = RunsWanted(status=(State.FAILED,), where=("customer.id=1",))
    return select(run_ids, selection_id=new_id("sel"), domain=domain, wanted=wanted, by="ann", now=drive.now)


async def begin(engine: Engine, drive: Driver, act: Act, run_ids: list[str], **fields: Any) -> BulkAction:
    """An action on runs, in their order."""
    selection = selection_of(drive, run_ids[::-1])
    await engine.selections.freeze(selection, split(run_ids[::-1]))
    standard: dict[str, Any] = {"spread": 0, "why": "", "by": "ann", "total": len(run_ids), "created_at": drive.now}
    action = BulkAction(id=new_id("blk"), domain="default", selection_id=selection.id, act=act, **standard | fields)
    await engine.bulk_actions.begin(action)
    return action


async def step_of(engine: Engine, drive: Driver, action: BulkAction) -> BulkStep:
    """What an action is to do next."""
    ids = await engine.selections.part(action.selection_id, action.position)
    runs = await engine.runs.get(action.domain, ids)
    return plan_step(action, ids, runs, now=drive.now, new_id=new_id)


async def carry_out(engine: Engine, drive: Driver, action: BulkAction) -> BulkAction:
    """An action to its end; it foresees each part as it then becomes."""
    while action.finished_at is None:
        step = await step_of(engine, drive, action)
        foreseen = await engine.bulk_actions.foresee(step, now=drive.now)
        assert await engine.bulk_actions.advance(step, now=drive.now)
        assert not await engine.bulk_actions.advance(step, now=drive.now)
        moved = await engine.bulk_actions.get(action.domain, action.id)
        assert moved is not None
        assert moved.tally == action.tally + foreseen
        action = moved
    return action


class TestSelections:
    async def test_what_was_frozen_is_read_as_it_was_a_part_at_a_time(self, engine: Engine, drive: Driver) -> None:
        ids = [f"run_{number:05}" for number in range(2 * PART + 1)]
        selection = selection_of(drive, ids[::-1])
        answer = await engine.selections.freeze(selection, split(ids[::-1]))
        assert answer == Accepted(selection.id, Admission.CREATED)
        assert await engine.selections.get("default", selection.id) == selection
        assert (selection.count, selection.parts, selection.sample[0]) == (2 * PART + 1, 3, ids[-1])
        parts = [await engine.selections.part(selection.id, number) for number in range(4)]
        assert [run_id for part in parts for run_id in part] == ids
        assert await engine.selections.get("theirs", selection.id) is None

    async def test_none_may_be_selected(self, engine: Engine, drive: Driver) -> None:
        selection = selection_of(drive, [])
        await engine.selections.freeze(selection, split([]))
        assert await engine.selections.get("default", selection.id) == selection
        action = await begin(engine, drive, Act.RETRY, [])
        assert (await carry_out(engine, drive, action)).tally == Tally()

    async def test_a_key_names_the_first(self, engine: Engine, drive: Driver) -> None:
        first, second = selection_of(drive, ["run_1"]), selection_of(drive, ["run_2"])
        key = RunKey("selection", "k", "body", drive.now + MINUTE)
        await engine.selections.freeze(first, [["run_1"]], key=key)
        assert await engine.selections.freeze(second, [["run_2"]], key=key) == Accepted(first.id, Admission.EXISTING)
        other = structs.replace(key, body_hash="another")
        assert (await engine.selections.freeze(second, [], key=other)).admission is Admission.KEY_REUSED
        assert await engine.selections.get("default", second.id) is None

    async def test_one_goes_after_its_end_unless_an_action_works_on_it(self, engine: Engine, drive: Driver) -> None:
        ids = [f"run_{number:05}" for number in range(3 * PART)]
        selection = selection_of(drive, ids)
        await engine.selections.freeze(selection, split(ids))
        action = await begin(engine, drive, Act.CANCEL, ["run_1"])
        end = drive.now + KEPT
        assert await engine.selections.prune(end, 99) == 0
        assert await engine.selections.prune(end + SECOND, 2) == 2
        assert await engine.selections.prune(end + SECOND, 9) == 2
        assert await engine.selections.get("default", selection.id) is None
        assert await engine.selections.part(action.selection_id, 0) == ["run_1"]
        await carry_out(engine, drive, action)
        assert await engine.selections.prune(end + SECOND, 9) == 2


class TestBulkActions:
    async def test_a_retry_resolves_dead_letters_and_leaves_what_cannot_be(self, engine: Engine, drive: Driver) -> None:
        first, second, resolved = [await fail(drive) for _ in range(3)]
        await engine.dead_letters.discard("default", [resolved], by="bob", now=drive.now)
        (done,) = await drive.submit()
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        (ready,) = await drive.submit()
        theirs = await fail(drive, domain="theirs")
        chosen = [first, second, resolved, done, ready, theirs, "run_unknown"]
        action = await carry_out(engine, drive, await begin(engine, drive, Act.RETRY, chosen))
        assert action.finished_at == drive.now
        assert action.tally == Tally(
            {State.FAILED: 2, State.COMPLETED: 1},
            {
                WhyLeft.LETTER_RESOLVED: Left(1, (resolved,)),
                WhyLeft.NOT_FINISHED: Left(1, (ready,)),
                WhyLeft.GONE: Left(2, (theirs, "run_unknown")),
            },
        )
        assert (action.tally.skipped, action.tally.failed) == (4, 0)
        assert await dead(engine) == []
        assert await dead(engine, domain="theirs") == [theirs]
        assert sum((await engine.runs.counts("default")).values()) == 4

    async def test_what_is_refused_has_failed(self, engine: Engine, drive: Driver) -> None:
        limits = Limits(unique=Unique(key="job/k"))
        draining = await fail(drive, queue="slow")
        unique = await fail(drive, limits=limits)
        (standing,) = await drive.submit(limits=limits)
        await engine.queues.switch("default", "slow", QueueState.DRAINING, now=drive.now)
        action = await carry_out(engine, drive, await begin(engine, drive, Act.RETRY, [draining, unique]))
        left = {WhyLeft.QUEUE_DRAINING: Left(1, (draining,)), WhyLeft.DUPLICATE: Left(1, (unique,))}
        assert action.tally == Tally({}, left)
        assert (action.tally.skipped, action.tally.failed) == (0, 2)
        assert await dead(engine) == sorted([draining, unique], reverse=True)
        assert await engine.runs.counts("default") == {State.READY: 1}
        assert await drive.states([standing]) == [State.READY]

    async def test_retries_are_spread_in_their_order(self, engine: Engine, drive: Driver) -> None:
        ids = [await fail(drive) for _ in range(4)]
        drive.now += SECOND
        await carry_out(engine, drive, await begin(engine, drive, Act.RETRY, ids, spread=HOUR))
        retries = await engine.runs.find(RunQuery(domain="default", limit=9, states=(State.READY, State.SCHEDULED)))
        due = {run.retry_of: (run.due_at - drive.now) // MINUTE for run in retries}
        assert due == dict(zip(ids, (0, 15, 30, 45), strict=True))

    async def test_a_cancel_ends_what_waits_and_tells_what_runs(self, engine: Engine, drive: Driver) -> None:
        failed = await fail(drive)
        (running,) = await drive.submit()
        worker = await drive.worker()
        await drive.claim_one(worker)
        (asked,) = await drive.submit()
        await drive.claim_one(worker)
        await engine.runs.cancel("default", [asked], now=drive.now)
        (ready,) = await drive.submit()
        chosen = [failed, running, asked, ready, "run_unknown"]
        action = await carry_out(engine, drive, await begin(engine, drive, Act.CANCEL, chosen))
        assert action.tally.acted == {State.RUNNING: 1, State.READY: 1}
        assert {reason: left.sample for reason, left in action.tally.left.items()} == {
            WhyLeft.FINISHED: (failed,),
            WhyLeft.CANCEL_REQUESTED: (asked,),
            WhyLeft.GONE: ("run_unknown",),
        }
        assert await drive.states([running, ready]) == [State.RUNNING, State.CANCELLED]
        assert (await drive.run(running)).cancel_requested_at == drive.now

    async def test_what_has_ended_since_it_was_looked_at_is_left(self, engine: Engine, drive: Driver) -> None:
        letter = await fail(drive)
        step = await step_of(engine, drive, await begin(engine, drive, Act.DISCARD, [letter]))
        await engine.dead_letters.discard("default", [letter], by="bob", now=drive.now)
        left = Tally({}, {WhyLeft.LETTER_RESOLVED: Left(1, (letter,))})
        assert await engine.bulk_actions.foresee(step, now=drive.now) == left
        (run_id,) = await drive.submit()
        step = await step_of(engine, drive, await begin(engine, drive, Act.CANCEL, [run_id]))
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        left = Tally({}, {WhyLeft.FINISHED: Left(1, (run_id,))})
        assert await engine.bulk_actions.foresee(step, now=drive.now) == left

    async def test_a_discard_says_who_and_why(self, engine: Engine, drive: Driver) -> None:
        failed = await fail(drive)
        (ready,) = await drive.submit()
        action = await carry_out(engine, drive, await begin(engine, drive, Act.DISCARD, [failed, ready], why="old"))
        assert action.tally == Tally({State.FAILED: 1}, {WhyLeft.NO_DEAD_LETTER: Left(1, (ready,))})
        resolution = (await drive.run(failed)).resolution
        assert resolution is not None
        assert (resolution.by, resolution.why) == ("ann", "old")

    async def test_nothing_is_done_twice_however_many_do_it(self, engine: Engine, drive: Driver) -> None:
        failed, waiting = await fail(drive), await drive.submit(PART)
        action = await begin(engine, drive, Act.RETRY, [failed, *waiting])
        steps = [await step_of(engine, drive, action) for _ in range(4)]
        answers = await asyncio.gather(*(engine.bulk_actions.advance(step, now=drive.now) for step in steps))
        assert sorted(answers) == [False, False, False, True]
        (half,) = await engine.bulk_actions.unfinished(9)
        assert (half.position, half.tally.done, half.tally.skipped) == (1, 1, PART - 1)

    async def test_many_are_done_a_part_at_a_time_and_the_end_is_told(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(PART + 1)
        action = await begin(engine, drive, Act.CANCEL, ids)
        assert await engine.bulk_actions.unfinished(9) == [action]
        assert await engine.bulk_actions.advance(await step_of(engine, drive, action), now=drive.now)
        (half,) = await engine.bulk_actions.unfinished(9)
        assert (half.position, half.tally.done, half.finished_at) == (1, PART, None)
        ended = await carry_out(engine, drive, half)
        assert (ended.tally, ended.finished_at) == (Tally({State.READY: PART + 1}), drive.now)
        assert await engine.bulk_actions.unfinished(9) == []
        (event,) = await engine.events.read("default", after=0, limit=9, types=["bulk_action."])
        assert (event.type, event.subject) == ("bulk_action.finished", action.id)

    async def test_they_are_listed_newest_first_by_domain_and_go_in_the_end(
        self, engine: Engine, drive: Driver
    ) -> None:
        first = await begin(engine, drive, Act.CANCEL, [])
        second = await begin(engine, drive, Act.CANCEL, [])
        assert await engine.bulk_actions.find("default") == [second, first]
        assert await engine.bulk_actions.find("default", before=second.id) == [first]
        assert await engine.bulk_actions.find("default", limit=1) == [second]
        assert await engine.bulk_actions.find("theirs") == []
        assert await engine.bulk_actions.get("theirs", first.id) is None
        await carry_out(engine, drive, first)
        assert await engine.bulk_actions.prune(drive.now, 9) == 0
        assert await engine.bulk_actions.prune(drive.now + 1, 9) == 1
        assert await engine.bulk_actions.find("default") == [second]

    async def test_a_key_names_the_first(self, engine: Engine, drive: Driver) -> None:
        first = await begin(engine, drive, Act.CANCEL, [])
        key = RunKey("bulk", "k", "body", drive.now + MINUTE)
        second, third = (structs.replace(first, id=new_id("blk")) for _ in range(2))
        await engine.bulk_actions.begin(second, key=key)
        assert await engine.bulk_actions.begin(third, key=key) == Accepted(second.id, Admission.EXISTING)
        other = structs.replace(key, body_hash="another")
        assert (await engine.bulk_actions.begin(third, key=other)).admission is Admission.KEY_REUSED
        assert await engine.bulk_actions.get("default", third.id) is None
