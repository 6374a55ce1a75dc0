"""Schedulers as processes on any engine, that tests start, stop and end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PATIENCE_SECONDS: Final = 60.0


class Scheduler:
    """A scheduler; `said` is what it wrote of itself."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def says(self, text: str) -> None:
        """Returns once it has said it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, f"it never said {text!r}, but: {self.said}"
            time.sleep(0.02)

    def stand_still(self) -> None:
        """Stop it where it is."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def scheduler(
    folder: Path, url: str, *, within: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Scheduler]:
    """A scheduler at work, killed at the end of the block; `within` is what to run it by."""
    log = folder / f"scheduler-{len(list(folder.glob('scheduler-*')))}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*within, sys.executable, "-m", "treadle.cli.service", "scheduler"],
            env={
                **os.environ,
                "TREADLE_DATA": str(folder),
                "TREADLE_DATABASE_URL": url,
                "TREADLE_LEASE_SEC": "2",
                "TREADLE_HEARTBEAT_SEC": "0.5",
                **(environment or {}),
            },
            stdout=said,
            stderr=said,
        )
    one = Scheduler(process, log)
    try:
        one.says("scheduler started")
        yield one
    finally:
        process.kill()
        process.wait()
