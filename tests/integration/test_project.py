"""A project's `treadle.toml` and environment, from `treadle up` to what is told of its jobs."""

from __future__ import annotations

from pathlib import Path

from tests.support.up import treadle, up

TASK = """
from treadle import job

@job("{id}", interval_seconds=3600)
def run():
    return "{id}"
"""


def test_folders_and_overrides_reach_the_jobs_and_are_told(tmp_path: Path) -> None:
    for folder, name in (("tasks", "one"), ("more", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text(TASK.format(id=name))
    (tmp_path / "treadle.toml").write_text(
        'tasks = ["tasks/", "more/"]\ntwo_interval_seconds = 60\nthree_enabled = true\n'
    )
    with up(tmp_path, ONE_ENABLED="false") as started:
        one, two = (started.ask("job", "show", name) for name in ("one", "two"))
        assert (one["enabled"], one["source"]) == (False, "tasks/one.py:4; enabled by ONE_ENABLED")
        assert two["schedule"]["interval_sec"] == 60
        assert two["source"] == "more/two.py:4; interval_seconds by treadle.toml: two_interval_seconds"
        assert "treadle.toml: three_enabled: speaks of no job" in started.said
        assert started.run("run", "list").returncode == 0
        run = started.ask("job", "run", "two", "--wait")
        assert (run["status"], run["result"]) == ("completed", "two")
        findings = {
            each["what"]: each["said"] for each in started.ask("doctor", "--tasks", str(tmp_path / "more"))["findings"]
        }
        assert findings["task files"] == f"1 jobs in {tmp_path / 'more'}"
    with up(tmp_path) as started:
        assert started.ask("job", "show", "one")["source"] == "tasks/one.py:4"
        assert started.ask("job", "show", "one")["enabled"] is True


def test_a_variable_that_does_not_fit_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "one.py").write_text(TASK.format(id="one"))
    done = treadle(
        *("up", "--no-demo", "--port", "0", "--data", str(tmp_path / "data"), "--tasks", str(tmp_path / "tasks")),
        ONE_ENABLED="maybe",
    )
    assert done.returncode == 2
    assert "ONE_ENABLED: must be true or false, not 'maybe'" in done.stderr
