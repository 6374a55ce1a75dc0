"""Following one run until it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from treadle.cli.exits import Exit
from treadle.cli.output import say
from treadle.cli.progress import Progress
from treadle.cli.server import Server
from treadle.client.remote.paths import segment

TERMINAL: Final = frozenset({"completed", "failed", "cancelled", "skipped"})

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0

Run = dict[str, Any]


def wait_for(server: Server, run: Run, timeout: float | None, changed: Callable[[Run], None]) -> tuple[Run, Exit]:
    """Wait until a run has ended or `timeout` seconds are over; answers how it stands, and the exit code.

    `changed` is called with the run each time its status, attempt or progress is another.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = _FIRST_PAUSE
    seen: tuple[Any, ...] | None = None
    while True:
        now = run["status"], run["attempt"], run.get("progress")
        if now != seen:
            seen = now
            changed(run)
        if run["status"] in TERMINAL:
            return run, Exit.OK if run["status"] == "completed" else Exit.RUN_FAILED
        left = pause if deadline is None else min(pause, deadline - time.monotonic())
        if left <= 0:
            say(f"run {run['run_id']} is {run['status']} after {timeout:g} s; it goes on")
            return run, Exit.TIMEOUT
        time.sleep(left)
        pause = min(1.5 * pause, _LONGEST_PAUSE)
        run = server.get(f"/runs/{segment(run['run_id'])}")


def wait_telling(server: Server, run: Run, timeout: float | None) -> tuple[Run, Exit]:
    """`wait_for`, telling on standard error how the run stands, and how far it has come where it says so."""
    seen: tuple[Any, ...] | None = None
    with Progress("done") as progress:

        def changed(run: Run) -> None:
            nonlocal seen
            now = run["status"], run["attempt"]
            if now != seen:
                seen = now
                progress.end()
                _say_status(run)
            if (far := run.get("progress")) is not None and run["status"] not in TERMINAL:
                progress.tell(far["done"], far["total"])

        return wait_for(server, run, timeout, changed)


def _say_status(run: Run) -> None:
    attempt = f", attempt {run['attempt']}" if run["attempt"] > 1 else ""
    error = f": {run['error']['message']}" if run.get("error") else ""
    say(f"{run['run_id']} {run['status']}{attempt}{error}")
