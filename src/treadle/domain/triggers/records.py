"""The three kinds of trigger, and how they are made from what people write."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import Instant, Micros, from_seconds
from treadle.domain.triggers import grammar, zones

SHORTEST_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 100 * 365 * 86_400


class Interval(msgspec.Struct, frozen=True, tag="interval", tag_field="kind"):
    """Fires at `anchor + k * every` for every k >= 0, so that no slot drifts however late the one before it ran."""

    every: Micros
    anchor: Instant


class Cron(msgspec.Struct, frozen=True, tag="cron", tag_field="kind"):
    """Fires where the clock of the IANA zone `tz` meets `expr`."""

    expr: str
    tz: str = "UTC"


class At(msgspec.Struct, frozen=True, tag="at", tag_field="kind"):
    """Fires once."""

    at: Instant


Trigger: TypeAlias = Interval | Cron | At


def parse_cron(expr: str, tz: str = "UTC") -> Cron:
    """A cron trigger whose expression and zone are known to be good.

    Raises InvalidInput with a problem for each fault: `/expr`, whose message begins with the cron field, and `/tz`.
    """
    problems = [*grammar.problems(expr), *zones.problems(tz)]
    if problems:
        raise InvalidInput(problems)
    return Cron(expr=" ".join(expr.split()), tz=tz)


def interval(seconds: float, anchor: Instant) -> Interval:
    """A trigger for every `seconds` (0.1 at least) from `anchor` on. Raises InvalidInput for any other length."""
    if isinstance(seconds, bool) or not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        message = (
            f"an interval is a number of seconds from {SHORTEST_SECONDS} to {LONGEST_SECONDS}, not {seconds!r:.40}"
        )
        raise InvalidInput([Problem("/seconds", message)])
    return Interval(every=from_seconds(seconds), anchor=anchor)
