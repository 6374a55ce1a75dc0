"""What changes of a zone's clock do to fires, so that nobody is surprised by a job at night."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from treadle.domain.instants import SECOND, Instant
from treadle.domain.triggers.calendars import Calendar
from treadle.domain.triggers.grammar import calendar_of
from treadle.domain.triggers.records import At, Cron, Trigger
from treadle.domain.triggers.zones import Span, span_at


class ClockChange(StrEnum):
    """What a change of the clock does to a fire.

    `moved`: the clock jumps over the time that was named, and it fires at the first moment after. `once`: the clock
    shows this time twice, and it fires the first time. `twice`: it fires both times. `skipped`: before it, the clock
    jumps over times at which it would have fired. `shifted`: since the fire before it, an interval reads otherwise on
    the clock.
    """

    MOVED = "moved"
    ONCE = "once"
    TWICE = "twice"
    SKIPPED = "skipped"
    SHIFTED = "shifted"


def clock_changes(trigger: Trigger, tz: str, before: Instant, fire: Instant) -> list[ClockChange]:
    """What the clock of a zone does to a fire of a trigger; `before` is the fire before it, or where a list begins."""
    span = span_at(tz, fire)
    match trigger:
        case At():
            return []
        case Cron(expr=expr):
            return list(_of_cron(calendar_of(expr), tz, before, fire, span))
        case _:
            return [ClockChange.SHIFTED] if span_at(tz, before).offset != span.offset else []


def _of_cron(calendar: Calendar, tz: str, before: Instant, fire: Instant, span: Span) -> Iterator[ClockChange]:
    wall = fire + span.offset
    if not calendar.elapsed and calendar.first_from(wall // SECOND) != wall // SECOND:
        yield ClockChange.MOVED
    elif _comes_twice(tz, wall, span):
        yield ClockChange.TWICE if calendar.elapsed else ClockChange.ONCE
    if calendar.elapsed and any(_names(calendar, *gap) for gap in _gaps(tz, before, fire)):
        yield ClockChange.SKIPPED


def _comes_twice(tz: str, wall: int, span: Span) -> bool:
    following = span_at(tz, span.end)
    return wall < span.seen or wall >= span.end + following.offset


def _gaps(tz: str, before: Instant, fire: Instant) -> Iterator[tuple[int, int]]:
    """The wall times, first and end, that a clock jumps over between two instants."""
    span = span_at(tz, before)
    while span.end <= fire:
        following = span_at(tz, span.end)
        yield span.end + span.offset, span.end + following.offset
        span = following


def _names(calendar: Calendar, first: int, end: int) -> bool:
    """Whether an expression names a wall time from `first` on and before `end`; none where the clock is set back."""
    if end <= first:
        return False
    named = calendar.first_from(-(-first // SECOND))
    return named is not None and named * SECOND < end
