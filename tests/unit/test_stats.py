"""Buckets of time in the calendar of whoever asks."""

from __future__ import annotations

import itertools

import pytest

from treadle.domain.instants import DAY, HOUR, MINUTE, from_iso, to_iso
from treadle.domain.stats import Bucket, Ends, Tally, by_weekday, floor, gather, starts, total

ONE = Tally(completed=1)


@pytest.mark.parametrize(
    ("tz", "since", "until", "expected"),
    [
        ("UTC", "2026-03-01T05:00:00Z", "2026-03-03T00:00:00Z", ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"]),
        (
            "Asia/Jakarta",
            "2026-03-01T18:00:00Z",
            "2026-03-02T20:00:00Z",
            ["2026-03-01T17:00:00Z", "2026-03-02T17:00:00Z"],
        ),
        (
            "Europe/Berlin",  # 23 hours, then as usual
            "2026-03-28T23:00:00Z",
            "2026-03-30T23:00:00Z",
            ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"],
        ),
        (
            "Europe/Berlin",  # 25 hours
            "2026-10-25T00:00:00Z",
            "2026-10-26T12:00:00Z",
            ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
        ),
    ],
)
def test_days_are_those_of_a_zones_calendar(tz: str, since: str, until: str, expected: list[str]) -> None:
    assert [to_iso(at) for at in starts(Bucket.DAY, from_iso(since), from_iso(until), tz)] == expected


def test_days_of_a_year_follow_each_other_without_a_gap_in_any_zone() -> None:
    since, until = from_iso("2026-01-01T00:00:00Z"), from_iso("2027-01-01T00:00:00Z")
    for tz in ("America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago"):
        days = starts(Bucket.DAY, since, until, tz)
        assert len(days) in (365, 366)
        assert {later - earlier for earlier, later in itertools.pairwise(days)} <= {
            DAY, DAY - HOUR, DAY + HOUR, DAY - HOUR // 2, DAY + HOUR // 2,
        }  # fmt: skip
        assert all(floor(Bucket.DAY, day, tz) == day == floor(Bucket.DAY, day + 22 * HOUR, tz) for day in days)


def test_minutes_and_hours_are_those_of_utc() -> None:
    since = from_iso("2026-03-01T05:40:30Z")
    assert starts(Bucket.MINUTE, since, since + 2 * MINUTE, "Asia/Kolkata")[0] == from_iso("2026-03-01T05:40:00Z")
    assert len(starts(Bucket.HOUR, since, since + DAY, "UTC")) == 25


def test_each_tally_is_in_the_bucket_in_which_its_span_begins() -> None:
    edges = [0, DAY, 2 * DAY]
    tallies = [(0, ONE), (DAY - HOUR, ONE), (DAY, ONE), (9 * DAY, ONE)]
    assert [tally.completed for tally in gather(tallies, edges)] == [2, 1, 1]
    assert [tally.completed for tally in gather([(0, ONE), (DAY, ONE)], [DAY])] == [1]


def test_weekdays_and_hours_are_those_that_clocks_show() -> None:
    at = from_iso("2026-11-22T23:00:00Z")  # a Sunday; Monday, 6 o'clock in Jakarta
    assert by_weekday([(at, ONE)], "UTC")[6, 23] == Ends(completed=1)
    assert by_weekday([(at, ONE), (at + 7 * DAY, ONE)], "Asia/Jakarta")[0, 6].completed == 2
    assert len(by_weekday([], "UTC")) == 168


def test_the_share_that_completed_is_of_those_that_completed_or_failed() -> None:
    tally = total([Tally(completed=3, cancelled=5), Tally(failed=1, skipped=2)])
    assert tally.success == 0.75
    assert Tally(cancelled=3).success is None
