"""The seeded mutants still fit the sources that they break, and each has its turn in CI."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT, SOURCES, Mutant, read_mutants, rotated

MUTANTS = read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_fits_its_file_and_names_tests_that_are_there(tmp_path: Path, mutant: Mutant) -> None:
    copy = tmp_path / "treadle" / mutant.file
    copy.parent.mkdir(parents=True)
    shutil.copy(SOURCES / "treadle" / mutant.file, copy)
    mutant.apply(tmp_path)
    assert copy.read_text() != (SOURCES / "treadle" / mutant.file).read_text()
    assert all((ROOT / test.split("::")[0]).exists() for test in mutant.tests)


def test_one_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "treadle").mkdir()
    (tmp_path / "treadle" / "x.py").write_text("one\none\n")
    for old in ("one", "none"):
        with pytest.raises(ValueError, match=r"x\.py has the text"):
            Mutant(file="x.py", old=old, new="", tests=[]).apply(tmp_path)


def test_all_have_their_turn() -> None:
    names = list(MUTANTS)
    assert len(names) >= 20
    days = -(-len(names) // 3)
    assert {name for day in range(days) for name in rotated(names, 3, day)} == set(names)
