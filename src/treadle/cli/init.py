"""`treadle init`: a folder in which Treadle can be started, with a first job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from treadle.cli.options import AsJson
from treadle.cli.output import say, write_json
from treadle.client.remote.place import DEFAULT_DATA
from treadle.domain.errors import Conflict, InvalidInput

_PROJECT: Final = """\
# Folders of task files. Jobs are switched and paced here too, whatever their files say:
#   hello_enabled = false
#   hello_interval_seconds = 60
tasks = ["tasks"]
"""


def init(
    folder: Annotated[
        Path, Parameter(help="Where; the current folder by default. It is made where it is missing.")
    ] = Path(),
    /,
    *,
    job: Annotated[str, Parameter(help="What the first job is called.")] = "hello",
    json: AsJson = False,
) -> None:
    """Begins a project: treadle.toml, a first job in tasks/, its test in tests/, and .gitignore. Overwrites nothing.

    Example: treadle init shop
    """
    from treadle.authoring.project import PROJECT_FILE
    from treadle.authoring.scaffold import scaffold

    project = folder / PROJECT_FILE
    if project.exists():
        raise Conflict(f"{project} is there already: this is a project, to which `treadle job scaffold` adds jobs")
    first = scaffold(job, "function", tasks=folder / "tasks", tests=folder / "tests")
    made = [project, first.task, first.test]
    _write(project, _PROJECT)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        _write(ignored, f"{DEFAULT_DATA}/\n")
        made.append(ignored)
    if json:
        write_json({"job_id": first.job_id, "files": [str(file) for file in made]})
        return
    sys.stdout.writelines(f"{file}\n" for file in made)
    say(f"start it by: {'' if folder == Path() else f'cd {folder} && '}treadle up")
    say(f"then, from another terminal: treadle job run {first.job_id} --wait")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error
