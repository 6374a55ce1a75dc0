"""When a schedule fires, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import product
from typing import Final

from treadle.domain.triggers.calendars import LAST, LAST_WORKDAY, DayRule
from treadle.domain.triggers.grammar import calendar_of, fields_of

WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NTH: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"}
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_MOST_TIMES: Final = 4
_EVERY: Final = "*"


def interval_words(seconds: float) -> str:
    """`every 5 minutes` for 300."""
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            return _every(int(seconds // size), unit)
    return f"every {seconds:g} seconds"


def cron_words(expr: str) -> str:
    """`at 09:00, from Monday to Friday` for `0 9 * * 1-5`. What no words are known for is told as it is written."""
    second, minute, hour, date, month, weekday = fields_of(expr)
    calendar = calendar_of(expr)
    if second != "0" or (date.startswith("*/") or weekday.startswith("*/")):
        return f"by the expression {expr}"
    parts = [_times(minute, hour, calendar.minutes, calendar.hours)]
    if date != _EVERY or weekday != _EVERY:
        parts.append(_days(date, weekday, calendar.days))
    if month != _EVERY:
        parts.append("in " + _listed(MONTHS[each - 1] for each in sorted(calendar.months)))
    return ", ".join(parts)


def _times(minute: str, hour: str, minutes: Sequence[int], hours: Sequence[int]) -> str:
    within = "" if hour == _EVERY else f", within the hours {hour}"
    if (step := _step(minute, 60)) is not None:
        return _every(step, "minute") + within
    if _EVERY not in hour and len(minutes) * len(hours) <= _MOST_TIMES:
        return "at " + _listed(f"{at:02}:{past:02}" for at, past in product(hours, minutes))
    if (step := _step(hour, 24)) is not None:
        often = _every(step, "hour")
        return often if tuple(minutes) == (0,) else f"{often}, at minute {_listed(map(str, minutes))}"
    return f"at minute {_listed(map(str, minutes))} of the hours {hour}"


def _step(field: str, whole: int) -> int | None:
    """The step of a field that names every so many, from the first on and all around."""
    step = 1 if field == _EVERY else int(field[2:]) if field.startswith("*/") and field[2:].isdecimal() else 0
    return step if step and whole % step == 0 else None


def _days(date: str, weekday: str, rule: DayRule) -> str:
    told = []
    if date != _EVERY:
        numbers = [str(day) for day in sorted(rule.dates) if day not in (LAST, LAST_WORKDAY)]
        days = [f"day {_listed(numbers)}"] if numbers else []
        days += ["the last day"] if LAST in rule.dates else []
        days += ["the last day from Monday to Friday"] if LAST_WORKDAY in rule.dates else []
        told.append(f"on {_listed(days)} of the month")
    if weekday != _EVERY:
        told += [_weekdays(rule.weekdays)] if rule.weekdays else []
        told += [f"on the {_NTH[nth]} {WEEKDAYS[day]} of the month" for day, nth in sorted(rule.nth)]
    return " and ".join(told)


def _weekdays(days: Collection[int]) -> str:
    week = sorted((day or 7) for day in days)  # Sunday closes it
    if len(week) > 2 and week == list(range(week[0], week[-1] + 1)):
        return f"from {WEEKDAYS[week[0]]} to {WEEKDAYS[week[-1] % 7]}"
    return "on " + _listed(f"{WEEKDAYS[day % 7]}s" for day in week)


def _every(count: int, unit: str) -> str:
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
