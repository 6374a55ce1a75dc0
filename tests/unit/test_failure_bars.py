"""When a group's failures came, as it is drawn."""

from __future__ import annotations

from treadle.domain.failures import BAR, BARS, bars
from treadle.domain.ids import made_at, make_id
from treadle.domain.instants import MILLISECOND

NOW = 1_790_000_000 * 1_000_000


def test_failures_are_counted_by_their_age_the_oldest_first() -> None:
    ages = [0, BAR - 1, BAR, BARS * BAR - 1]
    assert bars([NOW - age for age in ages], NOW) == (1, *[0] * (BARS - 3), 1, 2)


def test_what_is_older_is_left_out_and_what_a_clock_ahead_made_counts_as_now() -> None:
    assert bars([NOW - BARS * BAR, NOW + BAR], NOW) == (*[0] * (BARS - 1), 1)


def test_an_id_tells_when_it_was_made() -> None:
    assert made_at(make_id("run", NOW + 7, 2**76 - 1)) == NOW // MILLISECOND * MILLISECOND
