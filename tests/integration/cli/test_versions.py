"""A job over time, and runs beside each other: versions, rollback, editing, comparing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import Home
from tests.support.up import Up, until
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
