"""What is told of fires near a change of the clock."""

from __future__ import annotations

from itertools import islice

import pytest

from treadle.domain.instants import DAY, HOUR, from_iso, to_iso
from treadle.domain.triggers import At, Interval, Trigger, fires, parse_cron
from treadle.domain.triggers.clocks import clock_changes

BERLIN = "Europe/Berlin"
SPRING = "2027-03-27T12:00:00+01:00"
"""The day before the clock of Berlin jumps from 02:00 to 03:00."""
AUTUMN = "2027-10-30T12:00:00+02:00"
"""The day before it is set back from 03:00 to 02:00."""


def told(trigger: Trigger, after: str, count: int, tz: str = BERLIN) -> list[tuple[str, str]]:
    """The next fires in UTC, each with what the clock does to it."""
    before = from_iso(after)
    found = []
    for fire in islice(fires(trigger, before), count):
        found.append((to_iso(fire)[5:16], ",".join(clock_changes(trigger, tz, before, fire))))
        before = fire
    return found


def test_a_time_that_the_clock_jumps_over_is_moved_behind_the_gap() -> None:
    assert told(parse_cron("30 2 * * *", BERLIN), SPRING, 2) == [("03-28T01:00", "moved"), ("03-29T00:30", "")]


def test_a_time_named_beside_one_in_the_gap_is_as_it_was_named() -> None:
    assert told(parse_cron("0,30 2,3 * * *", BERLIN), SPRING, 2) == [("03-28T01:00", ""), ("03-28T01:30", "")]


def test_a_time_that_comes_twice_fires_once() -> None:
    trigger = parse_cron("30 2 * * *", BERLIN)
    assert told(trigger, AUTUMN, 2) == [("10-31T00:30", "once"), ("11-01T01:30", "")]


def test_what_follows_elapsed_time_fires_in_both_hours() -> None:
    found = told(parse_cron("*/30 2-3 * * *", BERLIN), AUTUMN, 5)
    assert [changes for _, changes in found] == ["twice", "twice", "twice", "twice", ""]


def test_what_follows_elapsed_time_tells_of_fires_that_the_gap_took() -> None:
    found = told(parse_cron("*/30 1-3 * * *", BERLIN), SPRING, 4)
    assert found == [
        ("03-28T00:00", ""),
        ("03-28T00:30", ""),
        ("03-28T01:00", "skipped"),
        ("03-28T01:30", ""),
    ]
    assert told(parse_cron("*/30 1,4 * * *", BERLIN), SPRING, 3)[2] == ("03-28T02:00", "")


def test_a_gap_of_years_ago_is_no_surprise_but_one_between_two_fires_is() -> None:
    yearly = parse_cron("*/30 2 28 3 *", BERLIN)
    assert told(yearly, SPRING, 1) == [("03-28T00:00", "skipped")]


@pytest.mark.parametrize(("every", "changes"), [(DAY, ["", "shifted", ""]), (HOUR, ["", "", ""])])
def test_an_interval_reads_otherwise_after_a_change(every: int, changes: list[str]) -> None:
    trigger = Interval(every=every, anchor=from_iso("2027-03-26T09:00:00+01:00"))
    assert [each for _, each in told(trigger, "2027-03-26T12:00:00+01:00", 3)] == changes


def test_a_single_time_and_a_zone_without_changes_tell_nothing() -> None:
    assert told(At(at=from_iso("2027-03-28T01:00:00Z")), SPRING, 1) == [("03-28T01:00", "")]
    assert {each for _, each in told(parse_cron("30 2 * * *", "Asia/Jakarta"), SPRING, 400, "Asia/Jakarta")} == {""}
