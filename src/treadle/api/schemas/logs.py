"""Lines of logs as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import AnyJson, HasMore, raw
from treadle.domain.instants import to_datetime, to_iso
from treadle.domain.json import decode
from treadle.domain.logs import Level, StoredLogLine, Stream, clean, told


class LogEntry(Struct, frozen=True, kw_only=True):
    """One line. `seq` grows along a run. `message` may hold colours (SGR), and no other control sequence."""

    seq: int
    attempt: int
    at: datetime
    stream: Stream
    level: Level
    message: str
    fields: AnyJson


class LogPage(Struct, frozen=True, kw_only=True):
    """Lines in order."""

    items: list[LogEntry]
    next_cursor: Annotated[int, Meta(description="Hand it back as `after`, also when there are no more for now.")]
    has_more: HasMore


def to_text(line: StoredLogLine) -> str:
    """A line as plain text, its fields behind its message."""
    message, fields = clean(line.message), told(None if line.fields is None else decode(line.fields))
    return f"{to_iso(line.at)} {line.level} {message}{' ' if fields else ''}{fields}\n"


def to_entry(line: StoredLogLine) -> LogEntry:
    """A line as it is answered."""
    return LogEntry(
        seq=line.seq,
        attempt=line.attempt,
        at=to_datetime(line.at),
        stream=line.stream,
        level=line.level,
        message=line.message,
        fields=raw(line.fields),
    )
