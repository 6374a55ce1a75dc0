"""When triggers fire: a line of the table for every rule."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from itertools import islice

import msgspec
import pytest

from treadle.domain.errors import InvalidInput
from treadle.domain.instants import FIRST, LAST, SECOND, from_datetime, from_iso, to_iso
from treadle.domain.triggers import At, Cron, Interval, Trigger, fires, interval, next_fire, parse_cron


def check(expr: str, tz: str, after: str, *expected: str) -> None:
    """The next fires, in UTC, are the expected ones."""
    found = islice(fires(parse_cron(expr, tz), from_iso(after)), len(expected))
    assert [to_iso(fire) for fire in found] == list(expected)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("30 6 * * *", "2025-01-15T06:30 2025-01-16T06:30"),
        ("0 0 13 * FRI", "2025-01-17 2025-01-24 2025-01-31 2025-02-07 2025-02-13"),
        ("0 0 */2 * MON", "2025-01-27 2025-02-03 2025-02-17"),
        ("0 0 1 * */2", "2025-02-01 2025-03-01 2025-04-01 2025-05-01 2025-06-01"),
        ("0 0 L * *", "2025-01-31 2025-02-28 2025-03-31"),
        ("0 0 LW * *", "2025-01-31 2025-02-28 2025-03-31 2025-04-30 2025-05-30"),
        ("0 0 * * 5L", "2025-01-31 2025-02-28 2025-03-28"),
        ("0 0 * * TUE#2", "2025-02-11 2025-03-11"),
        ("0 0 * * 3#5", "2025-01-29 2025-04-30"),
        ("0 0 29 2 *", "2028-02-29 2032-02-29"),
        ("*/20 * * * * *", "2025-01-15T00:00:20 2025-01-15T00:00:40 2025-01-15T00:01"),
        ("15 30 6 * * *", "2025-01-15T06:30:15 2025-01-16T06:30:15"),
        ("@yearly", "2026-01-01 2027-01-01"),
        ("@monthly", "2025-02-01 2025-03-01"),
        ("@weekly", "2025-01-19 2025-01-26"),
        ("@midnight", "2025-01-16 2025-01-17"),
        ("@hourly", "2025-01-15T01:00 2025-01-15T02:00"),
    ],
)
def test_the_calendar(expr: str, expected: str) -> None:
    instants = [from_datetime(datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in expected.split()]
    found = fires(parse_cron(expr), from_iso("2025-01-15T00:00:00Z"))
    assert list(islice(found, len(instants))) == instants


def test_a_fixed_time_in_the_gap_fires_once_at_the_first_instant_after_it() -> None:
    after = "2025-03-29T12:00:00Z"
    check("30 2 * * *", "Europe/Berlin", after, "2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z")
    check("*/10 30 2 * * *", "Europe/Berlin", after, "2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z")
    check("0,15,30 2 * * *", "Europe/Berlin", after, "2025-03-30T01:00:00Z", "2025-03-31T00:00:00Z")
    check("0 2,3 * * *", "Europe/Berlin", after, "2025-03-30T01:00:00Z", "2025-03-31T00:00:00Z")


def test_a_fixed_time_in_the_repeated_hour_fires_once_the_first_time() -> None:
    expected = ("2025-10-26T00:30:00Z", "2025-10-27T01:30:00Z")
    check("30 2 * * *", "Europe/Berlin", "2025-10-25T12:00:00Z", *expected)
    check("0 30 2 * * *", "Europe/Berlin", "2025-10-25T12:00:00Z", *expected)
    for during in ("2025-10-26T00:30:00Z", "2025-10-26T00:45:00Z", "2025-10-26T01:15:00Z", "2025-10-26T01:59:59Z"):
        check("30 2 * * *", "Europe/Berlin", during, expected[1])


def test_wildcards_follow_elapsed_time_through_gap_and_repeated_hour() -> None:
    check("30 * * * *", "Europe/Berlin", "2025-03-30T00:00:00Z", "2025-03-30T00:30:00Z", "2025-03-30T01:30:00Z")
    check(
        "30 * * * *", "Europe/Berlin", "2025-10-26T00:00:00Z",
        "2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z", "2025-10-26T02:30:00Z",
    )  # fmt: skip
    quarters = [from_iso("2025-10-25T23:00:00Z") + k * 900 * SECOND for k in range(1, 20)]
    assert list(islice(fires(parse_cron("*/15 * * * *", "Europe/Berlin"), quarters[0] - 1), 19)) == quarters


def test_a_wildcard_minute_of_a_skipped_hour_does_not_fire_that_day() -> None:
    check("*/30 2 * * *", "Europe/Berlin", "2025-03-29T12:00:00Z", "2025-03-31T00:00:00Z", "2025-03-31T00:30:00Z")


def test_half_an_hour_of_daylight_saving() -> None:
    check("15 2 * * *", "Australia/Lord_Howe", "2025-10-04T00:00:00Z", "2025-10-04T15:30:00Z", "2025-10-05T15:15:00Z")
    check("45 1 * * *", "Australia/Lord_Howe", "2025-04-05T00:00:00Z", "2025-04-05T14:45:00Z", "2025-04-06T15:15:00Z")
    check(
        "*/10 2 * * *", "Australia/Lord_Howe", "2025-04-05T14:59:00Z",
        "2025-04-05T15:30:00Z", "2025-04-05T15:40:00Z", "2025-04-05T15:50:00Z", "2025-04-05T16:00:00Z",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tz", "after", "expected"),
    [
        ("America/Sao_Paulo", "2018-11-03T12:00:00Z", ["2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"]),
        ("Africa/Cairo", "2024-04-25T12:00:00Z", ["2024-04-25T22:00:00Z", "2024-04-26T21:00:00Z"]),
        ("Asia/Beirut", "2024-03-30T12:00:00Z", ["2024-03-30T22:00:00Z", "2024-03-31T21:00:00Z"]),
    ],
)
def test_midnight_that_does_not_exist(tz: str, after: str, expected: list[str]) -> None:
    check("@daily", tz, after, *expected)


def test_a_whole_day_skipped_at_the_date_line_is_one_gap() -> None:
    after = "2011-12-29T12:00:00Z"
    check("0 12 * * *", "Pacific/Apia", after, "2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z")
    check("0 0 30 12 *", "Pacific/Apia", after, "2011-12-30T10:00:00Z", "2012-12-29T10:00:00Z")
    check("0 * 30 12 *", "Pacific/Apia", after, "2012-12-29T10:00:00Z")


@pytest.mark.parametrize("expr", ["0 0 30 2 *", "* * 31 4,6,9,11 *", "* 2 29 3 */7"])
def test_what_never_comes_ends_with_none_in_bounded_time(expr: str) -> None:
    # The last one lies within Berlin's gap in every year that has it: 29 March is then the last Sunday of the month.
    started = time.process_time()
    assert next_fire(parse_cron(expr, "Europe/Berlin"), from_iso("2025-01-01T00:00:00Z")) is None
    assert time.process_time() - started < 2


def test_the_rarest_date_is_found() -> None:
    check("0 0 29 2 */7", "UTC", "2088-03-01T00:00:00Z", "2128-02-29T00:00:00Z")


def test_fires_are_strictly_after_and_see_microseconds() -> None:
    noon = from_iso("2025-01-15T12:00:00Z")
    for trigger in (parse_cron("0 12 * * *"), parse_cron("* * * * *", "Asia/Kathmandu"), At(noon)):
        assert next_fire(trigger, noon - 1) == noon
        assert next_fire(trigger, noon) != noon
    assert next_fire(parse_cron("* * * * * *"), noon + 1) == noon + SECOND


@pytest.mark.parametrize("tz", ["Asia/Tokyo", "America/New_York", "UTC"])
@pytest.mark.parametrize("expr", ["0 0 * * *", "*/7 * * * *"])
def test_the_ends_of_the_calendar_are_no_error(expr: str, tz: str) -> None:
    trigger = parse_cron(expr, tz)
    assert next_fire(trigger, LAST) is None
    last = list(fires(trigger, from_iso("9998-12-30T00:00:00Z")))[-1]
    assert to_iso(last).startswith(("9998-12-3", "9999-01-01"))
    first = next_fire(trigger, FIRST)
    assert first is not None
    assert to_iso(first).startswith(("0001-12-31", "0002-01-01"))


def test_an_interval_is_anchored() -> None:
    trigger = interval(2.5, anchor=100)
    assert [next_fire(trigger, after) for after in (-10**12, 99, 100, 2_500_099, 2_500_100)] == [
        100, 100, 2_500_100, 2_500_100, 5_000_100,
    ]  # fmt: skip


def test_an_interval_does_not_drift_over_a_million_slots() -> None:
    anchor = from_iso("2025-01-01T00:00:00Z") + 7
    trigger = interval(0.1, anchor)
    count = 1_000_000
    last = None
    for last in islice(fires(trigger, anchor), count):  # noqa: B007
        pass
    assert last == anchor + count * 100_000


@pytest.mark.parametrize("seconds", [0, 0.099, -1, math.nan, math.inf, -math.inf, True, 1e300, 10**400])
def test_an_interval_is_a_sane_number_of_seconds(seconds: float) -> None:
    with pytest.raises(InvalidInput, match="an interval is a number of seconds"):
        interval(seconds, anchor=0)


def test_at_fires_once() -> None:
    assert list(fires(At(50), 0)) == [50]
    assert next_fire(At(50), 50) is None


@pytest.mark.parametrize("trigger", [Interval(every=SECOND, anchor=5), Cron("@daily", "Asia/Tokyo"), At(at=9)])
def test_triggers_travel_as_json(trigger: Trigger) -> None:
    assert msgspec.json.decode(msgspec.json.encode(trigger), type=Interval | Cron | At) == trigger


def test_cron_is_cheap_enough_for_a_hundred_thousand_schedules_a_minute() -> None:
    start = from_iso("2025-01-01T00:00:00Z")
    for expr in ("* * * * *", "0 3 * * *", "0 9 * * MON-FRI", "30 2 1 * *"):
        trigger = parse_cron(expr, "Europe/Berlin")
        next_fire(trigger, start)
        best = math.inf
        for _ in range(5):
            began = time.process_time()
            for minute in range(2_000):
                next_fire(trigger, start + minute * 60 * SECOND)
            best = min(best, (time.process_time() - began) / 2_000)
        assert best < 30e-6, f"{expr}: {best * 1e6:.1f} us"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_no_utc_datetime_can_show_is_no_instant(moment: str) -> None:
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        from_iso(moment)


def test_an_interval_ends_with_the_last_moment_that_can_be_shown() -> None:
    century = interval(100 * 365 * 86_400, from_iso("9850-01-01T00:00:00Z"))
    assert [to_iso(fire) for fire in fires(century, from_iso("9800-01-01T00:00:00Z"))] == [
        "9850-01-01T00:00:00Z",
        "9949-12-08T00:00:00Z",
    ]
