"""A probe in an isolated handler's process: it notes each point that the attempt passes, and can kill it at one.

`treadle job verify` puts it there; in earnest there is none. Where it ends the process, it does so as a crash would: by
SIGKILL, with nothing done any more.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import msgspec
from msgspec import Struct

from treadle.authoring.context import Log
from treadle.authoring.keeping import Changed
from treadle.domain.events import NewEvent
from treadle.domain.kv import Change, Scope
from treadle.domain.logs import Level, Stream
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.domain.waits import FAMILY
from treadle.executors.isolated_keeping import AskingKeeper
from treadle.settings import task_folders

VARIABLE: Final = "TREADLE_RUN_PROBE"
"""The folder in which a file per domain holds the `Orders`, and another takes the points."""

_MOST_NAMED: Final = 80


class Orders(Struct, frozen=True):
    """What to do in the runs of one domain.

    The attempt has `folder` as its working folder and the variables of `environment`. The points of `job_id` are noted;
    at the one numbered `kill_at`, from 1 over all executions of the run, the process is killed, the first time.
    """

    job_id: str
    folder: str
    environment: dict[str, str]
    kill_at: int = 0


class Point(Struct, frozen=True):
    """A point that an attempt has passed: what it was, its name, and where in the task files, such as `pay.py:12`."""

    what: str
    name: str
    where: str


class Probe:
    """The probe of one attempt."""

    def __init__(self, base: Path, claim: Claim, tasks: str) -> None:
        self._orders = msgspec.json.decode(orders_file(base, claim.domain).read_bytes(), type=Orders)
        self._points = points_file(base, claim.domain)
        self._folders = [folder.resolve() for folder in task_folders(tasks)]
        self._noted = claim.job_id == self._orders.job_id

    def enter(self) -> None:
        """Give the attempt its folder and its variables."""
        os.environ.update(self._orders.environment)
        os.chdir(self._orders.folder)

    def passed(self, what: str, name: str) -> None:
        """Note a point, and end here where this is the one."""
        if not self._noted:
            return
        line = msgspec.json.encode(Point(what, name[:_MOST_NAMED], self._where())) + b"\n"
        with self._points.open("a+b") as points:
            points.write(line)
            points.flush()
            points.seek(0)
            number = points.read().count(b"\n")
        if number == self._orders.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _where(self) -> str:
        """The innermost line of a task file that is being carried out."""
        frame = sys._getframe()
        while (back := frame.f_back) is not None:
            frame, file = back, Path(back.f_code.co_filename)
            for folder in self._folders:
                if file.is_relative_to(folder):
                    return f"{file.relative_to(folder.parent)}:{frame.f_lineno}"
        return ""


class ProbedLog:
    """See `Log`."""

    def __init__(self, log: Log, probe: Probe) -> None:
        self._log = log
        self._probe = probe

    def write(self, stream: Stream, level: Level, text: str, fields: Mapping[str, Any] | None = None) -> None:
        """See `Log`; a line is a point once the worker has it."""
        self._log.write(stream, level, text, fields)
        if stream is not Stream.SYSTEM:
            self._probe.passed("log line", text)


class ProbedKeeper(AskingKeeper):
    """See `AskingKeeper`; what was kept is a point once it is."""

    def __init__(self, line: IO[bytes], lock: Any, probe: Probe) -> None:
        super().__init__(line, lock)
        self._probe = probe

    async def record(self, claim: Claim, step: RunStep) -> bool:
        """See `Keeper`."""
        taken = await super().record(claim, step)
        self._probe.passed("step", step.name)
        return taken

    async def publish(self, event: NewEvent, key: str) -> None:
        """See `Keeper`."""
        await super().publish(event, key)
        self._probe.passed("event", event.type.removeprefix(FAMILY))

    async def change(self, claim: Claim, scope: Scope, change: Change) -> Changed:
        """See `Keeper`."""
        changed = await super().change(claim, scope, change)
        self._probe.passed("kv" if scope is Scope.JOB else "state", change.key)
        return changed


def orders_file(base: Path, domain: str) -> Path:
    """Where the orders for a domain's runs are."""
    return base / f"{domain}.json"


def points_file(base: Path, domain: str) -> Path:
    """Where the points of a domain's runs are noted, a line each."""
    return base / f"{domain}.points"
