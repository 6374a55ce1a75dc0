"""`treadle group`, and what `treadle job run` says of a run that is not new, against a real server and its worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.up import Up, up


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("server")) as started:
        started.define(job_id="part", script="cat")
        started.define(job_id="whole", script="cat")
        started.define(job_id="nightly", script="cat", unique={"key": "{account}"}, queue="held")
        yield started


def test_a_group_is_run_from_a_file_and_shows_how_far_it_is(server: Up, tmp_path: Path) -> None:
    file = tmp_path / "inputs.json"
    file.write_text(json.dumps([{"n": n} for n in range(3)]))
    done = server.run("group", "run", "part", str(file), "--then", "whole", "--set", "last=true", "--wait")
    assert done.returncode == 0, done.stderr
    (joined,) = [line.removeprefix("run_id: ") for line in done.stdout.splitlines() if line.startswith("run_id: ")]
    assert server.ask("run", "show", joined)["inputs"] == {"last": True}
    shown = server.run("group", "show", joined)
    assert f"{joined} is completed; its members: 3 completed" in shown.stderr
    head, *rows = shown.stdout.splitlines()
    assert head.split() == ["RUN", "STATUS"]
    assert [row.split()[1] for row in rows] == ["completed"] * 3
    assert server.ask("group", "show", joined)["counts"] == {"completed": 3}


def test_what_is_no_list_and_no_group_is_refused(server: Up) -> None:
    refused = server.run("group", "run", "part", "-", "--then", "whole", stdin="{}")
    assert (refused.returncode, "is no JSON list" in refused.stderr) == (2, True)
    alone = server.run("group", "show", server.submit("whole"))
    assert (alone.returncode, "joins no others" in alone.stderr) == (2, True)


def test_a_submit_that_another_run_stands_for_is_said(server: Up) -> None:
    server.run("queue", "pause", "held")
    first = server.run("job", "run", "nightly", "--set", "account=7")
    again = server.run("job", "run", "nightly", "--set", "account=7")
    assert first.stdout == again.stdout
    assert "no new run" not in first.stderr
    assert "no new run: this one has the same unique key" in again.stderr
