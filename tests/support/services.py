"""Services that each run alone, as on machines of their own: a data folder each, and one database."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.support.up import TREADLE, environment, treadle
from tests.support.up import until as until_soon
from treadle.cli.server import Server

PATIENCE_SECONDS = 120.0
"""Many processes are started at once, on a machine that may have other things to do."""

TOKEN = "a-token-of-the-fleet-0123"


T = TypeVar("T")


def until(look: Callable[[], T | None], what: str) -> T:
    """What `look` answers as soon as that is something."""
    return until_soon(look, what, seconds=PATIENCE_SECONDS)


class Alone:
    """A process of a service, and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text()

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        return self.process.wait(PATIENCE_SECONDS)


class Fleet:
    """Services on one engine, each in a process and a data folder of its own."""

    def __init__(self, folder: Path, url: str, stack: ExitStack, more: dict[str, str]) -> None:
        self.folder = folder
        self.more = {"TREADLE_DATABASE_URL": url, "TREADLE_ADMIN_TOKEN": TOKEN, "TREADLE_LEASE_SEC": "20", **more}
        self._stack = stack
        self._count = 0
        api = self.start("api", "--port", "0")
        found = until(lambda: re.search(r"the API answers at (\S+)", api.said), "the API's address")
        self.api = api
        self.server = Server(found[1], TOKEN)

    def start(self, *arguments: str, **more: str) -> Alone:
        """Start a service."""
        self._count += 1
        return self._stack.enter_context(
            _alone(self.folder / f"machine{self._count}", arguments, {**self.more, **more})
        )

    def ask(self, *arguments: str) -> Any:
        """What a command answers as JSON, by the way that leads to a server elsewhere."""
        done = treadle(*arguments, "--json", TREADLE_URL=self.server.url, TREADLE_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def seen(self, role: str, *states: str) -> list[dict[str, Any]]:
        """The processes of a role that others see in one of these states, online by default."""
        found: list[dict[str, Any]] = self.server.get("/workers", role=role, status=states or ("online",))["items"]
        return found

    def define(self, job_id: str, script: str, **document: Any) -> str:
        """Create a shell job."""
        executor = {"type": "shell", "script": script}
        self.server.post("/jobs", {"job_id": job_id, "executor": executor, **document})
        return job_id

    def submit(self, job_id: str) -> str:
        """Run a job; answers the run's id."""
        return str(self.server.post(f"/jobs/{job_id}/run", {})["run_id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """A run."""
        found: dict[str, Any] = self.server.get(f"/runs/{run_id}")
        return found

    def await_status(self, run_id: str, status: str) -> dict[str, Any]:
        """A run as soon as it has a status."""
        return until(lambda: run if (run := self.run(run_id))["status"] == status else None, f"{run_id} {status}")


@contextmanager
def fleet(folder: Path, url: str, **more: str) -> Iterator[Fleet]:
    """An API on a database, and whatever is started beside it, until the block ends."""
    with ExitStack() as stack:
        yield Fleet(folder, url, stack, more)


@contextmanager
def _alone(folder: Path, arguments: tuple[str, ...], more: dict[str, str]) -> Iterator[Alone]:
    folder.mkdir(parents=True)
    log = folder / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen([TREADLE, *arguments], stderr=stderr, cwd=folder, env=environment(**more))
    try:
        yield Alone(process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
