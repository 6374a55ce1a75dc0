"""What user code prints or logs goes into the log of the run in whose context it does so."""

from __future__ import annotations

import io
import logging
import sys
from contextvars import ContextVar
from typing import Final, TextIO

from treadle.domain.logs import Level, Stream
from treadle.executors.base import Execution

current_execution: Final[ContextVar[Execution | None]] = ContextVar("current_execution", default=None)
"""The run whose code this is; also in the threads and tasks that it starts, since contexts are inherited."""


class _Captured(io.TextIOBase):
    """Stands in for a standard stream: whole lines of a run go to its log, all else goes where it went before."""

    def __init__(self, stream: Stream, level: Level, original: TextIO) -> None:
        self._stream = stream
        self._level = level
        self._original = original

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._original.encoding

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._original.fileno()

    def flush(self) -> None:
        self._original.flush()

    def write(self, text: str) -> int:
        execution = current_execution.get()
        if execution is None:
            return self._original.write(text)
        *lines, rest = (execution.partial_lines.pop(self._stream, "") + text).split("\n")
        if rest:
            execution.partial_lines[self._stream] = rest
        for line in lines:
            execution.log.write(self._stream, self._level, line)
        return len(text)


class _RunLogHandler(logging.Handler):
    """Records of the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        execution = current_execution.get()
        if execution is not None:
            fields = {"logger": record.name}
            if record.exc_info:
                fields["traceback"] = logging.Formatter().formatException(record.exc_info)
            execution.log.write(Stream.LOG, _level(record.levelno), record.getMessage(), fields)


def capture_output() -> None:
    """From now on, prints and log records of runs go to their logs."""
    sys.stdout = _Captured(Stream.STDOUT, Level.INFO, sys.stdout)
    sys.stderr = _Captured(Stream.STDERR, Level.WARNING, sys.stderr)
    root = logging.getLogger()
    root.addHandler(_RunLogHandler())
    root.setLevel(min(root.level or logging.INFO, logging.INFO))


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return Level.ERROR
    if number >= logging.WARNING:
        return Level.WARNING
    return Level.INFO if number >= logging.INFO else Level.DEBUG
