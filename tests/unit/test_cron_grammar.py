"""What a cron expression may say, and what is said about one that is wrong."""

from __future__ import annotations

import pytest

from treadle.domain.errors import InvalidInput
from treadle.domain.triggers import Cron, parse_cron
from treadle.domain.triggers.calendars import LAST, LAST_WORKDAY
from treadle.domain.triggers.grammar import ALIASES, calendar_of


def faults(expr: str, tz: str = "UTC") -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        parse_cron(expr, tz)
    return [(problem.pointer, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ("7", [7]),
        ("07", [7]),
        ("5,1,3,5", [1, 3, 5]),
        ("10-13", [10, 11, 12, 13]),
        ("*/20", [0, 20, 40]),
        ("10-30/7", [10, 17, 24]),
        ("50/4", [50, 54, 58]),
        ("*/90", [0]),
        ("1-3,20/20,59", [1, 2, 3, 20, 40, 59]),
        ("*", list(range(60))),
    ],
)
def test_lists_ranges_and_steps_name_their_values(minutes: str, expected: list[int]) -> None:
    assert calendar_of(f"{minutes} * * * *").minutes == tuple(expected)


@pytest.mark.parametrize(
    ("weekdays", "expected"),
    [
        ("0", {0}),
        ("7", {0}),
        ("sun", {0}),
        ("Mon-FRI", {1, 2, 3, 4, 5}),
        ("sat-sun", {6, 0}),
        ("5-7", {5, 6, 0}),
        ("mon,wed-thu", {1, 3, 4}),
        ("mon-sat/2", {1, 3, 5}),
        ("1/2", {1, 3, 5, 0}),
        ("*/2", {0, 2, 4, 6}),
    ],
)
def test_weekdays_have_names_and_two_numbers_for_sunday(weekdays: str, expected: set[int]) -> None:
    assert calendar_of(f"0 0 * * {weekdays}").days.weekdays == expected


def test_months_have_names_also_in_ranges_with_steps() -> None:
    assert calendar_of("0 0 1 jan-Jun/2,DEC *").months == {1, 3, 5, 12}


def test_a_sixth_field_in_front_is_seconds() -> None:
    assert calendar_of("* * * * *").seconds == (0,)
    assert calendar_of("*/30 5 * * * *").seconds == (0, 30)
    assert calendar_of("*/30 5 * * * *").minutes == (5,)


def test_last_and_numbered_days() -> None:
    assert calendar_of("0 0 L,15,LW * *").days.dates == {LAST, LAST_WORKDAY, 15}
    assert calendar_of("0 0 * * 5L,L1,friL,sun#2,7#3").days.nth == {(5, LAST), (1, LAST), (0, 2), (0, 3)}


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_are_taken_in_any_case(alias: str) -> None:
    assert calendar_of(alias) == calendar_of(alias.upper()) == calendar_of(ALIASES[alias])


@pytest.mark.parametrize(
    ("expr", "elapsed"),
    [
        ("0 3 * * *", False),
        ("0-59 0-23 * * *", False),
        ("0,30 2/2 * * *", False),
        ("*/15 3 * * *", True),
        ("0 * * * *", True),
        ("*,5 3 * * *", True),
        ("* 30 2 * * *", False),
        ("@daily", False),
        ("@hourly", True),
    ],
)
def test_an_entry_follows_elapsed_time_where_its_minute_or_hour_begins_with_a_star(expr: str, elapsed: bool) -> None:  # noqa: FBT001
    assert calendar_of(expr).elapsed is elapsed


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("61 * * * *", "minute: 61 is not within 0-59"),
        ("60 0 * * * *", "second: 60 is not within 0-59"),
        ("0 24 * * *", "hour: 24 is not within 0-23"),
        ("0 0 0 * *", "day of month: 0 is not within 1-31"),
        ("0 0 1 13 *", "month: 13 is not within 1-12"),
        ("0 0 * * 8", "day of week: 8 is not within 0-7"),
        ("-1 * * * *", "minute: a value is missing"),
        ("1- * * * *", "minute: a value is missing"),
        ("1,,2 * * * *", "minute: a value is missing"),
        ("five * * * *", 'minute: "FIVE" is not a number'),
        ("² * * * *", 'minute: "²" is not a number'),
        ("40-20 * * * *", "minute: the range 40-20 runs backwards"),
        ("*/0 * * * *", "minute: the step, 0, is less than 1"),
        ("*/ * * * *", "minute: the step is missing"),
        ("*/x * * * *", 'minute: "X" is not a number'),
        ("0 0 * * L", "day of week: L needs a day here, as in 5L for the last Friday"),
        ("0 0 * * 1#6", "day of week: the number after #, 6, is not within 1-5"),
        ("0 0 * * 1#", "day of week: the number after # is missing"),
        ("0 0 * JANU *", 'month: "JANU" is not a number within 1-12 or a name JAN-DEC (did you mean "JAN"?)'),
        (
            "0 0 * * MONDAY",
            'day of week: "MONDAY" is not a number within 0-7 or a name SUN-SAT (did you mean "MON"?)',
        ),
        (
            "* * * *",
            (
                "a cron expression has 5 fields (minute, hour, day of month, month, day of week), "
                "or 6 with seconds first, not 4"
            ),
        ),
    ],
)
def test_a_fault_names_the_field_and_why(expr: str, message: str) -> None:
    assert faults(expr) == [("/expr", message)]


def test_every_field_at_fault_is_named_at_once() -> None:
    assert faults("61 25 * * *", "Europe/berlin") == [
        ("/expr", "minute: 61 is not within 0-59"),
        ("/expr", "hour: 25 is not within 0-23"),
        ("/tz", '"Europe/berlin" is not a time zone of the IANA database (did you mean "Europe/Berlin"?)'),
    ]


def test_reboot_is_refused_with_the_reason() -> None:
    [(_, message)] = faults("@reboot")
    assert message.startswith("@reboot names no time")


def test_an_unknown_alias_is_answered_with_the_nearest() -> None:
    [(_, message)] = faults("@dayly")
    assert message.endswith('(did you mean "@daily"?)')


def test_an_endless_number_is_refused_shortly() -> None:
    [(_, message)] = faults("9" * 10_000 + " * * * *")
    assert len(message) < 60


@pytest.mark.parametrize(
    "tz", ["", "localtime", "CEST", "Europe", "../etc/passwd", "posix/Europe/Berlin", "Mars/Base\0"]
)
def test_only_zones_of_the_iana_database_are_known(tz: str) -> None:
    [(pointer, message)] = faults("0 0 * * *", tz)
    assert pointer == "/tz"
    assert "is not a time zone" in message


def test_a_good_expression_keeps_its_words() -> None:
    assert parse_cron("  0  9 * * mon-fri ", "Asia/Tokyo") == Cron("0 9 * * mon-fri", "Asia/Tokyo")
