"""What runs say: lines of output and of structured logging, in one sequence per run."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.json import Json


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
