"""What a worker and the process of an isolated handler tell each other.

The worker writes the assignment to a file and gives the process one end of a pair of sockets as its standard input: on
it the process says, line by line, what is to go into the run's log, and asks for what it keeps (`isolated_keeping`).
Its last word is a file with the outcome.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from treadle.domain.dependencies import Parent
from treadle.domain.json import Json
from treadle.domain.logs import Level, Stream
from treadle.domain.messages import Message, Verdict
from treadle.domain.outcomes import Cancelled, Failed, Outcome, Released, Skipped, Snoozed, Succeeded, Waiting
from treadle.domain.runs import Claim

Told: TypeAlias = Succeeded | Failed | Skipped | Snoozed | Cancelled | Waiting | Released
"""The outcomes that a handler can have, the last two by its steps."""

Ending: TypeAlias = tuple[Told, tuple[Verdict, ...]]
"""What the process came to, and what its handler said of messages."""

_Record: TypeAlias = tuple[Stream, Level, str, dict[str, Any] | None]

_records: Final = msgspec.json.Decoder(_Record)
_endings: Final = msgspec.msgpack.Decoder(Ending)


class Assignment(Struct, frozen=True):
    """One attempt: the folders of task files, the handler's name in it, and the file that takes the outcome.

    `deadline` is in seconds of the monotonic clock, which all processes share. `messages` is its batch, None where the
    job takes none.
    """

    tasks: str
    handler: str
    claim: Claim
    deadline: float | None
    outcome: str
    messages: tuple[Message, ...] | None = None
    preserve_order: bool = False
    parents: tuple[Parent, ...] = ()


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


def encode_ending(outcome: Outcome, verdicts: tuple[Verdict, ...]) -> bytes:
    """The content of the outcome's file."""
    return msgspec.msgpack.encode((outcome, verdicts))


def decode_ending(data: bytes) -> Ending:
    """What the process came to, and what its handler said of messages. Raises ValueError for anything else."""
    ending: Ending = _endings.decode(data)
    return ending
