"""The settings of a command that are those of the project in whose folder it is given."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import structs

from treadle.authoring.project import project_tasks
from treadle.settings import Settings


def with_project(settings: Settings, tasks: object) -> Settings:
    """Settings with the folders of task files that `treadle.toml` names, unless an option or the environment did."""
    if tasks is not None or "TREADLE_TASKS" in os.environ or (named := project_tasks(Path.cwd())) is None:
        return settings
    return structs.replace(settings, tasks=named)
