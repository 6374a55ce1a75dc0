"""The benchmarks run, and answer in the shape that is promised. What they find is not judged here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

CASES = {
    "drain": ["--runs", "2000"],
    "enqueue": ["--runs", "20", "--batch", "10"],
    "budget": ["--runs", "200"],
    "history": ["--rows", "10000", "--runs", "100", "--pages", "2"],
}


ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """On the checkout's disk: temporary folders lie in memory on many machines, and there nothing is measured."""
    with TemporaryDirectory(prefix=".bench-", dir=ROOT) as name:
        yield Path(name)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def measured(folder: Path, case: str) -> dict[str, Any]:
    done = bench(case, "--json", "--dir", str(folder), *CASES[case])
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=dict[str, Any])


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_case_prints_one_object_with_its_figures_goals_and_circumstances(folder: Path, case: str) -> None:
    found = measured(folder, case)
    assert found["case"] == case
    assert found["engine"] == "sqlite"
    assert found["rounds"] == 3
    assert found["goals"].keys() <= found.keys()
    for each in found["spreads"].values():
        assert 0 <= each["min"] <= each["median"] <= each["max"]
    assert {"cpu", "cores", "filesystem", "python", "sqlite", "treadle"} <= found["machine"].keys()
    assert not list(folder.iterdir()), "what was made for the measurement is left behind"
    if case == "drain":
        assert found["ratio"] == pytest.approx(found["treadle"] / found["raw"], rel=0.01)
        assert found["cpu_us_per_run"] > 0


def test_a_folder_in_memory_is_refused() -> None:
    done = bench("drain", "--dir", "/dev/shm")
    assert done.returncode == 2
    assert "tmpfs" in done.stderr


def test_fewer_rounds_than_make_a_median_are_refused() -> None:
    assert bench("drain", "--rounds", "2").returncode == 2
