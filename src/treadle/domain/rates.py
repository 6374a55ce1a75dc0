"""Rates: at most so many runs per window, by the generic cell rate algorithm (GCRA), whose whole state is one instant.

That instant is when the tokens used so far will all have come back, one every `interval`; `None` where none was ever
used. After a pause of a window a whole burst of `runs` may go at once, and from then on one per interval: in any span
of time at most `runs` and those whose tokens came back within it, so just under twice `runs` in the window that begins
with the burst. Source: ITU-T I.371, where it polices cells.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from treadle.domain.instants import DAY, MILLISECOND, Instant, Micros

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
