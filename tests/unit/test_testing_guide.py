"""The guide to testing jobs: its tests pass as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from treadle.testing.kit import JobKit, TestedRun

GUIDE: Final = (Path(__file__).parents[2] / "docs" / "testing-jobs.md").read_text(encoding="utf-8")
NAMES: Final[dict[str, Any]] = {"__name__": "guide"}

for block in re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE):
    exec(block, NAMES)  # noqa: S102 - our own page


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("test_")])
def test_of_the_guide(name: str) -> None:
    NAMES[name]()


def test_every_word_of_the_kit_is_named() -> None:
    named = set(re.findall(r"\w+", GUIDE))
    assert {name for kind in (JobKit, TestedRun) for name in vars(kind) if not name.startswith("_")} - {
        "id",
        "job_id",
    } <= named
