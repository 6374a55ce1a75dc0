"""Overlap: what slots do while runs of earlier ones are not finished, decided in the transaction that fires them."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from treadle.domain import json
from treadle.domain.clashes import Unique
from treadle.domain.instants import MINUTE, Instant
from treadle.domain.limits import Limits
from treadle.domain.outcomes import Cancelled, Succeeded
from treadle.domain.overlap import Overlap
from treadle.domain.runs import Run, State
from treadle.domain.schedules import Schedule
from treadle.domain.slots import SLOT_SKIPPED_EVENT
from treadle.engines.contract import Engine, RunQuery
from treadle.testing.driver import Driver, firing, interval_schedule, saving


async def saved(drive: Driver, overlap: Overlap) -> Schedule:
    """A schedule that fires every minute."""
    schedule = interval_schedule(drive.now, every=MINUTE, overlap=overlap)
    await drive.engine.documents.save(saving(drive.now, schedule))
    return schedule


async def fire(drive: Driver, *, late: int = 0) -> None:
    """Let a minute pass and fire what is due."""
    drive.now += MINUTE
    await fire_due(drive, late=late)


async def fire_due(drive: Driver, *, late: int = 0) -> None:
    """Fire what is due now; the first `late` of the slots are caught up with."""
    told = [replace(firing(one, drive.now), late=late) for one in await drive.engine.schedules.due(9, now=drive.now)]
    await drive.engine.schedules.fire(told, now=drive.now)


async def runs(drive: Driver) -> list[Run]:
    """The runs of the schedule by slot."""
    found = await drive.engine.runs.find(RunQuery(domain="default", limit=99))
    return sorted((run for run in found if run.slot is not None), key=lambda run: run.slot or 0)


async def states(drive: Driver) -> list[State]:
    """Their states."""
    return [run.state for run in await runs(drive)]


async def skipped(drive: Driver) -> list[tuple[str, int]]:
    """The reasons and numbers of the slots that were passed over."""
    events = await drive.engine.events.read("default", after=0, limit=99, types=[SLOT_SKIPPED_EVENT])
    told = [json.decode(event.data) for event in events]
    assert all(len(data["slots"]) == data["count"] for data in told)
    return [(data["reason"], data["count"]) for data in told]


class TestOverlap:
    async def test_allow_lets_all_run(self, drive: Driver) -> None:
        await saved(drive, Overlap.ALLOW)
        for _ in range(3):
            await fire(drive)
        assert (await states(drive), await skipped(drive)) == ([State.READY] * 3, [])

    async def test_skip_passes_over_while_one_is_unfinished(self, drive: Driver) -> None:
        await saved(drive, Overlap.SKIP)
        worker = await drive.worker(lease=9 * MINUTE)
        await fire(drive)
        await fire(drive)
        claim = await drive.claim_one(worker)
        assert await skipped(drive) == [("overlap", 1)]
        await drive.settle(worker, claim, Succeeded())
        drive.now += MINUTE
        await fire_due(drive)
        assert await states(drive) == [State.COMPLETED, State.READY]

    async def test_skip_lets_slots_run_together_that_are_caught_up_with(self, drive: Driver) -> None:
        await saved(drive, Overlap.SKIP)
        drive.now += 4 * MINUTE
        await fire_due(drive, late=3)
        assert (await states(drive), await skipped(drive)) == ([State.READY] * 3, [("overlap", 1)])

    async def test_queue_all_leaves_none_out(self, drive: Driver) -> None:
        await saved(drive, Overlap.QUEUE_ALL)
        drive.now += 2 * MINUTE
        await fire_due(drive)
        await fire(drive)
        assert (len(await runs(drive)), await skipped(drive)) == (3, [])

    async def test_queue_one_lets_one_wait(self, drive: Driver) -> None:
        await saved(drive, Overlap.QUEUE_ONE)
        worker = await drive.worker(lease=99 * MINUTE)
        await fire(drive)
        await drive.claim_one(worker)
        await fire(drive)
        await fire(drive)
        assert (len(await runs(drive)), await skipped(drive)) == (2, [("overlap", 1)])

    async def test_replace_lets_the_newest_wait(self, drive: Driver) -> None:
        await saved(drive, Overlap.REPLACE)
        worker = await drive.worker(lease=99 * MINUTE)
        await fire(drive)
        await drive.claim_one(worker)
        await fire(drive)
        drive.now += 2 * MINUTE
        await fire_due(drive)
        first, second, newest = await runs(drive)
        assert (first.state, second.state) == (State.RUNNING, State.CANCELLED)
        assert newest.state not in (State.RUNNING, State.CANCELLED)
        assert second.error is not None
        assert (second.error.code, newest.id in second.error.message) == ("replaced", True)
        assert await skipped(drive) == [("overlap", 1)]

    async def test_cancel_running_ends_what_has_begun_and_what_waits(self, drive: Driver) -> None:
        await saved(drive, Overlap.CANCEL_RUNNING)
        worker = await drive.worker(lease=99 * MINUTE)
        await fire(drive)
        claim = await drive.claim_one(worker)
        await fire(drive)
        await fire(drive)
        first, second, _ = await runs(drive)
        assert first.cancel_requested_at == drive.now - MINUTE
        assert second.state is State.CANCELLED
        step = await drive.engine.runs.step(worker, [drive.outcome(claim, Cancelled(), worker)], 0, now=drive.now)
        assert step.refused == ()
        assert (await states(drive))[:2] == [State.CANCELLED] * 2
        assert await drive.told(claim.id) == ["run.queued", "run.started", "run.cancel_requested", "run.cancelled"]

    async def test_a_slot_whose_unique_key_is_taken_is_recorded(self, drive: Driver) -> None:
        schedule = await saved(drive, Overlap.ALLOW)
        drive.now += 2 * MINUTE
        told = firing(schedule, drive.now)
        limits = Limits(unique=Unique(key="k"))
        keyed = replace(told, runs=tuple(replace(run, limits=limits) for run in told.runs))
        assert await drive.engine.schedules.fire([keyed], now=drive.now) == [True]
        assert (len(await runs(drive)), await skipped(drive)) == (1, [("unique", 1)])

    async def test_of_several_schedulers_one_decides(self, engine: Engine, drive: Driver) -> None:
        await saved(drive, Overlap.REPLACE)
        seen: list[Instant | None] = []
        for _ in range(4):
            drive.now += MINUTE
            due = [await engine.schedules.due(9, now=drive.now) for _ in range(3)]
            seen += [one.next_at for one in due[0]]
            await asyncio.gather(
                *(engine.schedules.fire([firing(one, drive.now) for one in each], now=drive.now) for each in due)
            )
        assert [run.slot for run in await runs(drive)] == seen
        assert await states(drive) == [State.CANCELLED] * 3 + [State.READY]
