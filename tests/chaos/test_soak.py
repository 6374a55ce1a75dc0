"""Treadle killed every second under traffic: nothing lost, nothing settled twice, nothing stale accepted."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.chaos.soak.__main__ import ENGINES
from tests.support.processes import ROOT

RUNS = 10_000
"""Of each engine; `scripts/soak` makes longer ones."""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_crash_each_second_costs_no_run(engine: str) -> None:
    command = [sys.executable, "-m", "tests.chaos.soak", "--engine", engine, "--runs", str(RUNS), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    told = json.loads(done.stdout)
    assert done.returncode == 0, told
    assert told["runs"] >= RUNS
    assert told["kills"] > 10
    assert (told["lost"], told["settled_twice"], told["stale_accepted"], told["violations"]) == (0, 0, 0, [])
