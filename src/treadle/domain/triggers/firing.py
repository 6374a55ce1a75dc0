"""When a trigger fires next. The package's docstring states the rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from treadle.domain.errors import Problem
from treadle.domain.instants import DAY, LAST, SECOND, Instant, Micros
from treadle.domain.triggers.calendars import YEARS_AHEAD, Calendar
from treadle.domain.triggers.grammar import calendar_of, problems
from treadle.domain.triggers.records import At, Cron, Interval, Trigger
from treadle.domain.triggers.zones import span_at

_HORIZON: Final[Micros] = YEARS_AHEAD * 366 * DAY


def next_fire(trigger: Trigger, after: Instant) -> Instant | None:
    """The first fire strictly after `after`, or None: an `At` that has passed, a cron entry that nothing matches within
    50 years, an interval that would fire after the year 9999."""
    match trigger:
        case Interval(every=every, anchor=anchor):
            fire = anchor + max(0, (after - anchor) // every + 1) * every
            return fire if fire <= LAST else None
        case At(at=at):
            return at if at > after else None
        case Cron(expr=expr, tz=tz):
            calendar = calendar_of(expr)
            return _by_elapsed_time(calendar, tz, after) if calendar.elapsed else _by_wall_time(calendar, tz, after)


def cron_problems(expr: str) -> tuple[Problem, ...]:
    """What is wrong with a cron expression by which something is to run; so is one that no date fits."""
    if faults := problems(expr):
        return faults
    if next_fire(Cron(expr=expr), 0) is None:
        return (Problem("/expr", "fires never: no date is in these days and months"),)
    return ()


def fires(trigger: Trigger, after: Instant, until: Instant | None = None) -> Iterator[Instant]:
    """Every fire after `after` and not after `until`, in order."""
    fire = next_fire(trigger, after)
    while fire is not None and (until is None or fire <= until):
        yield fire
        fire = next_fire(trigger, fire)


def _by_elapsed_time(calendar: Calendar, tz: str, after: Instant) -> Instant | None:
    """The first instant after `after` whose wall time matches."""
    start = after + 1
    while start <= after + _HORIZON:  # a match may lie in a gap year after year: `* 2 29 3 */7` in Berlin always does
        span = span_at(tz, start)
        wall = calendar.first_from(-(-(start + span.offset) // SECOND))
        if wall is None:
            return None
        fire = wall * SECOND - span.offset
        if fire < span.end:
            return fire
        start = span.end
    return None


def _by_wall_time(calendar: Calendar, tz: str, after: Instant) -> Instant | None:
    """The first instant at which the clock has reached the first match that it had not reached at `after`."""
    span = span_at(tz, after)
    reached = max(after + span.offset, span.seen - 1)
    wall = calendar.first_from(reached // SECOND + 1)
    if wall is None:
        return None
    while wall * SECOND >= span.end + span.offset:
        span = span_at(tz, span.end)
    return max(span.start, wall * SECOND - span.offset)
