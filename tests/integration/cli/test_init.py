"""`treadle init`: a folder in which Treadle starts and the first job runs; nothing that is there is written over."""

from __future__ import annotations

from pathlib import Path

from tests.support.commands import Home
from tests.support.up import up
from treadle.cli.exits import Exit


def test_what_init_writes_is_a_project_whose_first_job_runs(elsewhere: Home) -> None:
    done = elsewhere.run("init")
    files = ["treadle.toml", "tasks/hello.py", "tests/test_hello.py", ".gitignore"]
    assert (done.returncode, done.stdout.split()) == (Exit.OK, files)
    assert "treadle up" in done.stderr
    with up(elsewhere.folder) as started:
        run = started.ask("job", "run", "hello", "--wait")
        assert (run["status"], run["result"]) == ("completed", {"greeting": "hello world"})


def test_init_in_another_folder_leaves_what_is_there(elsewhere: Home) -> None:
    shop = Path("shop")
    (elsewhere.folder / shop).mkdir()
    (elsewhere.folder / shop / ".gitignore").write_text("mine\n")
    made = elsewhere.ask("init", "shop", "--job", "stock")
    assert made == {
        "job_id": "stock",
        "files": [str(shop / name) for name in ("treadle.toml", "tasks/stock.py", "tests/test_stock.py")],
    }
    assert (elsewhere.folder / shop / ".gitignore").read_text() == "mine\n"
    again = elsewhere.run("init", "shop", "--job", "other")
    assert (again.returncode, "is there already" in again.stderr) == (Exit.CONFLICT, True)
    assert not (elsewhere.folder / shop / "tasks" / "other.py").exists()
