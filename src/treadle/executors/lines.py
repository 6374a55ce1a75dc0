"""Turns what comes out of a pipe into lines of a run's log."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable

from treadle.domain.logs import MAX_LINE_BYTES, clean
from treadle.executors.redact import Redactor


class LineSplitter:
    """Bytes in, lines out: UTF-8 with faults replaced; a line ends at LF, CR LF or CR.

    A line much longer than 16 KiB leaves in parts, never cut inside a secret, so that memory stays bounded.
    """

    def __init__(self, redactor: Redactor, emit: Callable[[str], None]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._redactor = redactor
        self._emit = emit
        self._pending = ""

    def feed(self, data: bytes) -> None:
        """Takes the next bytes and emits the lines they complete."""
        self._take(self._decoder.decode(data))

    def close(self) -> None:
        """Emits a last line that nothing ended."""
        self._take(self._decoder.decode(b"", final=True))
        if self._pending:
            self._emit(self._pending)
            self._pending = ""

    def _take(self, text: str) -> None:
        *lines, self._pending = (self._pending + text).split("\n")
        for line in lines:
            self._emit(line)
        if len(self._pending) >= MAX_LINE_BYTES + self._redactor.longest:
            # A secret may stand in the text only once escape sequences are out of it.
            self._pending = clean(self._pending)
        while len(self._pending) >= MAX_LINE_BYTES + self._redactor.longest:
            cut = self._redactor.cut(self._pending, MAX_LINE_BYTES)
            self._emit(self._pending[:cut])
            self._pending = self._pending[cut:]
