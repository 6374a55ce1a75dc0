"""Views of schedules as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor, moment
from treadle.api.schemas.runs import RunId
from treadle.api.schemas.schedules import Fire, Schedule, to_fires, to_schedule
from treadle.api.schemas.stats import Weekday
from treadle.domain import agenda as domain
from treadle.domain.instants import to_datetime
from treadle.domain.runs import Run, State
from treadle.domain.schedules import Standing
from treadle.domain.slots import SkipReason
from treadle.services import schedule_views as services


class ScheduleRun(Struct, frozen=True, kw_only=True):
    """A run of a schedule; `slot` is null where it was triggered by hand."""

    run_id: RunId
    status: State
    slot: datetime | None
    created_at: datetime
    finished_at: datetime | None


class Skipped(Struct, frozen=True, kw_only=True):
    """Slots that got no run, told `at` a moment, and why; `count` of them, or `at_least` so many. The newest are named.

    `misfire`: nothing could fire them in time, and the misfire policy passed them over. `overlap`: a run of an earlier
    slot was not finished. `unique`: another run held the unique key. `job_missing`, `inputs` that the job does not
    take, `queue_draining`.
    """

    at: datetime
    reason: SkipReason
    count: int
    at_least: bool
    slots: list[datetime]
    message: str


class SkippedSlots(Struct, frozen=True, kw_only=True):
    """What a schedule passed over lately, newest first."""

    items: list[Skipped]


class ScheduleOverview(Struct, frozen=True, kw_only=True):
    """A schedule with how it stands, its next five fires, its last runs (of the last 20 of its job), newest first, and
    what it last skipped.

    `overdue`: it should have fired, and no scheduler did it. `disabled`: by its own definition. `over`: it has no slots
    to come.
    """

    schedule: Schedule
    standing: Standing
    fires: list[Fire]
    recent: list[ScheduleRun]
    skipped: Skipped | None


class ScheduleOverviewPage(Struct, frozen=True, kw_only=True):
    """Schedules by id."""

    items: list[ScheduleOverview]
    next_cursor: NextCursor
    has_more: HasMore


class AgendaEntry(Struct, frozen=True, kw_only=True):
    """A fire to come, or the first of `count` on one day, where a schedule fires more than four times."""

    schedule_id: str
    job_id: str
    at: datetime
    count: int


class BusyMinute(Struct, frozen=True, kw_only=True):
    """A minute in which three schedules or more fire; of those that fire more than 24 times a day none is counted."""

    at: datetime
    schedule_ids: list[str]


class AgendaDay(Struct, frozen=True, kw_only=True):
    """A day of the zone, from when it begins."""

    start: datetime
    entries: list[AgendaEntry]
    busy: list[BusyMinute]


class AgendaHour(Struct, frozen=True, kw_only=True):
    """How often schedules fire on a weekday in one hour of the day."""

    weekday: Weekday
    hour: Annotated[int, Meta(ge=0, le=23)]
    fires: int


class Agenda(Struct, frozen=True, kw_only=True):
    """What schedules will do: day by day, with the first 1,000 entries (`left_out` counts those after them), and by the
    hours of a week, Monday's first."""

    timezone: str
    since: datetime
    until: datetime
    days: list[AgendaDay]
    left_out: int
    hours: list[AgendaHour]


def to_overview(seen: services.ScheduleOverview) -> ScheduleOverview:
    """A schedule among others as it is answered."""
    return ScheduleOverview(
        schedule=to_schedule(seen.schedule),
        standing=seen.standing,
        fires=to_fires(seen.fires),
        recent=[_to_run(run) for run in seen.recent],
        skipped=None if seen.skipped is None else to_skipped(seen.skipped),
    )


def to_skipped(skips: services.Skips) -> Skipped:
    """Slots that were passed over as they are answered."""
    return Skipped(
        at=to_datetime(skips.at),
        reason=skips.reason,
        count=skips.count,
        at_least=skips.at_least,
        slots=[datetime.fromisoformat(slot) for slot in skips.slots],
        message=skips.message,
    )


def to_agenda(agenda: services.Agenda, tz: str) -> Agenda:
    """An agenda as it is answered."""
    return Agenda(
        timezone=tz,
        since=to_datetime(agenda.since),
        until=to_datetime(agenda.until),
        days=[_to_day(day) for day in agenda.days],
        left_out=agenda.left_out,
        hours=[AgendaHour(weekday=day, hour=hour, fires=fires) for (day, hour), fires in agenda.hours.items()],
    )


def _to_day(day: domain.AgendaDay) -> AgendaDay:
    return AgendaDay(
        start=to_datetime(day.start),
        entries=[
            AgendaEntry(schedule_id=each.schedule_id, job_id=each.job_id, at=to_datetime(each.at), count=each.count)
            for each in day.entries
        ],
        busy=[BusyMinute(at=to_datetime(each.at), schedule_ids=each.schedule_ids) for each in day.busy],
    )


def _to_run(run: Run) -> ScheduleRun:
    return ScheduleRun(
        run_id=run.id,
        status=run.state,
        slot=moment(run.slot),
        created_at=to_datetime(run.created_at),
        finished_at=moment(run.finished_at),
    )
