"""Schedules: when a job runs by itself, and the cursor that says which slot comes next."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, structs

from treadle.domain.instants import MINUTE, Instant, Micros, from_seconds
from treadle.domain.misfires import MisfirePlan, MisfirePolicy, plan_misfires
from treadle.domain.overlap import Overlap
from treadle.domain.revisions import revision
from treadle.domain.triggers import At, Interval, Trigger, fires, next_fire, parse_cron
from treadle.domain.triggers.clocks import ClockChange, clock_changes

DEFAULT_TIMEZONE: Final = "UTC"

OVERDUE: Final[Micros] = MINUTE
"""How late a schedule may be before somebody should look why."""


class Misfire(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What becomes of slots that came due while nothing could fire them.

    A slot at most `grace_sec` late fires normally. Of later ones `skip` fires none, `one` the latest, `all` the newest
    `cap`; the rest are recorded as skipped.
    """

    policy: MisfirePolicy = "one"
    grace_sec: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    cap: Annotated[int, Meta(ge=1, le=1_000)] = 100

    @property
    def grace(self) -> Micros:
        """How late a slot may fire normally."""
        return from_seconds(self.grace_sec)


class ScheduleSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a job runs, as it was asked for.

    One of `every`, `cron` and `at` is set; none of them means once, as soon as the schedule is known. `start_at` and
    `end_at` are the first and the last moment at which a slot may lie; an interval is anchored at `start_at`, else at
    the schedule's creation. `inputs` go over the job's own.
    """

    every: Micros | None = None
    cron: str | None = None
    at: Instant | None = None
    timezone: str = DEFAULT_TIMEZONE
    start_at: Instant | None = None
    end_at: Instant | None = None
    enabled: bool = True
    inputs: dict[str, Any] = {}
    description: str = ""

    def trigger(self, now: Instant) -> Trigger:
        """The trigger of a schedule that is created at `now`."""
        if self.every is not None:
            return Interval(every=self.every, anchor=now if self.start_at is None else self.start_at)
        if self.cron is not None:
            return parse_cron(self.cron, self.timezone)
        return At(at=now if self.at is None else self.at)

    def times_as(self, other: ScheduleSpec) -> bool:
        """Whether both name the same slots, so that a cursor of one is good for the other."""
        return _times(self) == _times(other)


class Schedule(Struct, frozen=True, kw_only=True):
    """A schedule of a job as it is kept. Its identity, with a slot, is what fires exactly once.

    `paused` was said by hand, and outlives what its source says anew. `trigger` is the spec's, with its anchor.
    `next_at` is the cursor: the next slot to fire, None where nothing fires (disabled, paused, or over). `last_slot` is
    the newest slot that was fired or skipped.
    """

    id: str
    domain: str
    job_id: str
    source: str
    spec: ScheduleSpec
    active: bool
    paused: bool = False
    overlap: Overlap
    misfire: Misfire
    trigger: Trigger
    next_at: Instant | None = None
    last_slot: Instant | None = None

    @property
    def timezone(self) -> str:
        """The zone in which people read its times."""
        return self.spec.timezone

    @property
    def revision(self) -> str:
        """What tells whether it says something else than when it was read; to fire changes nothing of that."""
        return revision(self.spec, self.paused)


class Standing(StrEnum):
    """Whether a schedule fires, and if not, why.

    `overdue`: it should have fired, and no scheduler did it. `paused` by hand; `disabled` by its own definition, or
    `job_disabled`; `over`: it has no slots to come.
    """

    ACTIVE = "active"
    OVERDUE = "overdue"
    PAUSED = "paused"
    DISABLED = "disabled"
    JOB_DISABLED = "job_disabled"
    OVER = "over"


class Fire(Struct, frozen=True):
    """A slot to come, and what changes of its zone's clock do to it."""

    at: Instant
    clock: tuple[ClockChange, ...]


def standing(schedule: Schedule, now: Instant) -> Standing:
    """Whether a schedule fires at `now`, and if not, why."""
    if schedule.paused:
        return Standing.PAUSED
    if not schedule.active:
        return Standing.JOB_DISABLED if schedule.spec.enabled else Standing.DISABLED
    if schedule.next_at is None:
        return Standing.OVER
    return Standing.OVERDUE if schedule.next_at < now - OVERDUE else Standing.ACTIVE


def start(schedule: Schedule, now: Instant) -> Schedule:
    """The schedule with its cursor on the first slot to fire from `now` on, and never on one that was fired before.

    A single time that has passed still fires within its grace.
    """
    if not schedule.active:
        return structs.replace(schedule, next_at=None)
    after = now - schedule.misfire.grace - 1 if isinstance(schedule.trigger, At) else now
    if schedule.spec.start_at is not None:
        after = max(after, schedule.spec.start_at - 1)
    if schedule.last_slot is not None:
        after = max(after, schedule.last_slot)
    return structs.replace(schedule, next_at=_within(schedule, next_fire(schedule.trigger, after)))


def plan(schedule: Schedule, now: Instant) -> MisfirePlan:
    """What to fire and what to record of an active schedule whose cursor is due at `now`."""
    if schedule.next_at is None:
        return MisfirePlan(fire=(), skipped=(), skipped_count=0, at_least=False, next=None)
    misfire, end_at = schedule.misfire, schedule.spec.end_at
    until = now if end_at is None else min(now, end_at)
    # Looking back from the schedule's end instead of from now, the grace is shorter by what has passed since; once it
    # is used up, every slot up to the end was missed.
    grace = max(misfire.grace - (now - until), -1)
    planned = plan_misfires(schedule.trigger, schedule.next_at, until, misfire.policy, grace, misfire.cap)
    return structs.replace(planned, next=_within(schedule, planned.next))


def coming(schedule: Schedule, count: int, now: Instant, after: Instant | None = None) -> list[Fire]:
    """The next slots of a schedule, at most `count`: from its cursor on, or those of them beyond `after`."""
    if schedule.next_at is None:
        return []
    first = schedule.next_at if after is None else max(schedule.next_at, after + 1)
    before = min(max(now if after is None else after, (schedule.spec.start_at or 0) - 1), first - 1)
    found = []
    for slot in islice(fires(schedule.trigger, first - 1, schedule.spec.end_at), count):
        found.append(Fire(slot, tuple(clock_changes(schedule.trigger, schedule.timezone, before, slot))))
        before = slot
    return found


def reschedule(old: Schedule | None, new: Schedule, now: Instant) -> Schedule:
    """`new` in the place of `old`: the anchor and the cursor are kept while both name the same slots.

    So a changed interval is anchored anew, and one that was switched off and on again fires nothing of the meantime.
    """
    if old is None:
        return start(new, now)
    new = structs.replace(new, last_slot=old.last_slot)
    if not new.spec.times_as(old.spec):
        return start(new, now)
    new = structs.replace(new, trigger=old.trigger)
    cursor = _within(new, old.next_at) if new.active else None
    return start(new, now) if cursor is None else structs.replace(new, next_at=cursor)


def _within(schedule: Schedule, slot: Instant | None) -> Instant | None:
    end_at = schedule.spec.end_at
    return None if slot is None or (end_at is not None and slot > end_at) else slot


def _times(spec: ScheduleSpec) -> tuple[object, ...]:
    return spec.every, spec.cron, spec.cron and spec.timezone, spec.at, spec.start_at
