"""The promises that the repository makes to whoever checks it out."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
SCRIPTS: Final = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file() and path.suffix == "")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def commands(script: Path) -> list[str]:
    """The script's lines without comments and what only prepares the shell."""
    lines = [line.strip() for line in script.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "set ", "cd ", "root="))]


@pytest.mark.parametrize("script", [*SCRIPTS, ROOT / ".ci/run"], ids=lambda path: path.name)
def test_script_is_an_executable_strict_bash_script(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\n" in text


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path.name != "bootstrap"], ids=lambda path: path.name)
def test_script_calls_bootstrap_first(script: Path) -> None:
    assert commands(script)[0] in {"scripts/bootstrap", '"$root/scripts/bootstrap"'}


def test_ci_runs_the_same_tests_as_a_person() -> None:
    assert commands(ROOT / ".ci/run") == ["exec scripts/test"]


def test_bootstrap_does_nothing_where_all_is_in_place() -> None:
    if not (ROOT / ".venv/.bootstrapped").exists():
        pytest.skip("this environment was not made by scripts/bootstrap")
    bootstrap = ["bash", str(ROOT / "scripts/bootstrap")]
    environment = {"PATH": os.environ["PATH"]}
    subprocess.run(bootstrap, env=environment, capture_output=True, check=True)
    again = subprocess.run(bootstrap, env=environment, capture_output=True, text=True, check=True)
    assert again.stdout + again.stderr == ""


def test_bootstrap_names_the_pythons_it_looked_for(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/bootstrap").write_bytes((ROOT / "scripts/bootstrap").read_bytes())
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "dirname"):
        (tmp_path / "bin" / tool).symlink_to(Path("/usr/bin") / tool)
    done = subprocess.run(
        ["/usr/bin/bash", tmp_path / "scripts/bootstrap"],
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Treadle needs Python 3.11 or newer" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_every_folder_with_python_is_type_checked(project: dict[str, Any]) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {Path(path).parts[0] for path in tracked} == set(project["tool"]["mypy"]["files"])


def test_lock_names_no_file_of_one_machine() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    sources = [package["source"] for package in lock["package"]]
    assert {key for source in sources for key in source} == {"registry", "editable"}
    assert [source["editable"] for source in sources if "editable" in source] == ["."]
    assert len({source["registry"] for source in sources if "registry" in source}) == 1


def ranks(project: dict[str, Any]) -> list[set[str]]:
    """The packages of each rank, highest first, as the import contract has them."""
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    return [{name.strip(" ()") for name in layer.split("|")} for layer in layers]


def test_import_contract_ranks_every_package(project: dict[str, Any]) -> None:
    assert project["tool"]["importlinter"]["contracts"][0]["exhaustive"] is True
    present = {path.stem for path in (ROOT / "src/treadle").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert present - {"__init__", "__pycache__"} <= set().union(*ranks(project))


def test_architecture_page_has_the_ranks_of_the_contract(project: dict[str, Any]) -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| (`.+?`) \|", page, re.MULTILINE)
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == [rank - {"__main__"} for rank in ranks(project)]
