"""`scheduler.yaml` gives schedules to jobs that are there; each fault is named with its file, entry and line."""

from __future__ import annotations

import textwrap

import pytest

from treadle.authoring.schedule_file import FileSchedule, read_schedules
from treadle.domain.errors import InvalidInput, MalformedInput, PayloadTooLarge, Problem
from treadle.domain.schedules import ScheduleSpec

JOBS = {"daily.questmaster", "weekly.sprintplanner", "github.sync"}


def read(text: str) -> list[FileSchedule]:
    return read_schedules(textwrap.dedent(text).encode(), file="scheduler.yaml", jobs=JOBS)


def problems_of(text: str) -> dict[str, Problem]:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    return {problem.pointer: problem for problem in caught.value.problems}


def test_entries_become_schedules() -> None:
    daily, weekly = read(
        """
        schedules:
          # every morning
          - jobId: daily.questmaster
            schedule: "0 9 * * *"  # 9 AM
            enabled: true
            timezone: "America/New_York"
            description: "Daily quests"
            input:
              orgId: "default-org"

          - jobId: weekly.sprintplanner
            schedule: "*/15 * * * 7"
            enabled: false
        """
    )
    assert (daily.job_id, daily.source) == ("daily.questmaster", "scheduler.yaml:4")
    assert daily.spec == ScheduleSpec(
        cron="0 9 * * *",
        timezone="America/New_York",
        description="Daily quests",
        inputs={"orgId": "default-org"},
    )
    assert weekly.spec == ScheduleSpec(cron="*/15 * * * 7", timezone="UTC", enabled=False)


def test_a_job_may_have_several_entries_each_known_by_what_it_says() -> None:
    one = "{jobId: github.sync, schedule: '@hourly', enabled: true, input: {org: a}}"
    two = "{jobId: github.sync, schedule: '@hourly', enabled: true, input: {org: b}}"
    first = read(f"schedules: [{one}, {two}]")
    moved = read(f"schedules: [{two}, {one}]")
    assert len({each.schedule_id for each in first}) == 2
    assert [each.schedule_id for each in first] == [each.schedule_id for each in reversed(moved)]
    assert "scheduler.yaml:1" in problems_of(f"schedules: [{one}, {one}]")["/schedules/1"].message


def test_a_limit_that_has_no_effect_yet_is_refused_among_the_inputs() -> None:
    entry = "{jobId: github.sync, schedule: '@hourly', enabled: true, input: {failure_threshold: 3}}"
    found = problems_of(f"schedules: [{entry}]")
    assert found["/schedules/0/input/failure_threshold"].code == "not_yet_supported"


def test_every_fault_is_named_with_its_line() -> None:
    problems = problems_of(
        """\
        schedule: []
        schedules:
          - jobId: github.synk
            schedule: "61 * * *  *"
            enabled: true
            timezone: Europe/Berlinn
          - jobId: github.sync
            schedule: "* * * * *"
            enable: true
          - {jobId: github.sync, schedule: 5, enabled: yes}
        """
    )
    assert {pointer: problem.message for pointer, problem in problems.items()} == {
        "/schedule": 'unknown key (did you mean "schedules"?) (scheduler.yaml, line 1)',
        "/schedules/0/jobId": "there is no job 'github.synk' (did you mean \"github.sync\"?) (scheduler.yaml, line 3)",
        "/schedules/0/schedule": "minute: 61 is not within 0-59 (scheduler.yaml, line 4)",
        "/schedules/0/timezone": '"Europe/Berlinn" is not a time zone of the IANA database'
        ' (did you mean "Europe/Berlin"?) (scheduler.yaml, line 6)',
        "/schedules/1/enable": 'unknown key (did you mean "enabled"?) (scheduler.yaml, line 9)',
        "/schedules/1/enabled": "this key is required (scheduler.yaml, line 7)",
        "/schedules/2/schedule": "expected `str`, got `int` (scheduler.yaml, line 10)",
        "/schedules/2/enabled": "expected `bool`, got `str` (scheduler.yaml, line 10)",
    }


@pytest.mark.parametrize("text", ["", "[]", "schedules:", "schedules: {}", "schedules: [1]", "jobs: []"])
def test_what_is_no_schedule_file_is_refused(text: str) -> None:
    assert problems_of(text)


def test_an_empty_list_is_fine() -> None:
    assert read("schedules: []") == []


@pytest.mark.parametrize(
    "text",
    ["schedules: [", "schedules: []\nschedules: []", "a: &b 1\nschedules: *b", "schedules: !!python/tuple []"],
)
def test_what_is_no_strict_yaml_names_the_file(text: str) -> None:
    with pytest.raises(MalformedInput, match=r"^scheduler\.yaml: .*line \d"):
        read(text)


def test_a_file_over_the_cap_is_too_large() -> None:
    with pytest.raises(PayloadTooLarge):
        read("#" * 2_000_000)
