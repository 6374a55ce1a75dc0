"""What a schedule that is due does: which slots become runs, which are recorded as skipped. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from treadle.domain.errors import InvalidInput
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.jobs import Job
from treadle.domain.misfires import MisfirePlan
from treadle.domain.runs import NewRun
from treadle.domain.schedules import Schedule, plan
from treadle.domain.slots import SkipReason, slots_skipped
from treadle.domain.submitting import slot_run
from treadle.engines.contract import Firing


def make_firing(schedule: Schedule, job: Job, *, draining: bool, now: Instant, new_id: Callable[[str], str]) -> Firing:
    """The firing of a schedule whose cursor is due. What overlaps is decided upon where it is applied.

    Nothing fires where a run of the job cannot have the schedule's inputs, or where its queue is `draining`: the slots
    are recorded.
    """
    assert schedule.next_at is not None  # noqa: S101 - it is due
    planned = plan(schedule, now)
    events = _missed(schedule, planned, now)
    runs: tuple[NewRun, ...] = ()
    if draining and planned.fire:
        events.append(_skipped(schedule, SkipReason.QUEUE_DRAINING, planned.fire, now))
    elif not draining:
        try:
            runs = tuple(slot_run(schedule, job, slot, now, new_id("run")) for slot in planned.fire)
        except InvalidInput as error:
            events.append(_skipped(schedule, SkipReason.INPUTS, planned.fire, now, message=error.message))
    return Firing(
        schedule_id=schedule.id,
        domain=schedule.domain,
        cursor=schedule.next_at,
        next_at=planned.next,
        last_slot=max((*planned.fire, *planned.skipped), default=None),
        runs=runs,
        late=sum(slot < now - schedule.misfire.grace for slot in planned.fire),
        overlap=schedule.overlap,
        events=tuple(events),
    )


def forsake(schedule: Schedule, now: Instant) -> Firing:
    """The firing of a schedule whose job is gone: it ends, and the slot is recorded."""
    slot = schedule.next_at
    assert slot is not None  # noqa: S101 - it is due
    return Firing(
        schedule_id=schedule.id,
        domain=schedule.domain,
        cursor=slot,
        next_at=None,
        last_slot=slot,
        events=(_skipped(schedule, SkipReason.JOB_MISSING, (slot,), now),),
    )


def _missed(schedule: Schedule, planned: MisfirePlan, now: Instant) -> list[NewEvent]:
    """What is recorded of the slots that the misfire policy passes over."""
    if not planned.skipped_count:
        return []
    counted = {"count": planned.skipped_count, "at_least": planned.at_least}
    return [_skipped(schedule, SkipReason.MISFIRE, planned.skipped, now, **counted)]


def _skipped(schedule: Schedule, reason: SkipReason, slots: Sequence[Instant], now: Instant, **more: Any) -> NewEvent:
    return slots_skipped(schedule.domain, schedule.id, schedule.job_id, reason, slots, at=now, **more)
