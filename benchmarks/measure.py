"""Rounds, and what is said of them: a figure is the median of its rounds, beside the least and the greatest."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

Figures: TypeAlias = Mapping[str, float]
"""What one part of one round measured, by name."""

Part: TypeAlias = Callable[[int], Awaitable[Figures]]
"""Measures something once; takes the number of the round, 0 for the warm-up."""

LEAST_ROUNDS: Final = 3


class Spread(Struct, frozen=True):
    """A figure over all rounds."""

    median: float
    min: float
    max: float


class Options(Struct, frozen=True, kw_only=True):
    """What a case is told. `numbers` are its own options, such as how many runs a round has; `store` are the
    settings of what keeps them.
    """

    engine: str
    rounds: int
    folder: str
    numbers: Mapping[str, int]
    store: Mapping[str, str]


class Report(Struct, frozen=True, kw_only=True):
    """What a case found. `figures` come first in its JSON, `goals` say what they are held against."""

    figures: Mapping[str, float]
    goals: Mapping[str, Goal]
    spreads: Mapping[str, Spread]
    settings: Mapping[str, Any]


class Goal(Struct, frozen=True):
    """A bound on a figure: at least `at_least` or at most `at_most`, and whether it was kept."""

    figure: float
    met: bool
    at_least: float | None = None
    at_most: float | None = None


def at_least(figure: float, bound: float) -> Goal:
    """The goal that a figure is not below a bound."""
    return Goal(figure, figure >= bound, at_least=bound)


def at_most(figure: float, bound: float) -> Goal:
    """The goal that a figure is not above a bound."""
    return Goal(figure, figure <= bound, at_most=bound)


async def interleave(parts: Mapping[str, Part], rounds: int) -> dict[str, Spread]:
    """Measure all parts in turn, round after round, so that what else the machine does falls on all of them alike.

    Each figure's name is made of the part's and its own; a figure named like its part stands alone. The warm-up's
    figures are thrown away.
    """
    taken: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for name, part in parts.items():
            say(f"round {number} of {rounds}: {name}" if number else f"warm-up: {name}")
            figures = await part(number)
            say("  " + "  ".join(f"{key} {value:,.2f}" for key, value in figures.items()))
            if number:
                for key, value in figures.items():
                    taken.setdefault(name if key == name else f"{name}_{key}", []).append(value)
    return {name: spread(values) for name, values in taken.items()}


def spread(values: Sequence[float]) -> Spread:
    """Median, least and greatest."""
    return Spread(statistics.median(values), min(values), max(values))


def medians(spreads: Mapping[str, Spread]) -> dict[str, float]:
    """The medians alone."""
    return {name: each.median for name, each in spreads.items()}


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of all do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


class Stopwatch:
    """Wall and processor time of this process, in microseconds, between `with` and its end."""

    wall: float
    cpu: float

    def __enter__(self) -> Stopwatch:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = (time.perf_counter() - self._wall) * 1e6
        self.cpu = (time.process_time() - self._cpu) * 1e6

    def rate(self, count: int) -> float:
        """Per second, of `count` things."""
        return count / self.wall * 1e6


def say(line: str) -> None:
    """Progress goes to standard error: standard output holds the result."""
    print(line, file=sys.stderr, flush=True)
