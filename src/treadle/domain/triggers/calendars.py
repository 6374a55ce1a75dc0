"""Which wall-clock times a cron expression names. Knows years, months and weekdays; knows no zone.

A wall time here is the whole number of seconds that a clock would show since 1970-01-01T00:00:00, had its zone no
offset.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import product
from typing import Final

import msgspec

LAST: Final = -1
"""The last day of a month among dates; the last such weekday of a month among `nth`."""
LAST_WORKDAY: Final = -2
"""The last Monday-to-Friday of a month, among dates."""

YEARS_AHEAD: Final = 50
"""How far a search looks. The rarest date there is, 29 February on a given weekday, comes back within 40 years."""

_DAY_SECONDS: Final = 86_400
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_FIRST_DAY: Final = date(2, 1, 1)
_LAST_DAY: Final = date(9998, 12, 31)
"""Between them every wall time of every zone is a datetime in UTC too."""


class DayRule(msgspec.Struct, frozen=True, cache_hash=True):
    """The days of a month that match. `weekdays` count from Sunday = 0; `nth` pairs a weekday with 1-5 or LAST."""

    dates: frozenset[int]
    weekdays: frozenset[int]
    nth: frozenset[tuple[int, int]]
    both: bool
    """Whether a day must match by date and by weekday, or by one of them."""


class Calendar(msgspec.Struct, frozen=True):
    """A parsed cron expression. The tuples are sorted."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DayRule
    months: frozenset[int]
    elapsed: bool
    """Whether it follows elapsed time: its minute or hour begins with `*`."""

    def first_from(self, wall: int) -> int | None:
        """The first wall time at or after `wall` that matches; None where 50 years hold none."""
        days, rest = divmod(wall, _DAY_SECONDS)
        ordinal = days + _EPOCH_ORDINAL
        if ordinal < _FIRST_DAY.toordinal():
            ordinal, rest = _FIRST_DAY.toordinal(), 0
        if ordinal > _LAST_DAY.toordinal():
            return None
        day = date.fromordinal(ordinal)
        if day.month in self.months and day.day in days_of(self.days, day.year, day.month):
            time = self._time_from(rest)
            if time is not None:
                return (ordinal - _EPOCH_ORDINAL) * _DAY_SECONDS + time
        later = self._date_after(day)
        if later is None:
            return None
        midnight = (later.toordinal() - _EPOCH_ORDINAL) * _DAY_SECONDS
        return midnight + _seconds(self.hours[0], self.minutes[0], self.seconds[0])

    def _time_from(self, floor: int) -> int | None:
        """The first second of the day at or after `floor` that matches, or None."""
        hour, minute, second = floor // 3600, floor // 60 % 60, floor % 60
        if hour in self.hours:
            if minute in self.minutes and (found := _first(self.seconds, second)) is not None:
                return _seconds(hour, minute, found)
            if (found := _first(self.minutes, minute + 1)) is not None:
                return _seconds(hour, found, self.seconds[0])
        if (found := _first(self.hours, hour + 1)) is not None:
            return _seconds(found, self.minutes[0], self.seconds[0])
        return None

    def _date_after(self, day: date) -> date | None:
        floor = day.day + 1
        for year, month in _months_from(day):
            if month in self.months:
                for candidate in days_of(self.days, year, month):
                    if candidate >= floor:
                        return date(year, month, candidate)
            floor = 1
        return None


@lru_cache(maxsize=16_384)
def days_of(rule: DayRule, year: int, month: int) -> tuple[int, ...]:
    """The days of one month that match, in order."""
    before, length = monthrange(year, month)  # `before`: days from Monday to the first of the month
    by_weekday: dict[int, list[int]] = {weekday: [] for weekday in range(7)}
    for day in range(1, length + 1):
        by_weekday[(before + day) % 7].append(day)

    dates = {day for day in rule.dates if 0 < day <= length}
    if LAST in rule.dates:
        dates.add(length)
    if LAST_WORKDAY in rule.dates:
        dates.add(max(by_weekday[weekday][-1] for weekday in range(1, 6)))

    weekdays = {day for weekday in rule.weekdays for day in by_weekday[weekday]}
    for weekday, nth in rule.nth:
        weekdays.update(by_weekday[weekday][-1:] if nth == LAST else by_weekday[weekday][nth - 1 : nth])

    return tuple(sorted(dates & weekdays if rule.both else dates | weekdays))


def _months_from(day: date) -> Iterator[tuple[int, int]]:
    last_year = min(day.year + YEARS_AHEAD, _LAST_DAY.year)
    yield from ((day.year, month) for month in range(day.month, 13))
    yield from product(range(day.year + 1, last_year + 1), range(1, 13))


def _first(values: tuple[int, ...], floor: int) -> int | None:
    at = bisect_left(values, floor)
    return values[at] if at < len(values) else None


def _seconds(hour: int, minute: int, second: int) -> int:
    return hour * 3600 + minute * 60 + second
