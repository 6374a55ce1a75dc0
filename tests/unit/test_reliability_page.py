"""The table of faults names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text()


def test_each_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    files = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("src/treadle/testing/conformance/*.py")]
    there = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}
    assert len(named) > 20
    assert named <= there, named - there


def test_no_fault_of_two_engines_is_left_out() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", PAGE, re.MULTILINE)
    numbers = {int(number) for row in rows for number in row.split(",")}
    assert numbers == {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 18, 19, 20, 22, 26, 27, 28, 29, 40}
