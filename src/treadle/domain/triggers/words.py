"""When a schedule fires, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from itertools import product
from typing import Final

from treadle.domain.instants import Instant, to_datetime
from treadle.domain.triggers.calendars import LAST, LAST_WORKDAY, DayRule
from treadle.domain.triggers.grammar import calendar_of, fields_of
from treadle.domain.triggers.tongues import Tongue
from treadle.domain.triggers.zones import span_at

_MOST_TIMES: Final = 4
_EVERY: Final = "*"
_WORKDAYS: Final = [1, 2, 3, 4, 5]


def interval_words(seconds: float, tongue: Tongue) -> str:
    """`every 5 minutes` for 300."""
    for size in tongue.units:
        if seconds >= size and seconds % size == 0:
            return _every(int(seconds // size), size, tongue)
    return _every(seconds, 1, tongue)


def cron_words(expr: str, tongue: Tongue) -> str:
    """`every weekday at 09:00` for `0 9 * * 1-5`. What no words are known for is told as it is written."""
    second, minute, hour, date, month, weekday = fields_of(expr)
    calendar = calendar_of(expr)
    if second != "0" or date.startswith("*/") or weekday.startswith("*/"):
        return tongue.by_expression.format(expr)
    months = [] if month == _EVERY else [tongue.months[each - 1] for each in sorted(calendar.months)]
    days = tongue.listed(_days(date, weekday, calendar.days, months, tongue))
    if _EVERY not in hour and len(calendar.minutes) * len(calendar.hours) <= _MOST_TIMES:
        clocks = (tongue.clock.format(*each) for each in product(calendar.hours, calendar.minutes))
        return f"{days} {tongue.at.format(tongue.listed(clocks))}"
    often = _often(minute, hour, calendar.minutes, calendar.hours, tongue)
    return often if days == tongue.daily else f"{often}, {days}"


def moment_words(instant: Instant, tz: str, tongue: Tongue) -> str:
    """`5 November 2026 at 09:00`, as the clocks of a zone show it."""
    wall = to_datetime(instant) + timedelta(microseconds=span_at(tz, instant).offset)
    clock, month = tongue.clock.format(wall.hour, wall.minute), tongue.months[wall.month - 1]
    return tongue.moment.format(day=wall.day, month=month, year=wall.year, clock=clock)


def _often(minute: str, hour: str, minutes: Sequence[int], hours: Sequence[int], tongue: Tongue) -> str:
    """How often within a day, and within which of its hours."""
    step, hourly = _step(minute, 60), _step(hour, 24)
    together = len(hours) > 1 and len(hours) == hours[-1] - hours[0] + 1
    if step is not None:
        told = _every(step, 60, tongue)
    elif hourly is not None or (together and len(minutes) == 1):
        told = _every(hourly or 1, 3_600, tongue)
    else:
        told = tongue.at_minute.format(tongue.listed(map(str, minutes)))
    if hour == _EVERY or (step is None and hourly is not None):
        apart = "" if step is not None or minutes == (0,) else tongue.at_minute.format(tongue.listed(map(str, minutes)))
        return f"{told} {apart}".rstrip()
    if together:
        first, last = (tongue.clock.format(hours[end], minutes[end]) for end in (0, -1))
        return f"{told} {tongue.from_clock.format(first, last)}"
    return f"{told} {tongue.within_hours.format(tongue.listed(map(str, hours)))}"


def _step(field: str, whole: int) -> int | None:
    """The step of a field that names every so many, from the first on and all around."""
    step = 1 if field == _EVERY else int(field[2:]) if field.startswith("*/") and field[2:].isdecimal() else 0
    return step if step and whole % step == 0 else None


def _days(date: str, weekday: str, rule: DayRule, months: Sequence[str], tongue: Tongue) -> Iterator[str]:
    of = tongue.of_months.format(tongue.listed(months)) if months else tongue.of_month
    if date != _EVERY:
        numbers = [str(day) for day in sorted(rule.dates) if day not in (LAST, LAST_WORKDAY)]
        days = [tongue.date.format(tongue.listed(numbers))] if numbers else []
        days += [tongue.last_day] if LAST in rule.dates else []
        days += [tongue.last_workday] if LAST_WORKDAY in rule.dates else []
        yield tongue.on.format(tongue.listed(days), of)
    plain = tongue.daily if date == weekday == _EVERY else ""
    if weekday != _EVERY and rule.weekdays:
        plain = _weekdays(rule.weekdays, tongue)
    if plain:
        yield tongue.within_months.format(plain, tongue.listed(months)) if months else plain
    for day, nth in sorted(rule.nth):
        yield tongue.on.format(tongue.nth_weekday.format(nth=tongue.nth[nth], weekday=tongue.weekdays[day]), of)


def _weekdays(days: Collection[int], tongue: Tongue) -> str:
    week = sorted((day or 7) for day in days)  # Sunday closes it
    names = [tongue.weekdays[day % 7] for day in week]
    if week == _WORKDAYS:
        return tongue.workdays
    if len(week) > 2 and week == list(range(week[0], week[-1] + 1)):
        return tongue.span.format(names[0], names[-1])
    return tongue.every.format(tongue.listed(names))


def _every(count: float, size: int, tongue: Tongue) -> str:
    one, several = tongue.units[size]
    return tongue.every.format(one if count == 1 else several.format(f"{count:g}"))
