"""What is done with jobs as files: a new one from a template, and a page about all of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from treadle.authoring.scaffold import Kind
from treadle.cli.options import AsJson, Where
from treadle.cli.output import say, write_json
from treadle.domain.errors import InvalidInput, Problem

Tasks = Annotated[
    str | None, Parameter(help="Folders of task files; those of treadle.toml or TREADLE_TASKS, else tasks, by default.")
]


def new_job(
    name: str,
    /,
    *,
    kind: Annotated[Kind, Parameter(help="What to write: a function or a class.")] = "function",
    tasks: Tasks = None,
    tests: Annotated[str, Parameter(help="Folder of the test.")] = "tests",
    json: AsJson = False,
) -> None:
    """Writes the file of a new job, and a test that passes."""
    from treadle.authoring.scaffold import scaffold

    made = scaffold(name, kind, tasks=_folders(tasks)[0], tests=Path(tests))
    if json:
        write_json({"job_id": made.job_id, "task": str(made.task), "test": str(made.test)})
        return
    sys.stdout.write(f"{made.task}\n{made.test}\n")
    say(f"try it by: python -m pytest {made.test}")


def docs(
    *,
    tasks: Annotated[
        str | None, Parameter(help="Read the jobs from these folders of task files; no server need be there.")
    ] = None,
    where: Where = None,
) -> None:
    """Writes a page of Markdown about all jobs: when each runs, what it takes, where it is defined."""
    from treadle.cli.finding import find_server
    from treadle.cli.job_page import job_page

    jobs = _declared(tasks) if tasks is not None else list(find_server(where).pages("/jobs", limit=200))
    sys.stdout.write(job_page(jobs))


def _folders(tasks: str | None) -> tuple[Path, ...]:
    from treadle.cli.project import with_project
    from treadle.settings import load_settings

    return with_project(load_settings(os.environ, tasks=tasks), tasks).task_folders


def _declared(tasks: str) -> list[dict[str, Any]]:
    """The jobs of task files, as a server that read them now would have them. What cannot be read is told."""
    from treadle.api.schemas.jobs import to_definition
    from treadle.authoring.discovery import discover
    from treadle.authoring.project import read_project
    from treadle.cli.registering import overridden

    folders = _folders(tasks)
    if missing := [str(folder) for folder in folders if not folder.is_dir()]:
        raise InvalidInput([Problem("/tasks", f"there is no folder {', '.join(missing)}")])
    found = discover(*folders)
    for failure in found.failures:
        say(f"{failure.file} cannot be used, so its jobs are left out: {failure.message}")
    declared = overridden(found, read_project(Path.cwd()))
    return [{**msgspec.to_builtins(to_definition(each.spec)), "source": each.told} for each in declared]
