"""`treadle doctor`: what is well with this installation, what is not, and what to do about it."""

from __future__ import annotations

import asyncio
import json as jsonlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from cyclopts import Parameter

from treadle.cli.exits import Exit
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Data, Place
from treadle.cli.output import write_json
from treadle.cli.project import with_project
from treadle.cli.server import Server
from treadle.domain.errors import Moved, TreadleError
from treadle.domain.health import MOST_SKEW, Finding, Grade, judge_space
from treadle.domain.instants import to_seconds
from treadle.settings import Settings, load_settings

OLDEST_PYTHON: Final = (3, 11)
IMPORT_SECONDS: Final = 60.0

_OWN: Final = "disk space"
"""What the folder here was looked at for already."""

Check: TypeAlias = Callable[[Settings], Iterator[Finding]]


def doctor(
    *,
    data: Data = None,
    tasks: Annotated[str | None, Parameter(help="Folder of task files; tasks by default.")] = None,
    json: AsJson = False,
) -> Exit:
    """Checks this installation and says what to do. Exits 3 where something fails.

    Example: treadle doctor
    """
    settings = with_project(load_settings(os.environ, data=data, tasks=tasks), tasks)
    findings: list[Finding] = []
    for finding in chain.from_iterable(check(settings) for check in CHECKS):
        findings.append(finding)
        if not json:
            _print(finding)
    failed = any(finding.grade is Grade.FAIL for finding in findings)
    if json:
        write_json({"ok": not failed, "findings": findings})
    return Exit.SERVER if failed else Exit.OK


def check_python(settings: Settings) -> Iterator[Finding]:
    """Whether the interpreter is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST_PYTHON:
        yield Finding(Grade.OK, "python", version)
    else:
        yield Finding(Grade.FAIL, "python", version, f"use Python {'.'.join(map(str, OLDEST_PYTHON))} or newer")


def check_folder(settings: Settings) -> Iterator[Finding]:
    """Whether the data folder takes files, and how much more of them."""
    folder = Path(settings.data).absolute()
    if not folder.exists():
        yield Finding(
            Grade.WARN, "data folder", f"{folder} is not there", "`treadle up` makes it; or name it by --data"
        )
        return
    if not folder.is_dir():
        yield Finding(Grade.FAIL, "data folder", f"{folder} is no folder", "name another by --data")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(Grade.FAIL, "data folder", f"{folder} cannot be written", f"give it to the user {os.getuid()}")
        return
    yield Finding(Grade.OK, "data folder", f"{folder} can be written")
    yield judge_space(shutil.disk_usage(folder).free)


def check_database(settings: Settings) -> Iterator[Finding]:
    """Whether the database opens and takes writes, by the engine that uses it."""
    from treadle.engines.open import open_engine
    from treadle.system import SystemClock

    async def look() -> str:
        engine = await open_engine(settings.engine_url, SystemClock())
        try:
            began = time.perf_counter()
            await engine.ping()
            return f"{engine.version} opens and takes writes ({(time.perf_counter() - began) * 1000:.1f} ms)"
        finally:
            await engine.close()

    if not settings.database_url and not (Path(settings.data) / "treadle.db").exists():
        yield Finding(Grade.WARN, "database", "there is none yet", "`treadle up` makes it")
        return
    try:
        yield Finding(Grade.OK, "database", asyncio.run(look()))
    except Moved as error:
        yield Finding(Grade.FAIL, "database", error.message)
    except TreadleError as error:
        yield Finding(Grade.FAIL, "database", error.message, "see the message; a backup is made by `treadle backup`")


def check_server(settings: Settings) -> Iterator[Finding]:
    """Whether the server answers and can take work, whether the clocks agree, and who works."""
    try:
        yield from _server_findings(_server(settings))
    except TreadleError as error:
        yield Finding(Grade.WARN, "server", error.message)


def check_tasks(settings: Settings) -> Iterator[Finding]:
    """Whether every task file imports, in a process of its own: people's code may do anything."""
    folders = [folder.absolute() for folder in settings.task_folders if folder.is_dir()]
    if not folders:
        yield Finding(Grade.OK, "task files", f"there is no folder {settings.tasks}")
        return
    folder = os.pathsep.join(map(str, folders))
    command = [sys.executable, "-m", "treadle.cli.service", "tasks"]
    environment = {**os.environ, "TREADLE_TASKS": folder}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=IMPORT_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
        found = jsonlib.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        said = f"importing {folder} takes longer than {IMPORT_SECONDS:g} s"
        yield Finding(Grade.FAIL, "task files", said, "do not wait or work at the top of a task file")
        return
    except (ValueError, IndexError):
        yield Finding(Grade.FAIL, "task files", f"importing {folder} ended the process", done.stderr.decode()[-500:])
        return
    yield Finding(Grade.OK, "task files", f"{len(found['jobs'])} jobs in {settings.tasks}")
    for failure in found["failures"]:
        yield Finding(Grade.FAIL, failure["file"], failure["message"], failure["detail"])
    with suppress(TreadleError):  # that no server answers was said already
        yield from _refused(_server(settings))


CHECKS: Final[tuple[Check, ...]] = (check_python, check_folder, check_database, check_server, check_tasks)


def _server(settings: Settings) -> Server:
    return find_server(None if "TREADLE_URL" in os.environ else Place(data=settings.data))


def _refused(server: Server) -> Iterator[Finding]:
    """The jobs of task files that import, but which the server could not take: they have no traceback."""
    failures = (failure for source in server.get("/sources")["items"] for failure in source["failures"])
    for failure in failures:
        if not failure["traceback"]:
            yield Finding(Grade.FAIL, failure["file"], failure["message"], "mend it, and start Treadle anew")


def _server_findings(server: Server) -> Iterator[Finding]:
    """What the server finds of itself, and of whoever works beside it."""
    report = server.health()
    yield Finding(Grade.OK, "server", f"{server.url} answers")
    for each in report["findings"]:
        if each["what"] != _OWN:
            yield Finding(Grade(each["grade"]), each["what"], each["said"], each["remedy"])
    skew = (server.clock() - datetime.now(UTC)).total_seconds()
    if abs(skew) > to_seconds(MOST_SKEW):
        yield Finding(Grade.WARN, "clock of the server", f"{skew:+.0f} s from this machine's", "let NTP set both")


def _print(finding: Finding) -> None:
    sys.stdout.write(f"{finding.grade:<5} {finding.what}: {finding.said}\n")
    if finding.remedy:
        sys.stdout.write("".join(f"      {line}\n" for line in finding.remedy.rstrip().splitlines()))
