"""A new job and its test, written from templates."""

from __future__ import annotations

import keyword
import os
import re
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final, Literal, NamedTuple, TypeAlias

from treadle.authoring.types import constant_name
from treadle.domain.errors import Conflict, InvalidInput, Problem

Kind: TypeAlias = Literal["function", "class"]

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")


class Scaffold(NamedTuple):
    """The files of a new job."""

    job_id: str
    task: Path
    test: Path


def scaffold(job_id: str, kind: Kind, *, tasks: Path, tests: Path) -> Scaffold:
    """Write the file of a job into the folder of task files, and that of its test.

    Raises InvalidInput for an id of which no file can be named, and for folders that cannot be written to; Conflict
    where one of the files is there: then nothing is written.
    """
    name = _file_name(job_id)
    made = Scaffold(job_id, tasks / f"{name}.py", tests / f"test_{name}.py")
    for file in made.task, made.test:
        if file.exists():
            raise Conflict(f"{file} is there already, and nothing was written: choose another name, or move it away")
    said = {
        "job_id": job_id,
        "name": name,
        "title": "".join(part.capitalize() for part in name.split("_")),
        "tasks": Path(os.path.relpath(tasks, tests)).as_posix(),
    }
    _write(made.task, kind, said)
    _write(made.test, f"{kind}_test", said)
    return made


def _file_name(job_id: str) -> str:
    """`send_report` for `send-report`, by the rule that names its constant."""
    name = constant_name(job_id).lower()
    if not _NAME.fullmatch(job_id) or keyword.iskeyword(name):
        rule = "letters, digits, '.', '_' and '-', a letter first; and no word of Python's own"
        raise InvalidInput([Problem("/name", f"{job_id!r:.60} cannot name a job and its file: {rule}")])
    return name


def _write(file: Path, template: str, said: dict[str, str]) -> None:
    source = (files("treadle.authoring") / "templates" / f"{template}.txt").read_text(encoding="utf-8")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as out:
            out.write(Template(source).substitute(said))
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error
