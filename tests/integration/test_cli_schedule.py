"""`treadle schedule next`, called as people and programs call it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from treadle.domain.instants import HOUR, from_iso
from treadle.system import SystemClock

NEXT = [str(Path(sys.executable).with_name("treadle")), "schedule", "next"]


def ask(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*NEXT, *arguments], input=stdin, capture_output=True, text=True, timeout=30, check=False)


def test_json_lists_the_next_fires_in_utc() -> None:
    done = ask("30 2 * * *", "--tz", "Europe/Berlin", "--after", "2026-03-28T12:00:00Z", "--count", "3", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"next": ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]}


def test_an_offset_of_after_is_obeyed() -> None:
    done = ask("@daily", "--after", "2026-01-01T01:00:00+02:00", "--count", "1", "--json")
    assert json.loads(done.stdout) == {"next": ["2026-01-01T00:00:00Z"]}


def test_five_fires_from_now_on_in_utc_are_the_defaults() -> None:
    before = SystemClock().wall()
    found = json.loads(ask("@hourly", "--json").stdout)["next"]
    assert len(found) == 5
    assert before < from_iso(found[0]) <= before + HOUR + HOUR // 60
    assert all(fire.endswith(":00:00Z") for fire in found)


def test_what_never_fires_is_an_empty_list() -> None:
    assert json.loads(ask("0 0 30 2 *", "--json").stdout) == {"next": []}
    spoken = ask("0 0 30 2 *")
    assert (spoken.returncode, spoken.stdout) == (0, "")
    assert "at no time in the 50 years from now" in spoken.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["61 * * * *"], ["expr: minute: 61 is not within 0-59"]),
        (["0 25 * 13 *"], ["hour: 25 is not within 0-23", "month: 13 is not within 1-12"]),
        (["-5 * * * *"], ["expr: minute: "]),
        (["* * *"], ["expr: a cron expression has 5 fields"]),
        (["@reboot"], ["expr: @reboot"]),
        (["@daily", "--tz", "Europe/Berln"], ['tz: "Europe/Berln"', 'did you mean "Europe/Berlin"?']),
        (["@daily", "--after", "yesterday"], ["after: ", "yesterday"]),
        (["@daily", "--after", "2026-01-01T00:00:00"], ["after: ", "has no time zone"]),
        (["@daily", "--count", "0"], ["count: ", ">= 1"]),
        (["@daily", "--count", "100001"], ["count: ", "<= 100000"]),
        ([], ["expr: give a cron expression, or --stdin"]),
        (["@daily", "--stdin"], ["expr: give a cron expression, or --stdin"]),
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_bad_input_exits_2_and_names_the_field_and_why(form: list[str], arguments: list[str], said: list[str]) -> None:
    done = ask(*arguments, *form)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(words in done.stderr for words in said), done.stderr


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_standard_input_is_answered_a_line_each() -> None:
    asked = [
        {"expr": "0 9 * * 1-5", "tz": "Asia/Tokyo", "after": "2026-01-02T00:00:00Z", "count": 2},
        {"expr": "@yearly", "after": "2026-01-01T00:00:00Z"},
    ]
    done = ask("--stdin", "--count", "1", stdin="\n\n".join(map(json.dumps, asked)))
    assert done.returncode == 0
    assert lines(done.stdout) == [
        {"next": ["2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"]},
        {"next": ["2027-01-01T00:00:00Z"]},
    ]


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ('{"expr": "61 * * * *"}', "expr", "minute: 61 is not within 0-59"),
        ('{"expr": "@daily", "tz": "Mars"}', "tz", '"Mars" is not a time zone'),
        ('{"expr": "@daily", "after": "soon"}', "after", "soon"),
        ('{"expr": "@daily", "count": true}', "count", "int"),
        ('{"expr": "@daily", "count": -1}', "count", ">= 1"),
        ('{"expr": 5}', "expr", "str"),
        ('{"tz": "UTC"}', "expr", "required"),
        ('{"expr": "@daily", "conut": 1}', "conut", 'did you mean "count"?'),
        ("[]", "", "object"),
        ("{", "", "JSON"),
        ('{"expr": "@daily", "expr": "@weekly"}', "", "expr"),
    ],
)
def test_a_bad_line_is_answered_and_the_next_one_too(line: str, field: str, reason: str) -> None:
    good = '{"expr": "@daily", "after": "2026-01-01T00:00:00Z", "count": 1}'
    done = ask("--stdin", stdin=f"{line}\n{good}\n")
    assert (done.returncode, done.stderr) == (2, "")
    refusal, answer = lines(done.stdout)
    assert refusal["error"]["field"] == field
    assert reason in refusal["error"]["reason"]
    assert answer == {"next": ["2026-01-02T00:00:00Z"]}


ROWS = [
    ["2026-03-29T00:00:00Z", "Sun 2026-03-29 01:00:00 +0100"],
    ["2026-03-29T01:00:00Z", "Sun 2026-03-29 03:00:00 +0200"],
]
HOURLY = ["0 * * * *", "--tz", "Europe/Berlin", "--after", "2026-03-28T23:30:00Z", "--count", "2"]


def test_piped_the_table_is_bare_aligned_columns() -> None:
    header, *rows = ask(*HOURLY).stdout.splitlines()
    assert header == "UTC                   Europe/Berlin"
    assert rows == ["  ".join(row) for row in ROWS]


@pytest.mark.parametrize("no_color", [False, True])
def test_on_a_narrow_terminal_no_cell_is_cut(no_color: bool) -> None:  # noqa: FBT001
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "30"}
    environment.pop("NO_COLOR", None)
    if no_color:
        environment["NO_COLOR"] = "1"
    master, slave = pty.openpty()
    process = subprocess.Popen([*NEXT, *HOURLY], stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 65_536):
            shown += chunk
    except OSError:  # how Linux reports that the other side of a terminal is closed
        pass
    os.close(master)
    assert process.wait(timeout=30) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    assert all(cell in text for row in ROWS for cell in row)
    assert not (no_color and re.search(r"\x1b\[[0-9;]*3[0-9]", shown.decode()))
