"""What a worker and the process of an isolated handler tell each other.

The worker writes the assignment to a file and gives the process the writing end of a pipe as its standard input: on it
the process says, line by line, what is to go into the run's log. Its last word is a file with the outcome.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from treadle.domain.json import Json
from treadle.domain.logs import Level, Stream
from treadle.domain.outcomes import Cancelled, Failed, Outcome, Skipped, Snoozed, Succeeded
from treadle.domain.runs import Claim

Told: TypeAlias = Succeeded | Failed | Skipped | Snoozed | Cancelled
"""The outcomes that a handler can have."""

_Record: TypeAlias = tuple[Stream, Level, str, dict[str, Any] | None]

_records: Final = msgspec.json.Decoder(_Record)
_outcomes: Final = msgspec.msgpack.Decoder(Told)


class Assignment(Struct, frozen=True):
    """One attempt: the folder of task files, the handler's name in it, and the file that takes the outcome.

    `deadline` is in seconds of the monotonic clock, which all processes share.
    """

    tasks: str
    handler: str
    claim: Claim
    deadline: float | None
    outcome: str


def encode_assignment(assignment: Assignment) -> bytes:
    """The content of the assignment's file."""
    return msgspec.msgpack.encode(assignment)


def decode_assignment(data: bytes) -> Assignment:
    """What a worker wrote."""
    return msgspec.msgpack.decode(data, type=Assignment)


def encode_record(stream: Stream, level: Level, text: str, fields: Json | None) -> bytes:
    """One line of the pipe."""
    raw = None if fields is None else msgspec.Raw(fields)
    return msgspec.json.encode((stream, level, text, raw)) + b"\n"


def decode_record(line: bytes) -> _Record:
    """What one line of the pipe says. Raises ValueError for anything but a record: user code can reach the pipe."""
    record: _Record = _records.decode(line)
    return record


def encode_outcome(outcome: Outcome) -> bytes:
    """The content of the outcome's file."""
    return msgspec.msgpack.encode(outcome)


def decode_outcome(data: bytes) -> Told:
    """What the process came to. Raises ValueError for anything but an outcome."""
    outcome: Told = _outcomes.decode(data)
    return outcome
