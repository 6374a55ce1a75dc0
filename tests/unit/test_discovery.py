"""Task files are found and imported; one that fails is told, and harms no other."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from treadle.authoring.discovery import Discovery, discover

GOOD = """
from treadle import job

@job("{name}")
def run():
    return "{name}"
"""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    return folder


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        file = folder / f"{name.replace('__in__', '/')}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(textwrap.dedent(text))


def types(found: Discovery) -> list[str]:
    return sorted(handler.type for handler in found.registry)


def test_every_file_is_found_with_its_place(tasks: Path) -> None:
    write(tasks, one=GOOD.format(name="one"), sub__in__two=GOOD.format(name="two"))
    (tasks / "my-task.py").write_text(GOOD.format(name="three"))
    (tasks / "notes.txt").write_text("not Python")
    found = discover(tasks)
    assert found.failures == ()
    assert types(found) == ["one", "three", "two"]
    sources = {handler.type: handler.source for handler in found.registry}
    assert sources == {"one": "tasks/one.py:4", "two": "tasks/sub/two.py:4", "three": "tasks/my-task.py:4"}
    handler = found.registry.get("one")
    assert handler is not None
    assert handler() == "one"


def test_a_file_that_fails_is_told_with_its_traceback_while_the_others_load(tasks: Path) -> None:
    write(
        tasks,
        good=GOOD.format(name="good"),
        half=GOOD.format(name="half") + "\n1 / 0\n",
        syntax="def broken(:\n",
        missing="import no_such_module\n",
        leaves="raise SystemExit(3)\n",
        wrong='from treadle import job\n\n@job("x", cron="61 * * * *")\ndef run(): ...\n',
    )
    found = discover(tasks)
    assert types(found) == ["good"]
    failures = {failure.file: failure for failure in found.failures}
    assert failures["tasks/half.py"].message == "ZeroDivisionError: division by zero"
    assert failures["tasks/half.py"].detail.splitlines()[1].startswith(f'  File "{tasks}/half.py", line ')
    assert "SyntaxError" in failures["tasks/syntax.py"].message
    assert "no_such_module" in failures["tasks/missing.py"].message
    assert failures["tasks/leaves.py"].message == "SystemExit: 3"
    assert "minute: 61" in failures["tasks/wrong.py"].message
    assert 'in @job("x") at tasks/wrong.py:3' in failures["tasks/wrong.py"].detail


def test_a_type_declared_twice_is_told_with_both_places(tasks: Path) -> None:
    write(tasks, a=GOOD.format(name="same"), b=GOOD.format(name="same"))
    found = discover(tasks)
    assert types(found) == ["same"]
    assert [failure.file for failure in found.failures] == ["tasks/b.py"]
    assert "tasks/a.py:4 and at tasks/b.py:4" in found.failures[0].message


def test_a_file_that_declares_a_type_twice_is_left_out_as_a_whole(tasks: Path) -> None:
    write(tasks, both=GOOD.format(name="fine") + GOOD.format(name="same") + GOOD.format(name="same"))
    found = discover(tasks)
    assert types(found) == []
    assert [failure.file for failure in found.failures] == ["tasks/both.py"]


def test_a_function_whose_name_is_taken_again_is_still_found(tasks: Path) -> None:
    write(tasks, two=GOOD.format(name="first") + GOOD.format(name="second"))
    assert types(discover(tasks)) == ["first", "second"]


def test_files_share_helpers_and_import_each_other(tasks: Path) -> None:
    write(
        tasks,
        _shared="from treadle import job\nNAME = 'shared'\n\n@job('helper')\ndef helper(): ...\n",
        __init__="ROOT = 'root'\n",
        uses="""
            from treadle import job
            from . import ROOT
            from ._shared import NAME, helper
            from .good import run as other

            @job(f"{ROOT}.{NAME}")
            def run(): ...
        """,
        good=GOOD.format(name="good"),
    )
    found = discover(tasks)
    assert found.failures == ()
    assert types(found) == ["good", "helper", "root.shared"]


def test_an_init_that_fails_is_told(tasks: Path) -> None:
    write(tasks, __init__="1 / 0\n", good=GOOD.format(name="good"))
    found = discover(tasks)
    assert types(found) == ["good"]
    assert [failure.file for failure in found.failures] == ["tasks/__init__.py"]


def test_found_again_everything_is_read_anew(tasks: Path) -> None:
    write(tasks, one=GOOD.format(name="one"))
    assert types(discover(tasks)) == ["one"]
    (tasks / "one.py").unlink()
    write(tasks, other=GOOD.format(name="other"))
    assert types(discover(tasks)) == ["other"]
    write(tasks, other=GOOD.format(name="another"))
    assert types(discover(tasks)) == ["another"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    found = discover(tmp_path / "nothing")
    assert (types(found), found.failures) == ([], ())


def test_importing_treadle_is_cheap_and_loads_no_web_framework() -> None:
    code = "import sys, treadle; from treadle import job, JobContext; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    for heavy in ("fastapi", "pydantic", "starlette", "uvicorn", "yaml", "apsw", "asyncio", "rich"):
        assert f"'{heavy}'" not in loaded, heavy
    bare = subprocess.run(
        [sys.executable, "-c", "import sys, treadle; print('msgspec' in sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert bare.stdout.strip() == "False"
