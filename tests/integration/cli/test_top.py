"""`treadle top` in a real terminal against a real server: what is on the screen, and what its keys do there."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from select import select

import pyte
import pytest

from tests.support.commands import Home
from tests.support.up import PATIENCE_SECONDS, TREADLE, Up, environment, until
from treadle.cli.exits import Exit

DOWN = "\x1b[B"


class Terminal:
    """A terminal on which `treadle top` runs: what stands on it, line by line, and the keys that are pressed."""

    def __init__(self, data: Path, width: int = 80, height: int = 24, term: str = "xterm-256color") -> None:
        self._main, self.end = pty.openpty()
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self.drawn = b""
        self.resize(width, height)
        self.before = termios.tcgetattr(self.end)
        kept = {name: text for name, text in environment().items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [TREADLE, "top", "--data", str(data)],
            stdin=self.end, stdout=self.end, stderr=self.end, start_new_session=True,
            env={**kept, "TERM": term},
        )  # fmt: skip

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._screen.resize(height, width)

    def press(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    def shows(self, wanted: Callable[[list[str]], bool], what: str) -> list[str]:
        """The lines as soon as they are as wanted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not wanted(self.lines):
            assert time.monotonic() < deadline, "\n".join([f"no {what} on the screen:", *self.lines])
            self._take(0.2)
        return self.lines

    def finish(self) -> int:
        """How the process ended, with all that it drew."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            self._take(0.2)
        self._take(0.2)
        return self.process.wait(1)

    def _take(self, seconds: float) -> None:
        if select([self._main], [], [], seconds)[0]:
            data = os.read(self._main, 65_536)
            self.drawn += data
            self._stream.feed(data)


@pytest.fixture
def terminal(server: Up) -> Iterator[Terminal]:
    opened = Terminal(server.data)
    yield opened
    if opened.process.poll() is None:
        opened.process.kill()
        opened.process.wait()


def holds(text: str) -> Callable[[list[str]], bool]:
    return lambda lines: any(text in line for line in lines)


def select_run(terminal: Terminal, server: Up, run_id: str) -> None:
    """Bring the selection to a run, from the first on; the line below tells of its job then."""
    lines = terminal.shows(holds(run_id), f"run {run_id}")
    rows = [line.split()[0] for line in lines if line.startswith("run_")]
    job_id = server.server.get(f"/runs/{run_id}")["job_id"]
    terminal.press("k" * len(rows) + DOWN * rows.index(run_id))
    terminal.shows(lambda lines: lines[-3].startswith(f"{job_id} on queue"), f"selection of {run_id}")


def test_by_its_keys_runs_are_cancelled_and_retried_and_queues_paused(server: Up, terminal: Terminal) -> None:
    server.define(job_id="endless", script="sleep 300")
    server.define(job_id="breaks", script="exit 3", retry_policy={"max_retry": 0})
    broken = server.submit("breaks")
    until(lambda: server.status(broken) == "failed", "its failure")
    terminal.shows(holds("q quit"), "first picture")

    running = server.submit("endless")  # while it is shown: the event stream tells of it
    terminal.shows(holds(running), "new run")
    assert all(len(line) <= 80 for line in terminal.lines)
    until(lambda: server.status(running) == "running", "its start")
    terminal.shows(lambda lines: any(running in line and "running" in line for line in lines), "start of it")

    select_run(terminal, server, running)
    terminal.press("c")
    terminal.shows(holds(f"cancel {running} (endless)? y/n"), "question")
    terminal.press("n")
    terminal.shows(holds("nothing was cancelled"), "answer")
    assert server.status(running) == "running"
    terminal.press("cy")
    until(lambda: server.status(running) == "cancelled", "its end")

    select_run(terminal, server, broken)
    terminal.press("r")
    terminal.shows(holds("is retried as run_"), "retry")
    assert server.server.get("/runs", job="breaks")["items"][0]["retry_of"] == broken

    terminal.press("p")
    terminal.shows(holds("queue default is paused"), "pause")
    assert server.server.get("/queues/default")["status"] == "paused"
    terminal.press("\tp")  # the same by the pane of the queues
    terminal.shows(holds("queue default is open"), "resumption")
    assert server.server.get("/queues/default")["status"] == "open"

    terminal.press("\te")
    terminal.shows(lambda lines: bool(lines[-2]) and "queue default" not in lines[-2], "explanation")

    terminal.resize(120, 40)
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.shows(lambda lines: len(lines) == 40 and lines[39].endswith("q quit"), "larger picture")

    terminal.press("q")
    assert terminal.finish() == 0
    assert b"\x1b[?1049l" in terminal.drawn  # what was on the screen before is there again
    assert termios.tcgetattr(terminal.end) == terminal.before


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, Exit.INTERRUPTED)])
def test_however_it_ends_the_terminal_is_as_it_was(terminal: Terminal, how: signal.Signals, code: int) -> None:
    terminal.shows(holds("q quit"), "first picture")
    terminal.process.send_signal(how)
    assert terminal.finish() == code
    assert b"Traceback" not in terminal.drawn
    assert termios.tcgetattr(terminal.end) == terminal.before


def test_without_a_terminal_it_tells_once(home: Home) -> None:
    told = home.ask("top")
    assert {"queues", "workers", "runs"} <= told.keys()
    refused = home.run("top")
    assert (refused.returncode, "--json" in refused.stderr) == (Exit.USAGE, True)


def test_a_terminal_that_cannot_be_drawn_on_is_told(server: Up) -> None:
    plain = Terminal(server.data, term="dumb")
    assert plain.process.wait(PATIENCE_SECONDS) == Exit.USAGE
    plain.shows(holds("TERM says dumb"), "refusal")
