"""Makes of a `Program` what the system starts: the arguments, the executable, the folder and the environment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from treadle.domain.environment import check_environment
from treadle.domain.work import Program
from treadle.executors.base import CannotRun
from treadle.executors.scratch import Scratch

PASSED_ON: Final = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME"})
"""What a program gets of the worker's environment, with every `LC_*`: enough to run, and nothing that is secret."""

DEFAULT_INTERPRETER: Final = ("/bin/sh",)


class Command(Struct, frozen=True):
    """What the system is asked to start. `argv[0]` is what the job wrote, `executable` the file it stands for."""

    argv: tuple[str, ...]
    executable: Path
    workdir: Path
    env: dict[str, str]


def build(program: Program, scratch: Scratch, *, secrets: Mapping[str, str], facts: Mapping[str, str]) -> Command:
    """The command of one attempt. `facts` are Treadle's own variables. Raises CannotRun for what cannot be started."""
    env = _environment(program.env, secrets, facts)
    workdir = _workdir(program.workdir, scratch)
    argv = _argv(program, scratch)
    if any("\0" in argument for argument in argv):
        raise CannotRun("program_invalid", "an argument holds a NUL character, which no program can be given")
    return Command(argv, _find(argv[0], workdir, env.get("PATH", os.defpath)), workdir, env)


def _environment(own: Mapping[str, str], secrets: Mapping[str, str], facts: Mapping[str, str]) -> dict[str, str]:
    if problems := check_environment({**own, **secrets}):
        raise CannotRun("environment_refused", "; ".join(problem.message for problem in problems))
    passed = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith("LC_")}
    # Python would hold its output back until it ends; a log is to be read while it grows.
    return {**passed, "PYTHONUNBUFFERED": "1", **own, **secrets, **facts}


def _workdir(wanted: str, scratch: Scratch) -> Path:
    if not wanted:
        return scratch.work
    path = Path(wanted)
    if not path.is_absolute():
        raise CannotRun("workdir_not_found", f"the working folder {wanted!r} is not an absolute path")
    if not path.is_dir():
        raise CannotRun("workdir_not_found", f"the working folder {wanted} is not there, or is no folder")
    if not os.access(path, os.X_OK):
        raise CannotRun("workdir_not_found", f"the working folder {wanted} may not be entered by this worker")
    return path


def _argv(program: Program, scratch: Scratch) -> tuple[str, ...]:
    if bool(program.argv) == bool(program.script):
        raise CannotRun("program_invalid", "a program is either `argv` or `script`: give exactly one of them")
    if program.argv:
        return program.argv + program.args
    scratch.write_script(program.script)
    return (*(program.interpreter or DEFAULT_INTERPRETER), str(scratch.script), *program.args)


def _find(name: str, workdir: Path, search: str) -> Path:
    """The file that a program's name stands for: by PATH, or seen from the working folder when it has a slash."""
    if "/" not in name:
        if found := shutil.which(name, path=search):
            return Path(found).absolute()
        raise CannotRun("program_not_found", f"program {name!r} is not there; looked for it in PATH: {search}")
    path = workdir / name
    if not path.exists():
        raise CannotRun("program_not_found", f"program {name!r} is not there; looked for it as {path}")
    if not path.is_file() or not os.access(path, os.X_OK):
        raise CannotRun("program_not_executable", f"program {path} cannot be executed: it lacks the x permission")
    return path
