"""A schedule's cursor: where it starts, what keeps it, and what is fired of the slots that were missed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from treadle.domain.instants import DAY, HOUR, MINUTE, SECOND, Instant, from_iso
from treadle.domain.jobs import Job, create_job, entry_schedule, job_schedule, parse_job, revise_job
from treadle.domain.overlap import Overlap
from treadle.domain.schedules import Schedule, ScheduleSpec, plan
from treadle.domain.triggers import At, Cron, Interval

NOON = from_iso("2026-11-01T12:00:00Z")


def job_of(*, now: Instant = NOON, schedule: dict[str, Any] | None = None, **document: Any) -> Job:
    spec = parse_job({"job_id": "x", "type": "t", "schedule": schedule} | document)
    return create_job(spec, source="api", now=now)


def first(schedule: dict[str, Any], *, now: Instant = NOON, **document: Any) -> Schedule:
    made = job_schedule(job_of(schedule=schedule, **document), None, now)
    assert made is not None
    return made


def again(old: Schedule, schedule: dict[str, Any], *, now: Instant, **document: Any) -> Schedule:
    made = job_schedule(job_of(schedule=schedule, **document), old, now)
    assert made is not None
    return made


def fired(schedule: Schedule, slot: Instant, following: Instant | None) -> Schedule:
    return structs.replace(schedule, last_slot=slot, next_at=following)


def test_a_job_without_a_schedule_has_none() -> None:
    assert job_schedule(job_of(), None, NOON) is None


def test_an_interval_is_anchored_at_creation() -> None:
    schedule = first({"interval_sec": 90})
    assert schedule.trigger == Interval(every=90 * SECOND, anchor=NOON)
    assert schedule.next_at == NOON + 90 * SECOND


@pytest.mark.parametrize(("start_at", "next_at"), [("12:10", "12:10"), ("11:50", "12:20")])
def test_an_interval_is_anchored_at_its_start(start_at: str, next_at: str) -> None:
    schedule = first({"interval_sec": 1800, "start_at": f"2026-11-01T{start_at}:00Z"})
    assert schedule.next_at == from_iso(f"2026-11-01T{next_at}:00Z")


def test_cron_keeps_its_zone_and_waits_for_its_start() -> None:
    daily = {"cron": "0 9 * * *", "timezone": "Asia/Jakarta"}
    assert first(daily).trigger == Cron("0 9 * * *", "Asia/Jakarta")
    assert first(daily).next_at == from_iso("2026-11-02T02:00:00Z")
    assert first(daily | {"start_at": "2026-11-05T00:00:00Z"}).next_at == from_iso("2026-11-05T02:00:00Z")


def test_nothing_lies_after_the_end() -> None:
    assert first({"interval_sec": 60, "end_at": "2026-11-01T12:01:00Z"}).next_at == NOON + MINUTE
    assert first({"interval_sec": 60, "end_at": "2026-11-01T12:00:59Z"}).next_at is None


@pytest.mark.parametrize(("late", "fires"), [(-HOUR, True), (0, True), (60 * SECOND, True), (60 * SECOND + 1, False)])
def test_one_time_that_has_passed_fires_within_its_grace(late: int, *, fires: bool) -> None:
    schedule = first({"at": "2026-11-01T12:00:00Z"}, now=NOON + late)
    assert schedule.next_at == (NOON if fires else None)


def test_immediately_is_once_and_stays_once() -> None:
    schedule = first({"mode": "immediate"})
    assert (schedule.trigger, schedule.next_at) == (At(NOON), NOON)
    done = fired(schedule, NOON, None)
    assert again(done, {"mode": "immediate"}, now=NOON + SECOND, description="new").next_at is None


def test_the_same_interval_keeps_its_anchor_and_its_missed_slots() -> None:
    old = fired(first({"interval_sec": 60}), NOON + MINUTE, NOON + 2 * MINUTE)
    kept = again(old, {"interval_sec": 60}, now=NOON + HOUR + 7, description="another")
    assert (kept.trigger, kept.next_at, kept.last_slot) == (old.trigger, NOON + 2 * MINUTE, NOON + MINUTE)


def test_a_changed_interval_is_anchored_anew() -> None:
    old = fired(first({"interval_sec": 60}), NOON + MINUTE, NOON + 2 * MINUTE)
    now = NOON + 90 * SECOND
    changed = again(old, {"interval_sec": 30}, now=now)
    assert changed.trigger == Interval(every=30 * SECOND, anchor=now)
    assert changed.next_at == now + 30 * SECOND


def test_a_slot_that_fired_never_comes_back() -> None:
    at = {"at": "2026-11-01T12:00:00Z"}
    old = fired(first(at), NOON, None)
    assert again(old, at, now=NOON + SECOND).next_at is None
    daily = again(old, {"cron": "0 12 * * *"}, now=NOON - SECOND)
    assert daily.next_at == NOON + DAY


def test_a_schedule_that_was_off_fires_nothing_of_the_meantime() -> None:
    every = {"interval_sec": 60}
    on = first(every)
    off = again(on, every, now=NOON + SECOND, enabled=False)
    assert (off.active, off.next_at) == (False, None)
    back = again(off, every, now=NOON + HOUR + SECOND)
    assert (back.trigger, back.next_at) == (on.trigger, NOON + HOUR + MINUTE)
    assert first(every | {"enabled": False}).next_at is None


def test_an_end_that_moves_moves_the_cursor() -> None:
    over = first({"interval_sec": 60, "end_at": "2026-11-01T12:00:30Z"})
    longer = again(over, {"interval_sec": 60, "end_at": "2026-11-01T13:00:00Z"}, now=NOON + 5)
    assert longer.next_at == NOON + MINUTE
    assert again(longer, {"interval_sec": 60, "end_at": "2026-11-01T12:00:30Z"}, now=NOON + 6).next_at is None


def test_several_schedules_of_one_job_keep_their_own_inputs() -> None:
    spec = ScheduleSpec(cron="@daily", inputs={"org": "a"}, description="each night")
    schedule = entry_schedule(job_of(allow_overlap=True), spec, "x~1", "scheduler.yaml:3", None, NOON)
    assert (schedule.id, schedule.source, schedule.overlap) == ("x~1", "scheduler.yaml:3", Overlap.ALLOW)
    assert schedule.spec.inputs == {"org": "a"}


def test_a_plan_stops_at_the_end() -> None:
    schedule = first({"interval_sec": 60, "end_at": "2026-11-01T12:05:30Z"}, misfire={"policy": "all"})
    planned = plan(schedule, NOON + 5 * MINUTE + 40 * SECOND)
    assert planned.fire == tuple(NOON + minute * MINUTE for minute in range(1, 6))
    assert planned.next is None


def test_a_plan_long_after_the_end_fires_the_latest_missed_slot() -> None:
    schedule = first({"interval_sec": 60, "end_at": "2026-11-01T12:05:00Z"})
    planned = plan(schedule, NOON + DAY)
    assert planned.fire == (NOON + 5 * MINUTE,)
    assert planned.skipped_count == 4
    assert planned.next is None


def test_within_the_grace_every_slot_up_to_the_end_is_on_time() -> None:
    schedule = first({"interval_sec": 10, "end_at": "2026-11-01T12:00:30Z"}, misfire={"policy": "skip"})
    assert plan(schedule, NOON + 50 * SECOND).fire == tuple(NOON + 10 * n * SECOND for n in (1, 2, 3))


def test_a_schedule_that_is_off_plans_nothing() -> None:
    planned = plan(first({"interval_sec": 60}, enabled=False), NOON + DAY)
    assert (planned.fire, planned.next) == ((), None)


def test_a_version_is_kept_at_each_change_and_only_then() -> None:
    job = job_of()
    assert revise_job(job, job.spec, source="api", now=NOON + 1) is job
    changed = revise_job(job, parse_job({"job_id": "x", "type": "u"}), source="api", now=NOON + 1)
    assert (changed.version, changed.created_at, changed.updated_at, changed.type) == (2, NOON, NOON + 1, "u")
