"""One thing that can be said in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from treadle.domain.errors import Problem

Value = TypeVar("Value")


def said(ways: Mapping[str, Value | None], problems: list[Problem]) -> Value | None:
    """What was said, or None. `ways` maps JSON pointers to what each says; two that differ are a problem."""
    given = {pointer: value for pointer, value in ways.items() if value is not None}
    first = next(iter(given), None)
    if first is None:
        return None
    for pointer, value in given.items():
        if value != given[first]:
            message = f"says something else than {first}; give one of the two"
            problems.append(Problem(pointer, message, "conflict"))
    return given[first]
