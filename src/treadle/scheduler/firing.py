"""What a schedule that is due does: which slots become runs, which are recorded as skipped. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant, to_iso
from treadle.domain.jobs import Job
from treadle.domain.json import encode
from treadle.domain.misfires import MisfirePlan
from treadle.domain.runs import Cause
from treadle.domain.schedules import Schedule, plan
from treadle.domain.submitting import build_run
from treadle.engines.contract import Firing

SLOT_SKIPPED_EVENT: Final = "schedule.slot_skipped"
MOST_LISTED: Final = 100
"""Skipped slots named in one event, the newest; all are counted."""


def make_firing(
    schedule: Schedule, job: Job, *, busy: bool, draining: bool, now: Instant, new_id: Callable[[str], str]
) -> Firing:
    """The firing of a schedule whose cursor is due. `busy` says that an earlier slot's run is not finished, `draining`
    that the job's queue takes no runs: then every slot is skipped.

    Without `allow_overlap` a slot is skipped while an earlier one's run is unfinished. What the misfire policy `all`
    catches up is exempt: these slots are wanted although their time has passed, so they are submitted together.
    """
    assert schedule.next_at is not None  # noqa: S101 - it is due
    planned = plan(schedule, now)
    slots, overlapping = planned.fire, planned.fire[:0]
    refused = planned.fire if draining else ()
    if draining:
        slots = ()
    elif not schedule.allow_overlap:
        slots, overlapping = _without_overlap(schedule, planned, busy=busy, now=now)
    events = []
    if planned.skipped_count:
        events.append(
            _skipped(schedule, "misfire", planned.skipped, planned.skipped_count, now, at_least=planned.at_least)
        )
    if overlapping:
        events.append(_skipped(schedule, "overlap", overlapping, len(overlapping), now))
    if refused:
        events.append(_skipped(schedule, "queue_draining", refused, len(refused), now))
    return Firing(
        schedule_id=schedule.id,
        domain=schedule.domain,
        cursor=schedule.next_at,
        next_at=planned.next,
        last_slot=max((*planned.fire, *planned.skipped), default=None),
        runs=tuple(
            build_run(
                job,
                run_id=new_id("run"),
                inputs=schedule.spec.inputs,
                cause=Cause.SCHEDULE,
                schedule_id=schedule.id,
                slot=slot,
                now=now,
            )
            for slot in slots
        ),
        events=tuple(events),
    )


def forsake(schedule: Schedule, now: Instant) -> Firing:
    """The firing of a schedule whose job is gone: it ends, and the slot is recorded."""
    assert schedule.next_at is not None  # noqa: S101 - it is due
    return Firing(
        schedule_id=schedule.id,
        domain=schedule.domain,
        cursor=schedule.next_at,
        next_at=None,
        last_slot=schedule.next_at,
        events=(_skipped(schedule, "job_missing", (schedule.next_at,), 1, now),),
    )


def _without_overlap(
    schedule: Schedule, planned: MisfirePlan, *, busy: bool, now: Instant
) -> tuple[tuple[Instant, ...], tuple[Instant, ...]]:
    """Of the slots to fire, those that do and those that would overlap an earlier one's run."""
    if busy:
        return (), planned.fire
    late = sum(slot < now - schedule.misfire.grace for slot in planned.fire)
    kept = max(late, 1)
    return planned.fire[:kept], planned.fire[kept:]


def _skipped(
    schedule: Schedule, reason: str, slots: Sequence[Instant], count: int, now: Instant, *, at_least: bool = False
) -> NewEvent:
    data = {
        "reason": reason,
        "count": count,
        "at_least": at_least,
        "slots": [to_iso(slot) for slot in slots[-MOST_LISTED:]],
    }
    return NewEvent(
        domain=schedule.domain,
        type=SLOT_SKIPPED_EVENT,
        subject=schedule.id,
        job_id=schedule.job_id,
        at=now,
        data=encode(data),
    )
