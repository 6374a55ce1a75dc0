"""Schedules as they are answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor, moment
from treadle.domain import schedules as domain
from treadle.domain.instants import to_datetime, to_seconds
from treadle.domain.overlap import Overlap
from treadle.domain.schedules import Misfire
from treadle.domain.triggers.clocks import ClockChange
from treadle.domain.wording import Words, when_scheduled
from treadle.services.schedules import Backfilled


class Schedule(Struct, frozen=True, kw_only=True):
    """When a job runs by itself. One of `interval_sec`, `cron` and `at` is set; none of them means once, at once.

    `when` is the same in words. `active` says whether it fires: it and its job are enabled, and nobody has `paused` it.
    `next_at` is its next slot, `last_slot` the newest that was fired or skipped; people read both in `timezone`.
    """

    schedule_id: str
    job_id: str
    source: str
    description: str
    interval_sec: float | None
    cron: str | None
    at: datetime | None
    timezone: Annotated[str, Meta(examples=["Asia/Jakarta"])]
    start_at: datetime | None
    end_at: datetime | None
    when: Words
    active: bool
    paused: bool
    overlap: Overlap
    misfire: Misfire
    next_at: datetime | None
    last_slot: datetime | None


class SchedulePage(Struct, frozen=True, kw_only=True):
    """Schedules by id."""

    items: list[Schedule]
    next_cursor: NextCursor
    has_more: HasMore


class Fire(Struct, frozen=True, kw_only=True):
    """A slot to come. `clock` says what changes of the zone's clock do to it, daylight saving most of all.

    `moved`: the clock jumps over the time that was named, and it fires at the first moment after. `once`: the clock
    shows its time twice, and it fires the first time alone; `twice`: both times. `skipped`: the clock jumps over times
    just before it at which it would have fired. `shifted`: an interval reads otherwise on the clock from here on.
    """

    at: datetime
    clock: list[ClockChange]


class ComingFires(Struct, frozen=True, kw_only=True):
    """The next slots of a schedule, and the zone in which people read them. `next` are their moments alone."""

    schedule_id: str
    timezone: str
    next: list[datetime]
    fires: list[Fire]


class Backfill(Struct, frozen=True, kw_only=True):
    """The slots of a schedule that had no run; `run_ids` are their runs, in the same order, none on a dry run.

    `existing` slots of this time have runs, and `left` have none and were beyond the limit.
    """

    schedule_id: str
    slots: list[datetime]
    run_ids: list[str]
    existing: int
    left: int


def to_fires(fires: Iterable[domain.Fire]) -> list[Fire]:
    """Slots to come as they are answered."""
    return [Fire(at=to_datetime(each.at), clock=list(each.clock)) for each in fires]


def to_backfill(found: Backfilled) -> Backfill:
    """A backfill as it is answered."""
    return Backfill(
        schedule_id=found.schedule.id,
        slots=[to_datetime(slot) for slot in found.slots.wanted],
        run_ids=found.run_ids,
        existing=found.slots.existing,
        left=found.slots.left,
    )


def to_schedule(schedule: domain.Schedule) -> Schedule:
    """A schedule as it is answered."""
    spec = schedule.spec
    return Schedule(
        schedule_id=schedule.id,
        job_id=schedule.job_id,
        source=schedule.source,
        description=spec.description,
        interval_sec=None if spec.every is None else to_seconds(spec.every),
        cron=spec.cron,
        at=moment(spec.at),
        timezone=schedule.timezone,
        start_at=moment(spec.start_at),
        end_at=moment(spec.end_at),
        when=when_scheduled(spec),
        active=schedule.active,
        paused=schedule.paused,
        overlap=schedule.overlap,
        misfire=schedule.misfire,
        next_at=moment(schedule.next_at),
        last_slot=moment(schedule.last_slot),
    )
