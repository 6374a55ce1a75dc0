"""`treadle up --reload`: new code for new runs, the old for those under way, and a broken file changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.up import Up, until, up

WORD = """
import time
from pathlib import Path
from treadle import JobContext, job

@job("word", max_retries=1, timeout_seconds=600{options})
def word(ctx: JobContext, wait: str = "") -> str:
    for page in range(3):
        ctx.progress(page + 1, 4)
    while wait and not Path(wait).exists():
        time.sleep(0.02)
    return "{word}"
"""


def write(folder: Path, word: str, options: str = "") -> None:
    (folder / "word.py").write_text(WORD.format(word=word, options=options))


def run(started: Up, wait: Path | None = None) -> str:
    return started.submit("word", **({} if wait is None else {"wait": str(wait)}))


def result(started: Up, run_id: str) -> str:
    until(lambda: started.status(run_id) == "completed", "its end")
    return str(started.server.get(f"/runs/{run_id}")["result"])


@pytest.mark.slow
def test_changed_files_are_taken_up_and_broken_ones_are_not(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    write(tasks, "first")
    (tasks / "other.py").write_text("import no_such_module\n")
    with up(tmp_path, "up", "--no-demo", "--reload", WORD_INTERVAL_SECONDS="3600") as started:
        old = run(started, tmp_path / "gate")
        until(lambda: started.status(old) == "running", "a start")
        origins = started.ask("job", "show", "word", "--origins")
        assert origins["retry_policy.max_retry"] == "tasks/word.py:6"
        assert (origins["schedule.interval_sec"], origins["queue"]) == ("WORD_INTERVAL_SECONDS", "default")
        assert "# schedule.interval_sec: WORD_INTERVAL_SECONDS\n" in started.run("job", "show", "word").stdout

        write(tasks, "second", ", queue='words'")
        until(lambda: result(started, run(started)) == "second", "the second")
        assert "task files have changed: new runs get their code" in started.said
        assert started.server.get("/jobs/word")["queue"] == "words"
        assert started.run("run", "watch", old, "--timeout", "0.1").returncode == 124
        assert {"done": 3, "total": 4}.items() <= started.ask("run", "show", old)["progress"].items()

        (tasks / "word.py").write_text("from treadle import job\n\n@job('word'\n")
        until(lambda: "the code of before goes on" in started.said, "word of the broken file")
        assert "tasks/word.py: cannot be used: SyntaxError" in started.said
        assert result(started, run(started)) == "second"
        (source,) = started.server.get("/sources")["items"]
        assert (source["name"], source["jobs"]) == ("tasks", ["word"])
        failures = {failure["file"]: failure for failure in source["failures"]}
        assert failures.keys() == {"tasks/word.py", "tasks/other.py"}
        assert "No module named 'no_such_module'" in failures["tasks/other.py"]["message"]
        assert failures["tasks/other.py"]["traceback"].splitlines()[1].endswith('tasks/other.py", line 1, in <module>')

        write(tasks, "third")
        (tasks / "other.py").write_text(WORD.format(word="twice", options=""))
        until(lambda: "is declared twice: at tasks/other.py" in started.said, "word of both places")
        (tasks / "other.py").unlink()
        until(lambda: result(started, run(started)) == "third", "the third")
        (tmp_path / "gate").touch()
        assert result(started, old) == "first"
        assert started.server.get("/sources")["items"][0]["failures"] == []
