"""Schedules in words."""

from __future__ import annotations

import pytest

from treadle.domain.triggers.words import cron_words, interval_words


@pytest.mark.parametrize(
    ("expr", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("*/7 * * * *", "every hour, at minute 0, 7, 14, 21, 28, 35, 42, 49 and 56"),
        ("*/10 9-17 * * 1-5", "every 10 minutes, within the hours 9-17, from Monday to Friday"),
        ("0 * * * *", "every hour"),
        ("15 */2 * * *", "every 2 hours, at minute 15"),
        ("0 9-17 * * *", "at minute 0 of the hours 9-17"),
        ("*/5,31 */2,3 * * *", "at minute 0, 5, 10, 15, 20, 25, 30, 31, 35, 40, 45, 50 and 55 of the hours */2,3"),
        ("@daily", "at 00:00"),
        ("30 9,17 * * SAT,SUN", "at 09:30 and 17:30, on Saturdays and Sundays"),
        ("0 9 * * FRI-SUN", "at 09:00, from Friday to Sunday"),
        ("0 9 * * 5L", "at 09:00, on the last Friday of the month"),
        ("0 9 * * 5#2,1", "at 09:00, on Mondays and on the second Friday of the month"),
        ("0 0 1,L * *", "at 00:00, on day 1 and the last day of the month"),
        ("0 0 LW 1,7 *", "at 00:00, on the last day from Monday to Friday of the month, in January and July"),
        ("0 0 13 * FRI", "at 00:00, on day 13 of the month and on Fridays"),
        ("0 0 */2 * *", "by the expression 0 0 */2 * *"),
        ("10 0 0 * * *", "by the expression 10 0 0 * * *"),
    ],
)
def test_cron(expr: str, words: str) -> None:
    assert cron_words(expr) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.5, "every 0.5 seconds"),
        (1, "every second"),
        (90, "every 90 seconds"),
        (3_600, "every hour"),
        (172_800, "every 2 days"),
    ],
)
def test_intervals(seconds: float, words: str) -> None:
    assert interval_words(seconds) == words
