"""What user code prints or logs goes into the log of the run in whose context it does so."""

from __future__ import annotations

import io
import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import Any, Final, Protocol, TextIO, TypeAlias

from treadle.authoring.context import Log
from treadle.domain.logs import Level, Stream
from treadle.executors.lines import LineSplitter
from treadle.redaction import NOTHING_SECRET

OpenLines: TypeAlias = dict[tuple[Stream, int], LineSplitter]
"""What was printed since the last line ended, by stream and thread: threads do not write into each other's lines."""

LEVELS: Final = {Stream.STDOUT: Level.INFO, Stream.STDERR: Level.WARNING}
"""How much a line of output matters when nothing says so."""


class Speaker(Protocol):
    """An attempt as far as it is listened to."""

    @property
    def log(self) -> Log: ...
    @property
    def open_lines(self) -> OpenLines: ...


current_speaker: Final[ContextVar[Speaker | None]] = ContextVar("current_speaker", default=None)
"""The attempt whose code this is; also in the tasks and threads that it starts."""


def capture_output() -> None:
    """From now on, prints and log records of runs go to their logs. To be called once, before user code is imported."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # into a file, what no run says would else be seen much later
    sys.stdout = _Captured(Stream.STDOUT, sys.stdout)
    sys.stderr = _Captured(Stream.STDERR, sys.stderr)
    root = logging.getLogger()
    root.handlers[:] = [_RunLogHandler(root.handlers[:])]
    root.setLevel(min(root.level, logging.INFO))
    _let_threads_inherit()


def end_lines(open_lines: OpenLines) -> None:
    """Write what nothing ended."""
    for lines in list(open_lines.values()):
        lines.close()


class _Captured(io.TextIOBase):
    """Stands in for a standard stream: lines of a run go to its log, all else goes where it went before."""

    def __init__(self, stream: Stream, original: TextIO) -> None:
        self._stream = stream
        self._original = original
        self.buffer = _CapturedBytes(self, original)
        self.name = original.name

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._original.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._original.errors

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._original.fileno()

    def flush(self) -> None:
        self._original.flush()

    def close(self) -> None:
        """Nothing: one run must not close what the others print to."""

    def reconfigure(self, **_options: Any) -> None:
        """Nothing, for the same reason: code that sets its encoding or buffering goes on."""

    def write(self, text: str) -> int:
        lines = self.lines()
        if lines is None:
            return self._original.write(text)
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        lines.write(text)
        return len(text)

    def lines(self) -> LineSplitter | None:
        """Where this thread's output for the current run goes; None outside of runs."""
        speaker = current_speaker.get()
        if speaker is None:
            return None
        key = self._stream, threading.get_ident()
        lines = speaker.open_lines.get(key)
        if lines is None:
            write = partial(speaker.log.write, self._stream, LEVELS[self._stream])
            lines = speaker.open_lines[key] = LineSplitter(NOTHING_SECRET, write)
        return lines


class _CapturedBytes(io.BufferedIOBase):
    """`sys.stdout.buffer`."""

    def __init__(self, text: _Captured, original: TextIO) -> None:
        self._text = text
        self._original = original

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._original.fileno()

    def flush(self) -> None:
        self._original.flush()

    def close(self) -> None:
        """Nothing, as above."""

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        lines = self._text.lines()
        if lines is None:
            self._original.flush()  # what was printed before comes first
            return self._original.buffer.write(data)
        content = bytes(data)
        lines.feed(content)
        return len(content)


class _RunLogHandler(logging.Handler):
    """Records of the standard library's logging. Outside of runs they go to whoever listened before, else to standard
    error."""

    def __init__(self, before: list[logging.Handler]) -> None:
        super().__init__()
        self._before = before or ([] if logging.lastResort is None else [logging.lastResort])

    def emit(self, record: logging.LogRecord) -> None:
        speaker = current_speaker.get()
        if speaker is None:
            for handler in self._before:
                if record.levelno >= max(handler.level, logging.WARNING):
                    handler.handle(record)
            return
        try:
            fields = {"logger": record.name}
            if record.exc_info:
                fields["traceback"] = logging.Formatter().formatException(record.exc_info)
            speaker.log.write(Stream.LOG, _level(record.levelno), record.getMessage(), fields)
        except Exception:  # noqa: BLE001 - a call that does not fit its format is told, as logging does, and no failure
            self.handleError(record)


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return Level.ERROR
    if number >= logging.WARNING:
        return Level.WARNING
    return Level.INFO if number >= logging.INFO else Level.DEBUG


def _let_threads_inherit() -> None:
    """Threads begin in a copy of their starter's context, and a pool's tasks in one of their submitter's.

    Python 3.14 has the first as an option. Without the second a pool's thread would speak for the run that it was
    started in, whoever's task it carries out.
    """
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def start_in_context(self: threading.Thread) -> None:
        self.run = partial(copy_context().run, self.run)  # type: ignore[method-assign]
        start(self)

    def submit_in_context(self: ThreadPoolExecutor, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        # In a context of nobody's: a thread that the pool starts now outlives this run.
        return Context().run(partial(submit, self, copy_context().run, fn, *args, **kwargs))

    threading.Thread.start = start_in_context  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit_in_context  # type: ignore[assignment]
