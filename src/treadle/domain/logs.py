"""What runs say: lines of output and of structured logging, in one sequence per run; and how much of it is kept."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.json import Json, encode

MAX_LINE_BYTES: Final = 16 * 1024
MAX_LOG_BYTES: Final = 10 * 1024 * 1024
MAX_LOG_LINES: Final = 200_000

# Whole escape sequences go, so that coloured output stays readable: CSI, then OSC and the other strings, then the rest.
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")
# Controls but tab, line separators and bidirectional overrides: what lets one line pass for several or for another.
_CONTROLS: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# What sets colours and weights (SGR), all but concealing and blinking: it moves nothing and hides nothing.
_SHADE: Final = r"[34]8;(?:5;\d{1,3}|2;\d{1,3};\d{1,3};\d{1,3})|0?[0-479]|2[1-47-9]|[34][0-79]|9[0-7]|10[0-7]"
_COLOURS: Final = re.compile(rf"(\x1b\[(?:(?:{_SHADE})(?:;(?:{_SHADE}))*)?m)")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class Stream(StrEnum):
    """Where a line came from: a program's two outputs, the handler's logger, or Treadle itself."""

    STDOUT = "stdout"
    STDERR = "stderr"
    LOG = "log"
    SYSTEM = "system"


class Level(StrEnum):
    """How much a line matters."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogLine(Struct, frozen=True, kw_only=True):
    """One line as a worker writes it; `token` tells the attempts of a run apart."""

    domain: str
    run_id: str
    token: int
    attempt: int
    at: Instant
    stream: Stream
    level: Level
    message: str
    fields: Json | None = None


class StoredLogLine(LogLine, frozen=True, kw_only=True):
    """One line as it is read. `seq` grows along a run and is what a reader resumes from."""

    seq: int


def line_size(line: LogLine) -> int:
    """What a line counts for: its bytes of UTF-8 and one for its end."""
    return len(line.message.encode()) + len(line.fields or b"") + 1


class LogCap:
    """How much of one attempt's log is kept. Once something was cut, all that follows is: a log has no holes."""

    __slots__ = ("_bytes", "_lines", "dropped_bytes", "dropped_lines", "max_bytes", "max_lines")

    def __init__(self, max_bytes: int = MAX_LOG_BYTES, max_lines: int = MAX_LOG_LINES) -> None:
        self.max_bytes = max_bytes
        self.max_lines = max_lines
        self.dropped_lines = 0
        self.dropped_bytes = 0
        self._bytes = max_bytes
        self._lines = max_lines

    def take(self, size: int) -> bool:
        """Whether one more line of `size` bytes is kept."""
        if self.dropped_lines or size > self._bytes or not self._lines:
            self.dropped_lines += 1
            self.dropped_bytes += size
            return False
        self._bytes -= size
        self._lines -= 1
        return True


def clean(text: str) -> str:
    """The text without what could forge a line or drive a terminal: escape sequences and control characters but tab."""
    if text.isprintable():
        return text
    return encodable(_CONTROLS.sub("", _ESCAPES.sub("", text)))


def told(fields: object) -> str:
    """A line's fields as they stand behind its message: `name=value`, what is no text as JSON; cleaned."""
    if not isinstance(fields, dict):
        return ""
    said = (f"{name}={value if isinstance(value, str) else encode(value).decode()}" for name, value in fields.items())
    return clean(" ".join(said))


def coloured(text: str) -> str:
    """As `clean`, but with the colours: whole sequences of them alone, so that they are all that a terminal obeys."""
    parts = _COLOURS.split(text)
    return "".join(part if place % 2 else clean(part) for place, part in enumerate(parts))


def encodable(text: str) -> str:
    """The text without half surrogate pairs, which Python's strings may hold and UTF-8 cannot."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def split_line(text: str, limit: int = MAX_LINE_BYTES) -> list[str]:
    """A line in parts of at most `limit` bytes of UTF-8 each, cut between characters."""
    data = text.encode()
    if len(data) <= limit:
        return [text]
    parts = []
    start = 0
    while start < len(data):
        end = min(start + limit, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(data[start:end].decode())
        start = end
    return parts
