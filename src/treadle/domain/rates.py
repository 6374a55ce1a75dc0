"""Rates: at most so many runs per window, by the generic cell rate algorithm (GCRA), whose whole state is one instant.

That instant is when the tokens used so far will all have come back, one every `interval`; `None` where none was ever
used. After a pause of a window a whole burst of `runs` may go at once, and from then on one per interval: in any span
of time at most `runs` and those whose tokens came back within it, so just under twice `runs` in the window that begins
with the burst. Source: ITU-T I.371, where it polices cells.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import DAY, MILLISECOND, Instant, Micros, from_seconds, to_seconds

MOST_RUNS: Final = 1_000_000
LONGEST_WINDOW: Final[Micros] = 30 * DAY


class Rate(Struct, frozen=True):
    """At most `runs` per `window` microseconds."""

    runs: Annotated[int, Meta(ge=1, le=MOST_RUNS)]
    window: Annotated[Micros, Meta(ge=MILLISECOND, le=LONGEST_WINDOW)]

    @property
    def interval(self) -> Micros:
        """What one token takes to come back, in whole microseconds: rounded up, so never more often than asked for."""
        return -(-self.window // self.runs)

    @property
    def burst(self) -> Micros:
        """What all tokens take to come back."""
        return self.interval * self.runs


class RateDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rate as people write it."""

    runs: Annotated[int, Meta(ge=1, le=MOST_RUNS, description="How many runs may start at once after a pause.")]
    window_sec: Annotated[
        float, Meta(ge=0.001, le=to_seconds(LONGEST_WINDOW), description="How long so many take to be let go again.")
    ]


def read_rate(document: RateDocument, at: str = "") -> Rate:
    """The rate of a document, which stands at the pointer `at`. Raises InvalidInput for one beyond all measure."""
    window = from_seconds(document.window_sec)
    if document.runs > window:
        raise InvalidInput([Problem(f"{at}/runs", "is more than a run per microsecond: leave the rate out")])
    return Rate(document.runs, window)


def dump_rate(rate: Rate) -> RateDocument:
    """The document of a rate."""
    return RateDocument(runs=rate.runs, window_sec=to_seconds(rate.window))


def capacity(rate: Rate, used_until: Instant | None, now: Instant) -> int:
    """How many runs may go now; from 0 to `rate.runs`."""
    return (now + rate.burst - _standing(rate, used_until, now)) // rate.interval


def consume(rate: Rate, used_until: Instant | None, now: Instant, count: int = 1) -> Instant:
    """The state after `count` runs went now, which `capacity` allowed."""
    return _standing(rate, used_until, now) + count * rate.interval


def next_time(rate: Rate, used_until: Instant | None, now: Instant) -> Instant:
    """The first moment, from now on, at which a run may go."""
    return max(now, _standing(rate, used_until, now) + rate.interval - rate.burst)


def _standing(rate: Rate, used_until: Instant | None, now: Instant) -> Instant:
    """The state as it counts now. Beyond one burst from now it lies only where the clock was set back or the rate was
    raised: neither holds anything longer than an interval of the rate that stands."""
    return now if used_until is None else min(max(used_until, now), now + rate.burst)
