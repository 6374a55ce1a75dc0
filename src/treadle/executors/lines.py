"""Turns what comes out of a pipe, or what is printed, into lines of a run's log."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from treadle.domain import json
from treadle.domain.logs import MAX_LINE_BYTES, clean
from treadle.redaction import Redactor


class LineSplitter:
    """Bytes or text in, lines out: UTF-8 with faults replaced; a line ends at LF, CR LF or CR.

    A line much longer than 16 KiB leaves in parts, never cut inside a secret, so that memory stays bounded.
    """

    def __init__(self, redactor: Redactor, emit: Callable[[str], None]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._newlines = io.IncrementalNewlineDecoder(None, translate=True)
        self._redactor = redactor
        self._emit = emit
        self._pending = ""

    def feed(self, data: bytes) -> None:
        """Takes the next bytes and emits the lines they complete."""
        self.write(self._decoder.decode(data))

    def write(self, text: str) -> None:
        """Takes the next text and emits the lines it completes."""
        self._take(self._newlines.decode(text))

    def close(self) -> None:
        """Emits a last line that nothing ended."""
        self._take(self._newlines.decode(self._decoder.decode(b"", final=True), final=True))
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


def encode_fields(fields: Mapping[str, Any], redactor: Redactor) -> json.Json:
    """The fields of a line as JSON.

    A log call never fails: what is no JSON is written as its `repr`, or told instead.
    """
    try:
        plain = msgspec.to_builtins(dict(fields), enc_hook=repr, str_keys=True)
        data = json.encode(redactor.redact_json(plain))
    except Exception as error:  # noqa: BLE001 - a value's `repr` is people's code
        return json.encode({"not_json": f"{type(error).__name__} in the fields of this line"})
    return data if len(data) <= MAX_LINE_BYTES else json.encode({"cut": f"{len(data)} bytes of fields"})
