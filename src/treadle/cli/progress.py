"""How far something has come: a bar on a terminal, and elsewhere a line every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

from treadle.cli.output import say

QUIET_SECONDS: Final = 10.0
_WIDTH: Final = 24


class Progress:
    """Tells on standard error. Within a `with` block the bar's line is left whole at the end, whatever ends it."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`what` is counted, such as `runs`."""
        self._what = what
        self._clock = clock
        self._told = clock()
        self._drawn = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Leave the bar as it is, so that something else can be said below it."""
        if self._drawn:
            self._drawn = ""
            sys.stderr.write("\n")
            sys.stderr.flush()

    def tell(self, done: float, of: float | None) -> None:
        """So many are done, of so many; None where nobody knows of how many."""
        told = f"{done:,} {self._what}" if of is None else f"{done:,} of {of:,} {self._what}"
        if sys.stderr.isatty():
            self._draw(f"{_bar(done, of)}{told}")
        elif self._clock() - self._told >= QUIET_SECONDS:
            self._told = self._clock()
            say(told)

    def _draw(self, line: str) -> None:
        if line != self._drawn:
            sys.stderr.write(f"\r{line.ljust(len(self._drawn))}")
            sys.stderr.flush()
            self._drawn = line


def _bar(done: float, of: float | None) -> str:
    """Plain characters, which every terminal has."""
    if not of:
        return ""
    full = round(_WIDTH * min(max(done / of, 0.0), 1.0))
    return f"[{'#' * full}{'-' * (_WIDTH - full)}] "
