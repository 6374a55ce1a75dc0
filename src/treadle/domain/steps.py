"""Durable steps: what a run has done for good, however often its handler is run again from the top."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import Instant
from treadle.domain.json import Json

MAX_NAME: Final = 200
MAX_STEP_BYTES: Final = 256 * 1024
MAX_STEPS: Final = 1_000
MAX_BYTES: Final = 8 * 1024 * 1024
"""What all steps of a run may take together: they travel with each of its claims."""

REPEATED: Final = "{name}#{number}"
"""The second use of a name in one execution is another step: `name#2`."""


class StepKind(StrEnum):
    """What a step tells: a function's result, a sleep's end, the event that was waited for, or that none came."""

    RESULT = "result"
    SLEEP = "sleep"
    EVENT = "event"
    TIMEOUT = "timeout"


class RunStep(Struct, frozen=True, kw_only=True):
    """A recorded step of a run.

    `result` is what it answers from now on: of a sleep the instant at which it ends, of an event its data, of a timeout
    null. `token` is the claim under which it was recorded; `event` the position of the event that answered.
    """

    name: str
    kind: StepKind
    result: Json
    token: int
    at: Instant
    event: int | None = None


def numbered(name: str, number: int) -> str:
    """The name of the `number`-th step, from 1, that one execution calls `name`."""
    return name if number == 1 else REPEATED.format(name=name, number=number)


def check_name(name: object) -> str:
    """The name of a step. Raises InvalidInput for one that cannot be kept, or could be another's."""
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or not name.isprintable() or "#" in name:
        raise InvalidInput(f"{name!r:.60} is no name of a step: 1 to {MAX_NAME} printable characters without '#'")
    return name


def check_room(name: str, recorded: int) -> None:
    """Raises InvalidInput where a run that has `recorded` steps can have no further one."""
    if recorded >= MAX_STEPS:
        raise InvalidInput(f"step {name!r} would be step {recorded + 1} of the run, which can have {MAX_STEPS}")


def encode_result(name: str, value: object, recorded_bytes: int) -> Json:
    """What a step keeps of its function's value, beside `recorded_bytes` of the run's other steps.

    Raises InvalidInput naming the step where the value is no JSON, or too large.
    """
    try:
        result = json.encode(value)
    except Exception as error:
        kind = type(value).__name__
        raise InvalidInput(f"step {name!r} returned a {kind} that cannot be written as JSON: {error}") from error
    if len(result) > MAX_STEP_BYTES:
        raise InvalidInput(
            f"step {name!r} returned {len(result)} bytes of JSON, and {MAX_STEP_BYTES} at most are kept: "
            "store it elsewhere and return where"
        )
    if recorded_bytes + len(result) > MAX_BYTES:
        raise InvalidInput(
            f"step {name!r} returned {len(result)} bytes of JSON beside {recorded_bytes} of the steps before, "
            f"and {MAX_BYTES} at most are kept of a run"
        )
    return result
