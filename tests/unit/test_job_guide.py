"""The guide to jobs names every key and option, and its examples are read by the product."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from treadle.authoring.context import JobContext
from treadle.authoring.decorators import Handler, JobOptions
from treadle.authoring.overrides import check_project
from treadle.authoring.project import read_project
from treadle.authoring.schedule_file import Entry, read_schedules
from treadle.domain.clashes import Debounce, Unique
from treadle.domain.documents import load_json, load_yaml
from treadle.domain.jobs import parse_job
from treadle.domain.jobs.document import (
    ExecutorDocument,
    JobDocument,
    MessagesDocument,
    RetryDocument,
    ScheduleDocument,
    StartRateDocument,
)
from treadle.domain.schedules import Misfire
from treadle.domain.work import Completion

GUIDE = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
RECORDS = (
    *(JobDocument, MessagesDocument, ExecutorDocument, ScheduleDocument, StartRateDocument, RetryDocument),
    *(Completion, Misfire, Unique, Debounce, Entry),
)


def test_every_key_option_and_property_is_named() -> None:
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", EXAMPLE.sub("", GUIDE)))))
    keys = {name for record in RECORDS for name in record.__struct_fields__}
    properties = {name for name in vars(JobContext) if not name.startswith("_")}
    assert keys | set(JobOptions.__annotations__) | properties <= named


@pytest.mark.parametrize(("language", "text"), EXAMPLE.findall(GUIDE))
def test_the_examples_are_good(language: str, text: str, tmp_path: Path) -> None:
    if language == "python":
        names: dict[str, Any] = {"__name__": __name__}
        exec(text, names)  # noqa: S102 - our own page
        assert any(isinstance(getattr(value, "handler", value), Handler) for value in names.values())
    elif language == "toml":
        (tmp_path / "treadle.toml").write_text(text, encoding="utf-8")
        assert check_project(read_project(tmp_path).jobs, ["report.daily", "inbox.sync"]) == []
    elif "schedules:" in text:
        assert read_schedules(text.encode(), file="scheduler.yaml", jobs={"report.daily"})
    else:
        assert parse_job(load_json(text.encode()) if language == "json" else load_yaml(text)).job_id
