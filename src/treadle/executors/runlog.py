"""The log of one attempt: every line is cleaned, redacted, capped and only then passed on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from treadle.domain import json
from treadle.domain.instants import Instant
from treadle.domain.logs import (
    MAX_LINE_BYTES,
    MAX_LOG_BYTES,
    Level,
    LogCap,
    LogLine,
    Stream,
    clean,
    coloured,
    line_size,
    split_line,
)
from treadle.domain.runs import Claim
from treadle.executors.lines import encode_fields
from treadle.executors.logbuffer import LogBuffer
from treadle.redaction import NOTHING_SECRET, Redactor

NANOSECONDS_PER_MICRO: Final = 1_000


def wall_clock() -> Instant:
    """The time of this machine."""
    return time.time_ns() // NANOSECONDS_PER_MICRO


class RunLog:
    """Where everything that one attempt says is written. `redactor` is set before the attempt learns a secret."""

    def __init__(
        self,
        claim: Claim,
        buffer: LogBuffer,
        *,
        max_bytes: int = MAX_LOG_BYTES,
        now: Callable[[], Instant] = wall_clock,
    ) -> None:
        self.redactor: Redactor = NOTHING_SECRET
        self._claim = claim
        self._buffer = buffer
        self._cap = LogCap(max_bytes)
        self._now = now
        self._lock = threading.Lock()

    def write(self, stream: Stream, level: Level, text: str, fields: Mapping[str, Any] | None = None) -> None:
        """Writes a text, one record for each of its lines and each 16 KiB of a line; `fields` go with the first.

        Never waits; may be called from any thread.
        """
        extra = None if fields is None else encode_fields(fields, self.redactor)
        lines = (self._kept(line) for line in text.removesuffix("\n").split("\n"))
        with self._lock:
            for part in (part for line in lines for part in split_line(line)):
                self._add(stream, level, part, extra)
                extra = None

    def remark(self, level: Level, text: str) -> None:
        """Writes a line of Treadle's own, beyond the cap: there are few, and they matter when the rest was cut."""
        self._buffer.add(self._line(Stream.SYSTEM, level, split_line(self.shown(text))[0], None))

    def shown(self, text: str) -> str:
        """The text of one line as it may be shown: cleaned, and with the secrets masked."""
        return self.redactor.redact(clean(text))

    def _kept(self, text: str) -> str:
        """As `shown`, with its colours; without them where they stand inside a secret, or the line must be cut."""
        plain = self.shown(text)
        if "\x1b" not in text:
            return plain
        kept = self.redactor.redact(coloured(text))
        return kept if clean(kept) == plain and len(kept.encode()) <= MAX_LINE_BYTES else plain

    async def drain(self) -> None:
        """Waits while the log store is slower than the writer."""
        await self._buffer.drain()

    def close(self) -> None:
        """Ends the log, with a last line that tells what was cut."""
        cap = self._cap
        if cap.dropped_lines:
            self.remark(
                Level.WARNING,
                f"the log was cut here at {cap.max_bytes} bytes or {cap.max_lines} lines: {cap.dropped_lines} lines"
                f" ({cap.dropped_bytes} bytes) are not kept",
            )

    def _add(self, stream: Stream, level: Level, message: str, fields: json.Json | None) -> None:
        line = self._line(stream, level, message, fields)
        if self._cap.take(line_size(line)):
            self._buffer.add(line)

    def _line(self, stream: Stream, level: Level, message: str, fields: json.Json | None) -> LogLine:
        claim = self._claim
        return LogLine(
            domain=claim.domain,
            run_id=claim.id,
            token=claim.token,
            attempt=claim.attempt,
            at=self._now(),
            stream=stream,
            level=level,
            message=message,
            fields=fields,
        )
