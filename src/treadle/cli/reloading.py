"""`treadle up --reload`: watches task files. What they say is registered as they change, then workers get the new code.

A file that cannot be used any more changes nothing: the code of before goes on until it can.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from treadle.authoring.project import PROJECT_FILE
from treadle.cli.output import say
from treadle.cli.processes import spawn
from treadle.cli.supervisor import RELOAD_SIGNAL

_LOOK_SECONDS: Final = 0.3
_REGISTER_SECONDS: Final = 60.0

Seen: TypeAlias = dict[str, tuple[int, int]]


def watch_files(folders: Sequence[Path]) -> NoReturn:
    """Look at the files again and again; act once they have changed and then stayed as they are for a moment."""
    known = latest = look(folders)
    while True:
        time.sleep(_LOOK_SECONDS)
        before, latest = latest, look(folders)
        if latest != known and latest == before:
            known = latest
            if _register():
                os.kill(os.getppid(), RELOAD_SIGNAL)


def look(folders: Sequence[Path]) -> Seen:
    """The Python files below folders, and the project's, with when they were changed and how large they are."""
    seen: Seen = {}
    for file in (Path(PROJECT_FILE), *(file for folder in folders for file in folder.rglob("*.py"))):
        try:
            stat = file.stat()
        except OSError:  # it is not there, or was removed meanwhile
            continue
        seen[str(file)] = stat.st_mtime_ns, stat.st_size
    return seen


def _register() -> bool:
    """Register in a process of its own: what it imports may do anything. False where the code of before goes on."""
    process = spawn("treadle.cli.service", ("register",), safe_path=False)
    try:
        code = process.wait(_REGISTER_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        say(f"task files have changed, but take longer than {_REGISTER_SECONDS:g} s to import: do they block?")
        return False
    say("task files have changed: " + ("new runs get their code" if code == 0 else "the code of before goes on"))
    return code == 0
