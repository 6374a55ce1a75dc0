"""What schedules will do in the days to come: day by day, and by the hours of a week. Counted, not walked: a schedule
that fires every second costs as much as one that fires every hour."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct

from treadle.domain.instants import DAY, HOUR, MINUTE, Instant, Micros
from treadle.domain.schedules import Schedule
from treadle.domain.stats import Bucket, starts, weekday_hour
from treadle.domain.triggers import Cron, Interval, Trigger, fires, next_fire
from treadle.domain.triggers.grammar import calendar_of
from treadle.domain.triggers.zones import span_at

LONGEST: Final[Micros] = 7 * DAY
"""How far it can look."""

MOST_ENTRIES: Final = 1_000
"""Entries of an agenda."""

_APART: Final = 4
"""How many fires of a schedule on one day are entries of their own; more are one."""
_FEW: Final = 24
"""A schedule with more fires on a day takes no part in busy minutes: it makes none busier than the others."""
_BUSY: Final = 3


class Entry(Struct, frozen=True):
    """A fire of a schedule, or `count` of them on one day, the first of which is told."""

    schedule_id: str
    job_id: str
    at: Instant
    count: int


class Busy(Struct, frozen=True):
    """A minute in which several schedules fire."""

    at: Instant
    schedule_ids: list[str]


class AgendaDay(Struct, frozen=True):
    """A day from when it begins, with what happens in it in order of time."""

    start: Instant
    entries: list[Entry]
    busy: list[Busy]


class Outlook(NamedTuple):
    """What one schedule does: its fires by weekday and hour, its entries, and the minutes of the few that it has."""

    hours: dict[tuple[int, int], int]
    entries: list[Entry]
    minutes: set[Instant]


def days_of(since: Instant, until: Instant, tz: str) -> list[Instant]:
    """When the days of a zone begin, from the one that holds `since` on."""
    return starts(Bucket.DAY, since, until, tz)


def outlook(schedule: Schedule, since: Instant, until: Instant, tz: str) -> Outlook:
    """What a schedule does from `since` on and before `until`, by the clock of a zone."""
    found = Outlook({}, [], set())
    if schedule.next_at is None:
        return found
    until = until if schedule.spec.end_at is None else min(until, schedule.spec.end_at + 1)
    edges = [*days_of(since, until, tz), until]
    for start, end in pairwise(edges):
        first, count = max(start, since, schedule.next_at), 0
        for cell, fired in _by_hour(schedule.trigger, first, end, tz):
            found.hours[cell] = found.hours.get(cell, 0) + fired
            count += fired
        if not count:
            continue
        told = list(fires(schedule.trigger, first - 1, end - 1)) if count <= _FEW else []
        found.minutes.update(slot // MINUTE * MINUTE for slot in told)
        opening = next_fire(schedule.trigger, first - 1) or first
        parts = [(slot, 1) for slot in told] if count <= _APART else [(opening, count)]
        found.entries.extend(Entry(schedule.id, schedule.job_id, at, number) for at, number in parts)
    return found


def agenda_days(outlooks: Sequence[tuple[str, Outlook]], edges: Sequence[Instant]) -> list[AgendaDay]:
    """The days that begin at `edges`, with what schedules, by their ids, do in each; `MOST_ENTRIES` in all."""
    entries = sorted((entry for _, each in outlooks for entry in each.entries), key=lambda entry: entry.at)
    minutes: dict[Instant, list[str]] = {}
    for schedule_id, each in outlooks:
        for minute in each.minutes:
            minutes.setdefault(minute, []).append(schedule_id)
    busy = [Busy(minute, named) for minute, named in sorted(minutes.items()) if len(named) >= _BUSY]
    days: list[AgendaDay] = [AgendaDay(start, [], []) for start in edges]

    def day(at: Instant) -> AgendaDay:
        return days[max(bisect_left(edges, at + 1) - 1, 0)]

    for entry in entries[:MOST_ENTRIES]:
        day(entry.at).entries.append(entry)
    for each_busy in busy:
        day(each_busy.at).busy.append(each_busy)
    return days


def left_out(outlooks: Sequence[tuple[str, Outlook]]) -> int:
    """How many entries, the last ones, an agenda of these has no room for."""
    return max(sum(len(each.entries) for _, each in outlooks) - MOST_ENTRIES, 0)


def _by_hour(trigger: Trigger, start: Instant, end: Instant, tz: str) -> Iterator[tuple[tuple[int, int], int]]:
    """How often a trigger fires from `start` on and before `end`, for each hour of a zone's clock in which it does."""
    fire = next_fire(trigger, start - 1)
    while fire is not None and fire < end:
        stop = min(_hour_ends(tz, fire), end)
        yield weekday_hour(fire, tz), count_fires(trigger, fire, stop)
        fire = next_fire(trigger, stop - 1)


def count_fires(trigger: Trigger, start: Instant, end: Instant) -> int:
    """How often a trigger fires from `start` on and before `end`, which are at most an hour apart."""
    if isinstance(trigger, Interval):
        first = next_fire(trigger, start - 1)
        return 0 if first is None or first >= end else (end - 1 - first) // trigger.every + 1
    if isinstance(trigger, Cron):
        count = 0
        while start < end:
            whole = -(-start // MINUTE) * MINUTE
            stop = min(end, _hour_ends(trigger.tz, start))
            stop = stop if whole == start else min(stop, whole)
            count += _of_cron(trigger, start, stop)
            start = stop
        return count
    return sum(1 for _ in fires(trigger, start - 1, end - 1))


def _of_cron(trigger: Cron, start: Instant, end: Instant) -> int:
    """The same within one hour of the zone's clock: where it fires at all, its day and its hour are named."""
    calendar, span = calendar_of(trigger.expr), span_at(trigger.tz, start)
    first, wall = next_fire(trigger, start - 1), start + span.offset
    if first is None or first >= end:
        return 0
    plain = calendar.elapsed or (start > span.start and wall >= span.seen)
    if not plain or start % MINUTE or end % MINUTE:
        return sum(1 for _ in fires(trigger, start - 1, end - 1))
    minute, minutes = wall % HOUR // MINUTE, (end - start) // MINUTE
    named = bisect_left(calendar.minutes, minute + minutes) - bisect_left(calendar.minutes, minute)
    return named * len(calendar.seconds)


def _hour_ends(tz: str, instant: Instant) -> Instant:
    """When the hour of a zone's clock that holds an instant ends, or the clock changes."""
    span = span_at(tz, instant)
    return min(((instant + span.offset) // HOUR + 1) * HOUR - span.offset, span.end)
