"""Processes that tests start, talk to and end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS: Final = 60.0

_PATH: Final = tuple(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
"""What this process is told goes first: it may be run with other sources."""


class Traffic:
    """A `tests.support.sqlite_traffic` at work on a file."""

    def __init__(self, what: str, file: Path, count: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.sqlite_traffic", what, str(file), str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((*_PATH, str(ROOT / "src"), str(ROOT)))},
            text=True,
        )
        assert self.hear() == ["ready"]

    def hear(self) -> list[str]:
        """The words of the next line; none once it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def tell(self, word: str = "go") -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def finish(self) -> list[str]:
        """All the words that it still says, up to its end, which must be a good one."""
        said = self._rest()
        assert self.process.returncode == 0
        return said.split()

    def kill(self) -> list[str]:
        """End it at once (SIGKILL); what it had said and nobody had heard. A line cut short is not counted."""
        self.process.kill()
        said = self._rest()
        return said[: said.rfind("\n") + 1].split()

    def _rest(self) -> str:
        """What it says up to its end. `communicate` would pass over what `hear` has read in advance."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        said = self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait(PATIENCE_SECONDS)
        return said


@contextmanager
def traffic(what: str, file: Path, count: int = 0, *, processes: int = 1) -> Iterator[list[Traffic]]:
    """Several such processes, waiting to be told to open the file; killed at the end where they still run."""
    started: list[Traffic] = []
    try:
        started.extend(Traffic(what, file, count) for _ in range(processes))
        yield started
    finally:
        for one in started:
            if one.process.poll() is None:
                one.kill()
