"""A job over time, and runs beside each other: versions, rollback, editing, comparing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import Home
from tests.support.up import TREADLE, Up, until
from treadle.cli.exits import Exit


def editor(folder: Path, script: str) -> str:
    """An editor that does to the file what a script says."""
    file = folder / "editor"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def test_a_job_is_edited_and_rolled_back(server: Up, home: Home) -> None:
    server.define(job_id="edited", script="true", description="first")
    sed = editor(home.folder, "sed -i 's/description: first/description: second/' $1")
    assert home.run("job", "edit", "edited", EDITOR=sed).stdout == "edited is at version 2\n"
    unchanged = home.run("job", "edit", "edited", EDITOR="true")
    assert (unchanged.returncode, "nothing was changed" in unchanged.stderr) == (0, True)
    told = home.ask("job", "versions", "edited")["items"]
    assert [(each["version"], each["description"]) for each in told] == [(2, "second"), (1, "first")]
    assert home.run("job", "rollback", "edited", "1").stdout == "edited is at version 3\n"
    assert home.ask("job", "show", "edited")["description"] == "first"
    assert home.run("job", "rollback", "edited", "9").returncode == Exit.NOT_FOUND


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("echo 'timout_ms: 3' >> $1", Exit.USAGE),
        ("sed -i 's/^version: .*/version: 7/' $1", Exit.CONFLICT),
    ],
)
def test_what_was_written_is_kept_where_it_cannot_be_used(server: Up, home: Home, script: str, code: Exit) -> None:
    server.define(job_id=f"kept-{code}", script="true")
    done = home.run("job", "edit", f"kept-{code}", EDITOR=editor(home.folder, script), TMPDIR=str(home.folder))
    assert done.returncode == code
    kept = Path(done.stderr.partition("kept in ")[2].partition(":")[0])
    assert "executor:" in kept.read_text()
    kept.unlink()
    assert home.run("job", "edit", f"kept-{code}", EDITOR="false").returncode == Exit.USAGE


def test_a_run_is_compared_with_the_last_one_that_completed(server: Up, home: Home) -> None:
    server.define(job_id="compared", script="test $(cat) = '{\"n\":1}'", retry_policy={"max_retry": 0})
    good = server.submit("compared", n=1)
    until(lambda: server.status(good) == "completed", "its end")
    assert home.run("run", "compare", good).returncode == Exit.NOT_FOUND  # nothing completed before it
    bad = server.submit("compared", n=2)
    until(lambda: server.status(bad) == "failed", "its end")
    told = home.ask("run", "compare", bad)
    assert told["runs"] == [good, bad]
    assert told["differences"]["inputs.n"] == [1, 2]
    assert told["differences"]["status"] == ["completed", "failed"]
    assert not {"job_version", "run_id", "created_at"} & told["differences"].keys()
    head, *rows = home.run("run", "compare", bad, good).stdout.splitlines()
    assert head.split() == ["FIELD", good, bad]
    assert any(row.split() == ["inputs.n", "1", "2"] for row in rows)


def test_a_run_is_watched_to_its_end(server: Up, home: Home) -> None:
    server.define(job_id="speaks", script="echo 'it is said'; cat; exit 3", retry_policy={"max_retry": 0})
    done = home.run("job", "speaks", "--retention", "60", "--watch")
    assert (done.returncode, "it is said" in done.stderr) == (Exit.RUN_FAILED, True)
    assert "status: failed" in done.stdout
    assert "retentionDays: 60" in done.stdout
    slip = home.run("job", "lst")
    assert (slip.returncode, 'did you mean "list"?' in slip.stderr) == (Exit.NOT_FOUND, True)


def test_what_cannot_be_undone_is_tried_dry_first(server: Up, home: Home) -> None:
    server.define(job_id="stays", script="exit 3", retry_policy={"max_retry": 0})
    run_id = server.submit("stays")
    until(lambda: server.status(run_id) == "failed", "its failure")
    assert home.ask("job", "delete", "stays", "--dry-run")["deleted"] is False
    for verb, told in (("discard", "discarded"), ("retry", "retried")):
        assert home.run("dlq", verb, run_id, "--dry-run").stdout == f"{run_id} would be {told}\n"
    assert home.ask("dlq", "list", "--job", "stays")["items"][0]["run_id"] == run_id
    asked = home.run("job", "delete", "stays", "--no-input")
    assert (asked.returncode, "--yes" in asked.stderr) == (Exit.USAGE, True)
    assert home.ask("job", "show", "stays")["version"] == 1


def test_a_schedule_tells_its_next_slots(server: Up, home: Home) -> None:
    server.define(job_id="yearly", script="true", schedule={"cron": "0 0 1 1 *"})
    assert [slot[5:] for slot in home.ask("schedule", "show", "yearly", "--count", "2")["next"]] == [
        "01-01T00:00:00Z"
    ] * 2


COMPLETE: Final = """
source "$1"
shift
COMP_WORDS=(treadle "$@")
COMP_CWORD=$#
$(complete -p treadle | sed 's/.*-F \\([^ ]*\\).*/\\1/') treadle "${@: -1}"
echo "${COMPREPLY[@]}"
"""
"""What bash does at TAB, with the words that were typed so far."""


def test_a_shell_completes_commands_options_and_what_only_the_server_knows(server: Up, home: Home) -> None:
    script = home.folder / "treadle.bash"
    script.write_text(home.run("completion", "bash").stdout)
    environment = {**home.environment, "PATH": f"{Path(TREADLE).parent}:{os.environ['PATH']}"}

    def offered(*words: str) -> list[str]:
        command = ["bash", "-c", COMPLETE, "bash", str(script), *words]
        return subprocess.run(
            command, env=environment, cwd=home.folder, capture_output=True, text=True, timeout=60, check=True
        ).stdout.split()

    server.submit("b")  # so that there is a queue
    assert offered("jo") == ["job"]
    assert "--status" in offered("run", "list", "--sta")
    until(lambda: offered("queue", "pause", "def") == ["default"], "the queue")  # a slow answer offers nothing
    until(lambda: "b" in offered("job", "show", "b"), "the job")
    assert offered("job", "show", "--data", "/nowhere", "") == []
