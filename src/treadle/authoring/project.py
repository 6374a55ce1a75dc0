"""`treadle.toml`: where a project's task files are, and what of its jobs is to be otherwise than they say."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from treadle.domain.errors import InvalidInput, MalformedInput, Problem, nearest

PROJECT_FILE: Final = "treadle.toml"
_ENDINGS: Final = ("_enabled", "_interval_seconds")


class Project(Struct, frozen=True):
    """What the file says: folders of task files, as absolute paths, and keys such as `my_job_enabled`."""

    tasks: tuple[str, ...] = ()
    jobs: dict[str, Any] = {}


def read_project(folder: Path) -> Project:
    """The project whose file is in a folder; an empty one where there is none.

    Raises MalformedInput for what is no TOML, and InvalidInput naming each key that means nothing or does not fit.
    """
    file = folder / PROJECT_FILE
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Project()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MalformedInput(f"{file} cannot be read: {error}") from error
    tasks = said.pop("tasks", [])
    tasks = [tasks] if isinstance(tasks, str) else tasks
    problems = [
        Problem(f"{file}: {key}", f"unknown key{nearest(key, ['tasks'])}; known are tasks and those of jobs")
        for key in said
        if not key.endswith(_ENDINGS)
    ]
    if not isinstance(tasks, list) or not all(isinstance(each, str) and each for each in tasks):
        problems.append(Problem(f"{file}: tasks", f"is a list of folders, not {tasks!r:.40}"))
    if problems:
        raise InvalidInput(problems)
    return Project(tuple(str((folder / each).absolute()) for each in tasks), said)


def project_tasks(folder: Path) -> str | None:
    """The folders of task files that a project's file names, as `TREADLE_TASKS` has them; None where it names none."""
    return os.pathsep.join(read_project(folder).tasks) or None
