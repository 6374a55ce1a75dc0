"""Schedules: each slot fires once, however many schedulers see it due."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from treadle.domain.errors import StaleVersion
from treadle.domain.events import NewEvent
from treadle.domain.instants import MINUTE, SECOND
from treadle.domain.runs import Cause, RunKey, State
from treadle.domain.schedules import Schedule
from treadle.engines.contract import Engine, Firing, RunQuery
from treadle.testing.driver import Driver, firing, interval_schedule, new_run, saving


async def saved(drive: Driver, **fields: object) -> Schedule:
    """A schedule of every minute, kept with its definition."""
    schedule = interval_schedule(drive.now, every=MINUTE, **fields)
    await drive.engine.documents.save(saving(drive.now, schedule, id=schedule.job_id, domain=schedule.domain))
    return schedule


async def slots(drive: Driver) -> list[int]:
    """The slots that have a run, in order."""
    runs = await drive.engine.runs.find(RunQuery(domain="default", limit=1000))
    return sorted(run.slot for run in runs if run.slot is not None)


class TestSchedules:
    async def test_a_schedule_is_read_as_it_was_saved(self, engine: Engine, drive: Driver) -> None:
        schedule = await saved(drive)
        other = await saved(drive, id="sch_other", job_id="job_other")
        await saved(drive, domain="theirs")
        assert await engine.schedules.get("default", [schedule.id, "sch_unknown"]) == [schedule]
        assert await engine.schedules.find("default") == [other, schedule]
        assert await engine.schedules.find("default", job_id="job_other") == [other]

    async def test_schedules_are_due_at_their_cursor_the_longest_due_first(self, engine: Engine, drive: Driver) -> None:
        early = await saved(drive)
        drive.now += SECOND
        late = await saved(drive, id="sch_late", job_id="job_late", domain="theirs")
        await saved(drive, id="sch_off", job_id="job_off", active=False)
        assert await engine.schedules.next_due() == await engine.schedules.next_due("default") == early.next_at
        assert await engine.schedules.next_due("theirs") == late.next_at
        assert await engine.schedules.next_due("nobody") is None
        assert await engine.schedules.due(9, now=drive.now + MINUTE - SECOND - 1) == []
        assert await engine.schedules.due(9, now=drive.now + MINUTE - SECOND) == [early]
        assert await engine.schedules.due(9, now=drive.now + MINUTE) == [early, late]
        assert await engine.schedules.due(1, now=drive.now + MINUTE) == [early]

    async def test_one_that_has_moved_since_it_was_seen_is_not_written_over(
        self, engine: Engine, drive: Driver
    ) -> None:
        seen = await saved(drive)
        event = NewEvent(domain="default", type="schedule.paused", subject=seen.id, at=drive.now)
        paused = replace(seen, active=False, paused=True, next_at=None)
        assert await engine.schedules.replace(seen, paused, [event])
        assert await engine.schedules.get("default", [seen.id]) == [paused]
        assert await engine.schedules.next_due() is None
        assert not await engine.schedules.replace(seen, seen, [event])
        assert await engine.schedules.get("default", [seen.id]) == [paused]
        events = await engine.events.read("default", after=0, limit=9, types=["schedule.paused"])
        assert [each.subject for each in events] == [seen.id]

    async def test_nothing_is_due_where_nothing_is_enabled(self, engine: Engine, drive: Driver) -> None:
        assert await engine.schedules.next_due() is None
        await saved(drive, active=False)
        assert await engine.schedules.next_due() is None
        assert await engine.schedules.due(9, now=drive.now + MINUTE) == []

    async def test_firing_moves_the_cursor_submits_and_records(self, engine: Engine, drive: Driver) -> None:
        schedule = await saved(drive)
        drive.now += MINUTE
        event = NewEvent(domain="default", type="schedule.skipped", subject=schedule.id, at=drive.now)
        told = replace(firing(schedule, drive.now), events=(event,))
        assert await engine.schedules.fire([told], now=drive.now) == [True]
        (run,) = await engine.runs.find(RunQuery(domain="default", limit=9))
        assert (run.cause, run.schedule_id, run.slot) == (Cause.SCHEDULE, schedule.id, schedule.next_at)
        assert await drive.told(run.id) == ["run.queued"]
        (moved,) = await engine.schedules.get("default", [schedule.id])
        assert (moved.next_at, moved.last_slot) == (drive.now + MINUTE, schedule.next_at)
        (recorded,) = await engine.events.read("default", after=0, limit=9, types=["schedule."])
        assert (recorded.subject, recorded.n) == (schedule.id, 0)

    async def test_a_second_firing_of_the_same_slot_does_nothing(self, engine: Engine, drive: Driver) -> None:
        schedule = await saved(drive)
        drive.now += MINUTE
        same = [firing(schedule, drive.now) for _ in range(2)]
        assert await engine.schedules.fire(same, now=drive.now) == [True, False]
        assert await engine.schedules.fire([firing(schedule, drive.now)], now=drive.now) == [False]
        assert await slots(drive) == [schedule.next_at]

    async def test_one_stale_firing_holds_up_no_other(self, engine: Engine, drive: Driver) -> None:
        first = await saved(drive)
        second = await saved(drive, id="sch_2", job_id="job_2")
        drive.now += MINUTE
        stale = replace(firing(first, drive.now), cursor=drive.now + 1)
        unknown = replace(firing(first, drive.now), schedule_id="sch_unknown")
        answer = await engine.schedules.fire([stale, unknown, firing(second, drive.now)], now=drive.now)
        assert answer == [False, False, True]
        assert await engine.schedules.due(9, now=drive.now) == [first]

    async def test_a_disabled_schedule_does_not_fire(self, engine: Engine, drive: Driver) -> None:
        schedule = await saved(drive)
        off = replace(schedule, active=False)
        await engine.documents.save(saving(drive.now, off, replaces=(schedule,)))
        drive.now += MINUTE
        assert await engine.schedules.fire([firing(schedule, drive.now)], now=drive.now) == [False]

    async def test_a_schedule_may_come_to_its_end(self, engine: Engine, drive: Driver) -> None:
        schedule = await saved(drive)
        drive.now += MINUTE
        last = replace(firing(schedule, drive.now), next_at=None)
        assert await engine.schedules.fire([last], now=drive.now) == [True]
        assert await engine.schedules.next_due() is None
        assert await engine.schedules.due(9, now=drive.now + MINUTE) == []

    async def test_passing_slots_over_keeps_the_last_one(self, engine: Engine, drive: Driver) -> None:
        schedule = await saved(drive)
        assert schedule.next_at is not None
        passed = Firing(
            schedule_id=schedule.id,
            domain="default",
            cursor=schedule.next_at,
            next_at=schedule.next_at + MINUTE,
            last_slot=None,
        )
        drive.now += MINUTE
        assert await engine.schedules.fire([passed], now=drive.now) == [True]
        (moved,) = await engine.schedules.get("default", [schedule.id])
        assert (moved.next_at, moved.last_slot) == (schedule.next_at + MINUTE, None)

    async def test_a_run_with_a_key_that_stands_does_not_hold_up_its_slot(self, engine: Engine, drive: Driver) -> None:
        schedule = await saved(drive)
        key = RunKey("job_report", "k", "a", drive.now + 2 * MINUTE)
        await engine.runs.enqueue([new_run(drive.now, key=key)], now=drive.now)
        drive.now += MINUTE
        told = firing(schedule, drive.now)
        keyed = replace(told, runs=tuple(replace(run, key=key) for run in told.runs))
        assert await engine.schedules.fire([keyed], now=drive.now) == [True]
        assert await engine.runs.counts("default") == {State.READY: 1}

    async def test_several_schedulers_fire_each_slot_once(self, engine: Engine, drive: Driver) -> None:
        await saved(drive)
        start = drive.now
        for minute in range(1, 6):
            drive.now = start + minute * MINUTE
            seen = [await engine.schedules.due(9, now=drive.now) for _ in range(3)]
            answers = await asyncio.gather(
                *(engine.schedules.fire([firing(one, drive.now) for one in due], now=drive.now) for due in seen)
            )
            assert sorted(answer for (answer,) in answers) == [False, False, True]
        assert await slots(drive) == [start + minute * MINUTE for minute in range(1, 6)]

    async def test_a_schedule_that_fired_since_it_was_seen_is_not_written_over(
        self, engine: Engine, drive: Driver
    ) -> None:
        seen = await saved(drive)
        drive.now += MINUTE
        await engine.schedules.fire([firing(seen, drive.now)], now=drive.now)
        (moved,) = await engine.schedules.get("default", [seen.id])
        with pytest.raises(StaleVersion):
            await engine.documents.save(saving(drive.now, seen, replaces=(seen,), body=b"new"))
        assert await engine.schedules.get("default", [seen.id]) == [moved]
        (document,) = await engine.documents.find("default", "job")
        assert (document.version, document.body) == (1, b"{}")

    async def test_a_schedule_that_came_up_unseen_is_not_written_over(self, engine: Engine, drive: Driver) -> None:
        blind = interval_schedule(drive.now, every=MINUTE)
        schedule = await saved(drive)
        drive.now += MINUTE
        await engine.schedules.fire([firing(schedule, drive.now)], now=drive.now)
        with pytest.raises(StaleVersion):
            await engine.documents.save(saving(drive.now, blind))
        assert await slots(drive) == [schedule.next_at]
        assert await engine.schedules.due(9, now=drive.now) == []
