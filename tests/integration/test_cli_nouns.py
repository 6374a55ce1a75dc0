"""The nouns of the command line against a real server: what they print, where, and how they exit."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.up import PATIENCE_SECONDS, TREADLE, Up, environment, treadle, until, up
from treadle.cli.exits import Exit


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("server")) as started:
        started.define(job_id="hello", script="cat; echo; echo said >&2", description="Says what it is given.")
        started.define(job_id="fails", script="exit 3", retry_policy={"max_retry": 0})
        started.define(job_id="long", script="echo begun; sleep 300")
        started.define(job_id="nightly", script="true", schedule={"cron": "30 2 * * *", "timezone": "Asia/Jakarta"})
        yield started


def test_lists_are_bare_columns_where_they_are_piped(server: Up) -> None:
    done = server.run("job", "list")
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["JOB", "SCHEDULE", "NEXT", "ENABLED", "VERSION", "DESCRIPTION"]
    assert [row.split()[0] for row in rows] == ["fails", "hello", "long", "nightly"]
    assert "every day at 02:30, Asia/Jakarta" in rows[3]
    assert done.stdout.isascii()
    assert server.run("list").stdout.splitlines()[0] == head


def test_a_list_of_schedules_says_when_in_words(server: Up) -> None:
    (row,) = server.run("schedule", "list", "--job", "nightly").stdout.splitlines()[1:]
    assert "every day at 02:30, Asia/Jakarta" in row


def test_ids_are_never_cut_on_a_narrow_terminal(server: Up) -> None:
    run_id = server.submit("hello")
    main, end = pty.openpty()
    process = subprocess.Popen(
        [TREADLE, "run", "list", "--data", str(server.data)],
        stdout=end,
        env={**environment(), "COLUMNS": "40", "NO_COLOR": "1"},
    )
    os.close(end)
    drawn = b""
    while True:
        try:
            chunk = os.read(main, 65_536)
        except OSError:
            break
        if not chunk:
            break
        drawn += chunk
    assert process.wait(PATIENCE_SECONDS) == 0
    assert run_id in drawn.decode()
    assert b"\x1b[3" not in drawn  # no colour


def test_a_job_is_created_shown_switched_and_deleted(server: Up, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("job_id: fresh\nexecutor: {type: shell, script: echo fresh}\nschedule: {interval_sec: 3600}\n")
    assert server.run("job", "validate", str(file)).returncode == 2  # it needs no server, and takes no --data
    assert treadle("job", "validate", str(file)).stdout == "fresh is valid\n"
    assert server.run("job", "create", str(file)).stdout == "fresh\n"
    again = server.run("job", "create", str(file))
    assert again.returncode == 5
    assert "fresh" in again.stderr
    assert server.ask("job", "show", "fresh")["version"] == 1
    assert "interval_sec: 3600" in server.run("job", "show", "fresh").stdout
    assert server.ask("job", "disable", "fresh")["enabled"] is False
    assert server.run("job", "enable", "fresh").stdout == "fresh is enabled\n"
    assert [each["job_id"] for each in server.ask("schedule", "list", "--job", "fresh")["items"]] == ["fresh"]
    unasked = server.run("job", "delete", "fresh", stdin="")
    assert unasked.returncode == 2
    assert "--yes" in unasked.stderr
    assert server.ask("job", "delete", "fresh", "--yes") == {"job_id": "fresh", "deleted": True}
    assert server.run("job", "show", "fresh").returncode == 4


def test_a_job_is_replaced_by_a_file_as_it_was_read(server: Up, tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text('{"executor": {"type": "shell", "script": "true"}, "max_concurrent": 1}')
    assert server.run("job", "replace", "swapped", str(file)).returncode == 4
    server.define(job_id="swapped", script="false")
    assert server.run("job", "replace", "swapped", str(file)).stdout == "swapped is at version 2\n"
    read = server.ask("job", "show", "swapped")
    assert (read["executor"]["script"], read["max_concurrent"]) == ("true", 1)
    file.write_text(json.dumps({**read, "max_concurrent": 4}))
    assert server.ask("job", "replace", "swapped", str(file))["max_concurrent"] == 4
    stale = server.run("job", "replace", "swapped", str(file))
    assert (stale.returncode, "version 3 by now" in stale.stderr) == (5, True), stale.stderr
    file.write_text(json.dumps({**read, "max_concurrent": -4}))
    assert server.run("job", "replace", "swapped", str(file)).returncode == 2


def test_a_wrong_document_is_refused_with_every_fault(server: Up) -> None:
    text = json.dumps({"job_id": "x", "executor": {"type": "shel"}, "timout_ms": 3})
    for done in (server.run("job", "create", "-", stdin=text), treadle("job", "validate", "-", stdin=text)):
        assert (done.returncode, done.stdout) == (2, "")
        assert "timout_ms" in done.stderr
        assert "executor" in done.stderr
    answer = json.loads(treadle("job", "validate", "-", "--json", stdin=text).stdout)
    assert answer["valid"] is False
    assert len(answer["errors"]) >= 2


def test_inputs_come_from_all_options_the_nearest_wins(server: Up, tmp_path: Path) -> None:
    file = tmp_path / "inputs.json"
    file.write_text('{"a": 1, "b": 1}')
    run = server.ask("job", "run", "hello", "--input", f"@{file}", "--set", "b=[2]", "--set", "c=Jakarta", "--wait")
    assert run["inputs"] == {"a": 1, "b": [2], "c": "Jakarta"}
    alias = server.run("job", "hello", "--org", "acme")
    (run_id,) = alias.stdout.split()
    assert server.ask("run", "show", run_id)["inputs"] == {"orgId": "acme"}
    assert server.run("job", "run", "hello", "--input", "[1]").returncode == 2
    assert server.run("job", "run", "hello", "--set", "novalue").returncode == 2


def test_a_job_is_run_later_and_as_urgently_as_it_is_said(server: Up) -> None:
    at = "2099-01-01T00:00:00Z"
    refused = server.run("job", "run", "hello", "--scheduled-for", at)
    assert (refused.returncode, "days ahead" in refused.stderr) == (2, True)
    run = json.loads(server.run("job", "run", "hello", "--delay", "3600", "--priority", "urgent", "--json").stdout)
    assert (run["status"], run["priority"]) == ("scheduled", "critical")
    server.run("run", "cancel", run["run_id"])
    soon = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0).isoformat()
    run = json.loads(server.run("job", "run", "hello", "--scheduled-for", soon, "--priority", "2", "--json").stdout)
    assert (run["status"], run["priority"]) == ("scheduled", "low")
    server.run("run", "cancel", run["run_id"])


def test_logs_are_printed_as_they_were_said(server: Up) -> None:
    run_id = server.ask("job", "run", "hello", "--set", "who=you", "--wait")["run_id"]
    until(lambda: "said" in server.run("run", "logs", run_id).stdout, "the log")
    done = server.run("run", "logs", "-f", run_id)
    assert '{"who":"you"}' in done.stdout
    lines = [json.loads(line) for line in server.run("run", "logs", run_id, "--json").stdout.splitlines()]
    assert {"stdout", "stderr"} <= {line["stream"] for line in lines}


def test_following_a_log_ends_with_its_run(server: Up) -> None:
    run_id = server.submit("long")
    reader = subprocess.Popen(
        [TREADLE, "run", "logs", "-f", run_id, "--data", str(server.data)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert reader.stdout is not None
    assert any("begun" in line for line in reader.stdout)
    assert server.run("run", "cancel", run_id).returncode == 0
    reader.communicate(timeout=20)
    assert reader.returncode == 0


def test_following_a_log_goes_on_after_the_server_was_away(server: Up, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job = server.define(name="gated", script=f"echo one; until [ -e {gate} ]; do sleep 0.1; done; echo two")
    reader = subprocess.Popen(
        [TREADLE, "run", "logs", "-f", server.submit(job), "--data", str(server.data)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "one\n"
    server.kill_service("api")
    gate.touch()
    assert (reader.communicate(timeout=60)[0], reader.returncode) == ("two\n", 0)


def test_waiting_exits_by_what_became_of_the_run(server: Up) -> None:
    assert server.run("job", "run", "hello", "--wait").returncode == 0
    failed = server.run("job", "run", "fails", "--wait", "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["error"]["code"] == "exit_code"
    assert "failed" in failed.stderr
    late = server.run("job", "run", "long", "--wait", "--timeout", "1s", "--json")
    assert late.returncode == 124
    run_id = json.loads(late.stdout)["run_id"]
    assert server.run("run", "cancel", run_id).returncode == 0
    assert server.run("run", "watch", run_id).returncode == 1
    assert server.run("run", "explain", run_id).stdout.startswith("cancelled: ")
    assert server.run("run", "cancel", server.ask("job", "run", "hello", "--wait")["run_id"]).returncode == 5


@pytest.mark.parametrize("more", [("--timeout", "2"), ("--wait", "--timeout", "soon")])
def test_a_wait_that_can_be_none_begins_nothing(server: Up, more: tuple[str, ...]) -> None:
    before = server.ask("run", "list", "--limit", "1")["items"]
    done = server.run("job", "run", "hello", *more)
    assert (done.returncode, "timeout" in done.stderr) == (Exit.USAGE, True), done.stderr
    assert server.ask("run", "list", "--limit", "1")["items"] == before


def test_an_empty_file_is_no_job(server: Up, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.touch()
    done = server.run("job", "create", str(file))
    assert (done.returncode, f"{file} holds no job" in done.stderr) == (Exit.USAGE, True), done.stderr


def test_an_interrupted_wait_exits_130_and_the_run_goes_on(server: Up) -> None:
    run_id = server.submit("long")
    waiting = subprocess.Popen(
        [TREADLE, "run", "watch", run_id, "--data", str(server.data)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert waiting.stderr is not None
    waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(PATIENCE_SECONDS) == 130
    assert server.status(run_id) in ("ready", "running")
    server.run("run", "cancel", run_id)
    until(lambda: server.status(run_id) == "cancelled", "its end")


def test_a_retry_is_a_new_run(server: Up) -> None:
    first = server.ask("job", "run", "hello", "--set", "n=1", "--wait")
    second = server.ask("run", "retry", first["run_id"], "--wait")
    assert (second["retry_of"], second["inputs"]) == (first["run_id"], {"n": 1})
    third = server.ask("run", "retry", first["run_id"], "--set", "m=2", "--replace")
    assert third["inputs"] == {"m": 2}


@pytest.mark.parametrize(
    "arguments",
    [
        ("job", "show", "nobody"),
        ("job", "run", "nobody"),
        ("job", "nobody"),
        ("run", "show", "run_nobody"),
        ("run", "logs", "run_nobody"),
        ("run", "explain", "run_nobody"),
    ],
)
def test_what_is_not_there_exits_4(server: Up, arguments: tuple[str, ...]) -> None:
    done = server.run(*arguments)
    assert (done.returncode, done.stdout) == (4, "")
    assert "nobody" in done.stderr


def test_no_server_exits_3_and_says_how_to_get_one(tmp_path: Path) -> None:
    done = treadle("job", "list", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert "treadle up" in done.stderr
    away = treadle("job", "list", TREADLE_URL="http://127.0.0.1:9", TREADLE_TOKEN="t" * 20)
    assert away.returncode == 3
    assert "127.0.0.1:9" in away.stderr
    tokenless = treadle("job", "list", TREADLE_URL="http://127.0.0.1:9")
    assert tokenless.returncode == 3
    assert "TREADLE_TOKEN" in tokenless.stderr


def test_status_and_doctor_find_all_well(server: Up) -> None:
    status = server.ask("status")
    assert status["status"] == "ready"
    assert {worker["role"]: worker["status"] for worker in status["workers"]} == {
        "api": "online",
        "scheduler": "online",
        "worker": "online",
    }
    assert status["runs"] == {"running": 0, "waiting": 0, "at_least": False}
    doctor = server.run("doctor", "--json")
    findings = json.loads(doctor.stdout)["findings"]
    assert doctor.returncode == 0
    assert {finding["grade"] for finding in findings} == {"ok"}
    assert {"python", "database", "server", "workers", "clock", "disk space"} <= {each["what"] for each in findings}


def test_a_misspelt_variable_is_refused_lest_a_command_acts_elsewhere(server: Up) -> None:
    refused = server.run("job", "list", TREADLE_DOMIAN="alpha")
    assert (refused.returncode, "TREADLE_DOMIAN: there is no such setting" in refused.stderr) == (2, True)
    assert "TREADLE_DOMAIN" in refused.stderr


def test_a_program_of_a_run_uses_the_commands(server: Up) -> None:
    run_id = server.submit(
        server.define(job_id="inside", script=f"env | grep TREADLE_; {TREADLE} job list --data {server.data}")
    )
    until(lambda: server.status(run_id) in ("completed", "failed"), "its end")
    assert server.status(run_id) == "completed", server.run("run", "logs", run_id).stdout


def test_a_token_for_another_server_does_not_stand_in_the_way_of_the_local_one(server: Up) -> None:
    elsewhere = {"TREADLE_URL": "http://127.0.0.1:9", "TREADLE_TOKEN": "the-token-of-another-server"}
    assert server.run("job", "list", **elsewhere).returncode == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TREADLE_URL", "127.0.0.1:8000"),
        ("TREADLE_URL", "http://127.0.0.1:port"),
        ("TREADLE_URL", "ftp://127.0.0.1"),
        ("TREADLE_URL", "http://"),
        ("TREADLE_TOKEN", "two\nlines"),
        ("TREADLE_TOKEN", "t\u00f6ken"),
    ],
)
def test_an_address_or_a_token_that_can_be_none_is_named(variable: str, value: str) -> None:
    done = treadle("job", "list", **{"TREADLE_URL": "http://127.0.0.1:9", "TREADLE_TOKEN": "x", variable: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"treadle: {variable}: ")
    assert done.stderr.count("\n") == 1


def test_a_file_s_name_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("{job_id: flow, type: report.daily}  # no JSON\n")
    assert treadle("job", "validate", str(file)).stdout == "flow is valid\n"


def test_a_noun_alone_shows_its_help() -> None:
    for noun in ("job", "run", "schedule"):
        alone = treadle(noun)
        assert (alone.returncode, alone.stdout) == (0, treadle(noun, "--help").stdout)


def test_doctor_says_what_is_wrong_with_a_database(tmp_path: Path) -> None:
    (tmp_path / "treadle.db").write_bytes(b"this is no database, and long enough to be read as one" * 100)
    done = treadle("doctor", "--data", str(tmp_path))
    assert done.returncode == 3
    assert "fail  database" in done.stdout


def test_a_backup_taken_while_work_goes_on_is_whole(server: Up, tmp_path: Path) -> None:
    run_id = server.submit("hello")
    file = tmp_path / "copy.db"
    assert server.run("backup", str(file)).returncode == 0
    with sqlite3.connect(file) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = copy.execute("SELECT id FROM runs UNION ALL SELECT id FROM history").fetchall()
    assert (run_id,) in found
    assert server.run("backup", str(file)).returncode == 5
    assert treadle("backup", str(tmp_path / "other.db"), "--data", str(tmp_path / "nowhere")).returncode == 4


@pytest.mark.parametrize("noun", ["job", "run"])
def test_a_list_takes_little_of_the_processor(server: Up, noun: str) -> None:
    """By the processor's time, which other work on the machine stretches less than the clock's."""

    def spent() -> float:
        command = [TREADLE, noun, "list", "--data", str(server.data)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_utime + usage.ru_stime

    assert min(spent() for _ in range(5)) <= 0.4
