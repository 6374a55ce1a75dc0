"""What the environment and `treadle.toml` say of jobs goes before their task files, and is told with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from treadle import JobRegistry, JobType, job
from treadle.authoring.discovery import discover
from treadle.authoring.overrides import check_project, override
from treadle.authoring.project import Project, project_tasks, read_project
from treadle.domain.errors import InvalidInput, MalformedInput
from treadle.domain.instants import SECOND
from treadle.domain.jobs import JobSpec, parse_job

SPEC = parse_job({"job_id": "my_job", "type": "my_job", "schedule": {"interval_sec": 60, "timezone": "Asia/Jakarta"}})


def seconds(spec: JobSpec) -> float | None:
    return None if spec.schedule is None or spec.schedule.every is None else spec.schedule.every / SECOND


@pytest.mark.parametrize(
    ("environment", "project", "enabled", "every", "origins"),
    [
        ({}, {}, True, 60, {}),
        ({"MY_JOB_ENABLED": "false"}, {}, False, 60, {"enabled": "MY_JOB_ENABLED"}),
        ({"MY_JOB_RUNNER_ENABLED": "0"}, {}, False, 60, {"enabled": "MY_JOB_RUNNER_ENABLED"}),
        ({"MY_JOB_INTERVAL_SECONDS": "300"}, {}, True, 300, {"interval_seconds": "MY_JOB_INTERVAL_SECONDS"}),
        (
            {"MY_JOB_RUNNER_INTERVAL_SECONDS": "0.5"},
            {},
            True,
            0.5,
            {"interval_seconds": "MY_JOB_RUNNER_INTERVAL_SECONDS"},
        ),
        (
            {"MY_JOB_ENABLED": "yes", "MY_JOB_RUNNER_ENABLED": "no"},
            {"my_job_enabled": False, "my_job_interval_seconds": 5},
            True,
            5,
            {"enabled": "MY_JOB_ENABLED", "interval_seconds": "treadle.toml: my_job_interval_seconds"},
        ),
    ],
)
def test_the_first_that_speaks_counts(
    environment: dict[str, str],
    project: dict[str, Any],
    enabled: bool,  # noqa: FBT001 - a column of the table
    every: float,
    origins: dict[str, str],
) -> None:
    job = override(SPEC, environment, project)
    assert (job.spec.enabled, seconds(job.spec), job.origins) == (enabled, every, origins)
    assert job.spec.schedule is not None
    assert job.spec.schedule.timezone == "Asia/Jakarta"


def test_ids_with_dots_and_dashes_are_variables_with_underscores() -> None:
    spec = parse_job({"job_id": "send.daily-report", "type": "x"})
    job = override(spec, {"SEND_DAILY_REPORT_INTERVAL_SECONDS": "90"}, {})
    assert seconds(job.spec) == 90


@pytest.mark.parametrize(
    ("document", "environment", "said"),
    [
        ({}, {"MY_JOB_ENABLED": "maybe"}, "MY_JOB_ENABLED: must be true or false, not 'maybe'"),
        ({}, {"MY_JOB_INTERVAL_SECONDS": "soon"}, "MY_JOB_INTERVAL_SECONDS: must be a number"),
        ({}, {"MY_JOB_INTERVAL_SECONDS": "0"}, "MY_JOB_INTERVAL_SECONDS: the job my_job cannot be so"),
        ({"schedule": {"cron": "@daily"}}, {"MY_JOB_INTERVAL_SECONDS": "9"}, "has no interval to replace"),
    ],
)
def test_what_does_not_fit_names_the_variable(document: dict[str, Any], environment: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        override(parse_job({"job_id": "my_job", "type": "my_job", **document}), environment, {})


def test_a_key_of_no_job_is_told_with_the_nearest() -> None:
    (problem,) = check_project({"my_jbo_enabled": True, "my_job_enabled": True}, ["my_job"])
    assert str(problem) == 'treadle.toml: my_jbo_enabled: speaks of no job (did you mean "my_job_enabled"?)'


def test_the_project_names_folders_and_values(tmp_path: Path) -> None:
    assert read_project(tmp_path) == Project()
    assert project_tasks(tmp_path) is None
    (tmp_path / "treadle.toml").write_text('tasks = ["tasks/", "more"]\na_enabled = false\n')
    assert project_tasks(tmp_path) == f"{tmp_path}/tasks:{tmp_path}/more"
    assert read_project(tmp_path).jobs == {"a_enabled": False}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task = ['tasks']", 'treadle.toml: task: unknown key \\(did you mean "tasks"'),
        ("tasks = [1]", "treadle.toml: tasks: is a list of folders"),
    ],
)
def test_a_key_that_means_nothing_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "treadle.toml").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        read_project(tmp_path)


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text("tasks = [")
    with pytest.raises(MalformedInput, match="cannot be read"):
        read_project(tmp_path)


TASK = "from treadle import job\n\n@job('{id}')\ndef run(): ...\n"


def test_several_folders_are_one_set_of_jobs(tmp_path: Path) -> None:
    for folder, name in (("tasks", "one"), ("more", "two"), ("more", "one")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.py").write_text(TASK.format(id=name))
    found = discover(tmp_path / "tasks", tmp_path / "more")
    assert {each.type: each.source for each in found.registry} == {"one": "tasks/one.py:3", "two": "more/two.py:3"}
    (failure,) = found.failures
    assert failure.file == "more/one.py"
    assert "declared twice: at tasks/one.py:3 and at more/one.py:3" in failure.message


def test_job_types_are_those_that_were_declared(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    file = tmp_path / "tasks" / "one.py"
    file.write_text(TASK.format(id="types.first"))
    discover(tmp_path / "tasks")
    assert JobType.TYPES_FIRST == "types.first"
    assert "types.first" in JobType.get_all_job_types()
    with pytest.raises(AttributeError, match=r'no job TYPES_FRIST is declared .did you mean "TYPES_FIRST"'):
        JobType.TYPES_FRIST  # noqa: B018
    file.write_text(TASK.format(id="types.second"))
    discover(tmp_path / "tasks")
    listed = {handler.spec.job_id: handler.source for handler in JobRegistry.list_jobs()}
    assert listed["types.second"] == "tasks/one.py:3"
    assert "types.first" not in listed


def test_a_constant_of_two_jobs_is_neither() -> None:
    job("types.clash")(lambda: None)
    job("types_clash")(lambda: None)
    with pytest.raises(AttributeError, match=r"TYPES_CLASH is any of types.clash, types_clash"):
        JobType.TYPES_CLASH  # noqa: B018
