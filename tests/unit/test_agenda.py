"""What schedules will do in the days to come."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.agenda import MOST_ENTRIES, agenda_days, count_fires, days_of, left_out, outlook
from treadle.domain.instants import DAY, HOUR, SECOND, from_iso, to_iso
from treadle.domain.jobs import create_job, job_schedule, parse_job
from treadle.domain.schedules import Schedule
from treadle.domain.triggers import fires, parse_cron

MONDAY = from_iso("2027-03-22T00:00:00+01:00")
BERLIN = "Europe/Berlin"


def schedule(job_id: str, **said: Any) -> Schedule:
    job = create_job(parse_job({"job_id": job_id, "type": "t", "schedule": said}), source="api", now=MONDAY - HOUR)
    made = job_schedule(job, None, MONDAY - HOUR)
    assert made is not None
    return made


@pytest.mark.parametrize("tz", ["UTC", BERLIN, "Asia/Kolkata", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    "expr", ["* * * * *", "*/7 1-3 * * *", "30 2 * * *", "0,30 2,3 * * *", "15 */6 * * 1-5", "*/20 30 2 * * *"]
)
@pytest.mark.parametrize("month", ["2027-03-24", "2027-04-01", "2027-10-02", "2027-10-28"])
def test_counting_tells_what_walking_would(expr: str, tz: str, month: str) -> None:
    """Also where clocks change, by an hour or by half of one, and where hours begin elsewhere."""
    trigger, start = parse_cron(expr, tz), from_iso(f"{month}T00:00:00Z") + 1_234 * SECOND
    for hour in range(start, start + 6 * DAY, HOUR - 7 * SECOND):
        assert count_fires(trigger, hour, hour + HOUR) == sum(1 for _ in fires(trigger, hour - 1, hour + HOUR - 1))


def test_a_week_has_every_fire_in_the_hour_that_the_clock_shows() -> None:
    found = outlook(schedule("a", cron="30 2 * * *", timezone=BERLIN), MONDAY, MONDAY + 7 * DAY, BERLIN)
    # On Sunday the clock jumps over 02:30.
    assert found.hours == {**{(day, 2): 1 for day in range(6)}, (6, 3): 1}
    every_second = outlook(schedule("b", cron="* * * * * *"), MONDAY, MONDAY + DAY, BERLIN)
    assert every_second.hours == {(0, hour): 3_600 for hour in range(24)}
    assert outlook(schedule("c", interval_sec=600), MONDAY, MONDAY + DAY, BERLIN).hours[0, 5] == 6


def test_days_list_what_fires_seldom_and_sum_up_what_fires_often() -> None:
    told = [
        schedule("nightly", cron="0 2 * * *", timezone=BERLIN),
        schedule("hourly", cron="0 * * * *"),
        schedule("report", cron="0 2 * * 1", timezone=BERLIN),
        schedule("beat", interval_sec=10),
        schedule("off", cron="0 2 * * *", timezone=BERLIN, enabled=False),
    ]
    until = MONDAY + 2 * DAY
    outlooks = [(each.id, outlook(each, MONDAY, until, BERLIN)) for each in told]
    monday, tuesday = agenda_days(outlooks, days_of(MONDAY, until, BERLIN))
    assert [(entry.schedule_id, entry.count) for entry in monday.entries] == [
        ("hourly", 24),
        ("beat", 8_640),
        ("nightly", 1),
        ("report", 1),
    ]
    assert [entry.schedule_id for entry in tuesday.entries] == ["hourly", "beat", "nightly"]
    assert [(to_iso(busy.at), busy.schedule_ids) for busy in monday.busy] == [
        ("2027-03-22T01:00:00Z", ["nightly", "hourly", "report"])
    ]
    assert tuesday.busy == []


def test_what_ends_fires_no_more() -> None:
    ends = schedule("a", cron="0 * * * *", end_at="2027-03-22T02:00:00+01:00")
    assert sum(outlook(ends, MONDAY, MONDAY + DAY, "UTC").hours.values()) == 3


def test_an_agenda_without_room_tells_how_many_entries_it_leaves_out() -> None:
    often = outlook(schedule("a", cron="0 */6 * * *"), MONDAY, MONDAY + 7 * DAY, "UTC")
    assert left_out([("a", often)]) == 0
    many = [(str(number), often) for number in range(MOST_ENTRIES // 28 + 1)]
    days = agenda_days(many, days_of(MONDAY, MONDAY + 7 * DAY, "UTC"))
    shown = sum(len(day.entries) for day in days)
    assert (shown, left_out(many)) == (MOST_ENTRIES, 28 * len(many) - MOST_ENTRIES)
