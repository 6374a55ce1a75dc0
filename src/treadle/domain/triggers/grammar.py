"""The grammar of cron expressions: five fields, or six with seconds first, or a name like `@daily`.

A field is a list of terms, `*`, `n`, `a-b`, each with an optional `/step`; months and weekdays have names. A day of
month may be `L` (the last) or `LW` (the last Monday to Friday); a day of week `5L` or `L5` (the last Friday) or `5#2`
(the second Friday).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from treadle.domain.errors import InvalidInput, Problem, nearest
from treadle.domain.triggers.calendars import LAST, LAST_WORKDAY, Calendar, DayRule

ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    """Names of the values from `low` on."""


SECOND: Final = Field("second", 0, 59)
MINUTE: Final = Field("minute", 0, 59)
HOUR: Final = Field("hour", 0, 23)
DATE: Final = Field("day of month", 1, 31)
MONTH: Final = Field(
    "month", 1, 12, ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
)
WEEKDAY: Final = Field("day of week", 0, 7, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))
FIELDS: Final = (SECOND, MINUTE, HOUR, DATE, MONTH, WEEKDAY)

_LAST_WEEKDAY: Final = re.compile(r"(\w+)L|L(\w+)", re.ASCII)
_SHOWN: Final = 24


def problems(expr: str) -> tuple[Problem, ...]:
    """What is wrong with an expression; empty where it is good."""
    try:
        calendar_of(expr)
    except InvalidInput as error:
        return error.problems
    return ()


@lru_cache(maxsize=8_192)
def calendar_of(expr: str) -> Calendar:
    """The calendar of an expression. Raises InvalidInput with a problem for each field at fault."""
    parts = fields_of(expr)
    sets: dict[Field, set[int]] = {}
    nth: set[tuple[int, int]] = set()
    faults = []
    for field, text in zip(FIELDS, parts, strict=True):
        try:
            sets[field] = _parse_field(field, text, nth)
        except ValueError as error:
            faults.append(Problem("/expr", f"{field.name}: {error}"))
    if faults:
        raise InvalidInput(faults)
    _, minute, hour, dates, _, weekdays = parts
    return Calendar(
        seconds=tuple(sorted(sets[SECOND])),
        minutes=tuple(sorted(sets[MINUTE])),
        hours=tuple(sorted(sets[HOUR])),
        days=DayRule(
            dates=frozenset(sets[DATE]),
            weekdays=frozenset(day % 7 for day in sets[WEEKDAY]),
            nth=frozenset(nth),
            both=dates.startswith("*") or weekdays.startswith("*"),
        ),
        months=frozenset(sets[MONTH]),
        elapsed=minute.startswith("*") or hour.startswith("*"),
    )


def fields_of(expr: str) -> list[str]:
    """The six fields of an expression, in capitals. Raises InvalidInput for another number of them."""
    text = expr.strip()
    if text.startswith("@"):
        text = _expand(text)
    parts = text.upper().split()
    if len(parts) == len(FIELDS) - 1:
        return ["0", *parts]
    if len(parts) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS[1:])
        message = f"a cron expression has 5 fields ({names}), or 6 with seconds first, not {len(parts)}"
        raise InvalidInput([Problem("/expr", message)])
    return parts


def _expand(alias: str) -> str:
    known = ALIASES.get(alias.lower())
    if known is not None:
        return known
    if alias.lower() == "@reboot":
        message = "@reboot names no time: a schedule is kept by many machines, and none of their starts is its own"
    else:
        message = f"{_shown(alias)} is none of {', '.join(ALIASES)}{nearest(alias.lower(), ALIASES)}"
    raise InvalidInput([Problem("/expr", message)])


def _parse_field(field: Field, text: str, nth: set[tuple[int, int]]) -> set[int]:
    """The values of one field; numbered weekdays go into `nth`. Raises ValueError saying what is wrong."""
    values: set[int] = set()
    for term in text.split(","):
        if field is WEEKDAY and (numbered := _nth_weekday(term)) is not None:
            nth.add(numbered)
        elif field is DATE and term in ("L", "LW"):
            values.add(LAST if term == "L" else LAST_WORKDAY)
        else:
            values.update(_range(field, term))
    return values


def _nth_weekday(term: str) -> tuple[int, int] | None:
    if term == "L":
        raise ValueError("L needs a day here, as in 5L for the last Friday")
    day, mark, nth = term.partition("#")
    if mark:
        return _value(WEEKDAY, day) % 7, _number(nth, 1, 5, "the number after #")
    if match := _LAST_WEEKDAY.fullmatch(term):
        return _value(WEEKDAY, match[1] or match[2]) % 7, LAST
    return None


def _range(field: Field, term: str) -> range:
    """The values of `*`, `n` or `a-b`, each with an optional step; `n/step` runs to the field's end."""
    span, slash, step_text = term.partition("/")
    step = _number(step_text, 1, None, "the step") if slash else 1
    if span == "*":
        return range(field.low, field.high + 1, step)
    first, dash, last = span.partition("-")
    low = _value(field, first)
    high = _value(field, last) if dash else field.high if slash else low
    if field is WEEKDAY and high == 0 < low:  # SAT-SUN: as a range's end, Sunday closes the week
        high = field.high
    if high < low:
        raise ValueError(f"the range {_shown(span)} runs backwards")
    return range(low, high + 1, step)


def _value(field: Field, text: str) -> int:
    if text in field.names:
        return field.low + field.names.index(text)
    if field.names and not text.isdecimal():
        names = f"{field.names[0]}-{field.names[-1]}"
        hint = nearest(text, field.names)
        raise ValueError(f'"{_shown(text)}" is not a number within {field.low}-{field.high} or a name {names}{hint}')
    return _number(text, field.low, field.high)


def _number(text: str, low: int, high: int | None, what: str = "") -> int:
    subject = f"{what}, {_shown(text)}," if what else _shown(text)
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f'"{_shown(text)}" is not a number' if text else f"{what or 'a value'} is missing")
    number = int(text) if len(text) <= _SHOWN else 10**_SHOWN
    if number < low or (high is not None and number > high):
        raise ValueError(f"{subject} is not within {low}-{high}" if high else f"{subject} is less than {low}")
    return number


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
