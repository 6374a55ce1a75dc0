"""The project in whose folder a command is given: its settings, and its folders of task files."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import structs

from treadle.authoring.project import project_tasks
from treadle.cli.output import say
from treadle.settings import Settings


def with_project(settings: Settings, tasks: object) -> Settings:
    """Settings with the folders of task files that `treadle.toml` names, unless an option or the environment did."""
    if tasks is not None or "TREADLE_TASKS" in os.environ or (named := project_tasks(Path.cwd())) is None:
        return settings
    return structs.replace(settings, tasks=named)


def say_missing_folders(settings: Settings) -> None:
    """Tell of the folders of task files that somebody named, and are not there: they may come later."""
    usual = Path(Settings().tasks).absolute()
    for folder in settings.task_folders:
        if not folder.is_dir() and folder.absolute() != usual:
            say(f"there is no folder {folder}: no task files are read from it")
