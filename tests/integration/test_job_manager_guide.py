"""The guide to the job manager: its examples, one after the other, do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from treadle import JobManager, JobStatus, JobWorker
from treadle.authoring.agents import Agents

PAGE = (Path(__file__).parents[2] / "docs" / "job-manager.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_examples_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREADLE_DATA", str(tmp_path))
    monkeypatch.setattr("treadle.authoring.agents.declared", Agents())
    names: dict[str, Any] = {}
    for block in BLOCKS:
        exec(block, names)  # noqa: S102 - our own page
    manager = names["manager"]
    assert manager.get_job(names["job"].id).result == {"rows": 3}
    assert manager.get_job(names["report"].id).result == "what changed? Nothing."
    manager.close()


def test_every_word_is_named() -> None:
    words = {name for kind in (JobManager, JobWorker) for name in vars(kind) if not name.startswith("_")}
    prose = re.sub(r"^```.*?^```", "", PAGE, flags=re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", prose))))
    assert words - {"close", "start", "stop", "add_agent"} <= named
    assert {status.value for status in JobStatus} <= named
