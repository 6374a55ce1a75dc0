"""`treadle up` as people start it, and the command line beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import psutil

from treadle.cli.finding import find_server
from treadle.cli.options import Place
from treadle.cli.server import Server
from treadle.domain.errors import TreadleError

TREADLE: Final = str(Path(sys.executable).with_name("treadle"))
PATIENCE_SECONDS: Final = 30.0

T = TypeVar("T")


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what it says to Treadle, with short leases and nobody's configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TREADLE_")}
    kept["XDG_CONFIG_HOME"] = "/nonexistent"
    return {**kept, "TREADLE_LEASE_SEC": "2", "TREADLE_HEARTBEAT_SEC": "0.5", "TREADLE_GRACE_SEC": "10", **more}


def treadle(*arguments: str, stdin: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [TREADLE, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(**more),
    )


def until(look: Callable[[], T | None], what: str, *, seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` answers as soon as that is something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.05)
    return found


class Up:
    """A `treadle up` and its data folder."""

    def __init__(self, process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
        self.process = process
        self.data = data
        self._log = log

    @property
    def said(self) -> str:
        """All that it and its services wrote to standard error so far."""
        return self._log.read_text()

    @property
    def url(self) -> str:
        return self.server.url

    def run(self, *arguments: str, stdin: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """A command against this server."""
        return treadle(*arguments, "--data", str(self.data), stdin=stdin, **more)

    def ask(self, *arguments: str, stdin: str | None = None) -> Any:
        """What a command answers as JSON."""
        done = self.run(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def server(self) -> Server:
        """Its API, asked from this process: quicker than by a command."""
        return find_server(Place(data=str(self.data)))

    def define(self, **document: Any) -> str:
        """Create a job; a shell job by its `script` unless it says otherwise."""
        if "script" in document:
            document["executor"] = {"type": "shell", "script": document.pop("script")}
        return str(self.server.post("/jobs", document)["job_id"])

    def submit(self, job_id: str, **inputs: Any) -> str:
        """Run a job; answers the run's id."""
        return str(self.server.post(f"/jobs/{job_id}/run", {"inputs": inputs})["run_id"])

    def status(self, run_id: str) -> str:
        return str(self.server.get(f"/runs/{run_id}")["status"])

    def service(self, name: str) -> psutil.Process:
        """The process of a service."""

        def look() -> psutil.Process | None:
            for child in psutil.Process(self.process.pid).children():
                command = _command(child)
                if "treadle.cli.service" in command and name in command:
                    return child
            return None

        return until(look, f"a process of the {name}")

    def descendants(self) -> list[psutil.Process]:
        """Every process below the supervisor."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill_service(self, name: str) -> None:
        """End a service's process with SIGKILL, and wait until another has taken its place."""
        victim = self.service(name)
        victim.send_signal(signal.SIGKILL)
        until(lambda: f"the {name} was killed by SIGKILL" in self.said, "word of it")
        until(lambda: self.service(name).pid != victim.pid, "another process")


@contextmanager
def up(folder: Path, *arguments: str, worker: bool = True, data: str = "data", **more: str) -> Iterator[Up]:
    """`treadle up` on a free port from `folder`, with its data in one below, ready for work, until the block ends."""
    data_folder, log = folder / data, folder / "up.log"
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            [TREADLE, *(arguments or ("up", "--no-demo")), "--data", str(data_folder)],
            stderr=stderr,
            cwd=folder,
            env=environment(TREADLE_PORT="0", **more),
        )
    started = Up(process, data_folder, log)
    try:
        until(lambda: (data_folder / "server.json").exists() or process.poll() is not None, "server.json")
        assert process.poll() is None, started.said
        until(lambda: _answers(started, worker=worker), "a server at work")
        yield started
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(started: Up, *, worker: bool) -> bool:
    try:
        workers = started.server.get("/workers", role="worker")["items"]
    except TreadleError:
        return False
    return not worker or any(each["status"] == "online" for each in workers)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
