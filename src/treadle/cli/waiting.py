"""Following one run until it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from treadle.cli.exits import Exit
from treadle.cli.output import say
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


def say_status(run: Run) -> None:
    """One line on how a run stands."""
    attempt = f", attempt {run['attempt']}" if run["attempt"] > 1 else ""
    error = f": {run['error']['message']}" if run.get("error") else ""
    say(f"{run['run_id']} {run['status']}{attempt}{_progress(run.get('progress'))}{error}")


def _progress(progress: dict[str, Any] | None) -> str:
    if progress is None:
        return ""
    done, total = progress["done"], progress["total"]
    return f", {done:g} done" if not total else f", {done:g} of {total:g} ({100 * done / total:.0f} %)"
