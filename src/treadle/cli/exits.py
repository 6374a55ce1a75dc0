"""What the exit codes mean, and which one an error ends with. Decided here and nowhere else."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from treadle.domain.errors import (
    Conflict,
    InvalidInput,
    MalformedInput,
    Moved,
    NotFound,
    PayloadTooLarge,
    TreadleError,
)


class Exit(IntEnum):
    """Exit codes; a command returns one, or None for OK."""

    OK = 0
    RUN_FAILED = 1
    """The run that was waited for did not complete; or a job is not safe to retry."""
    USAGE = 2
    SERVER = 3
    """The server refused, could not be reached, or did not accept the credentials."""
    NOT_FOUND = 4
    CONFLICT = 5
    OUTPUT = 74
    """What was to be told could not be written, such as to a full disk. What was asked for may have been done."""
    TIMEOUT = 124
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    """Whoever read the output went away; what a shell reports for SIGPIPE."""


_BY_ERROR: Final[dict[type[BaseException], Exit]] = {
    InvalidInput: Exit.USAGE,
    MalformedInput: Exit.USAGE,
    PayloadTooLarge: Exit.USAGE,
    NotFound: Exit.NOT_FOUND,
    Conflict: Exit.CONFLICT,
    Moved: Exit.CONFLICT,
    TreadleError: Exit.SERVER,
}


def exit_for(error: TreadleError) -> Exit:
    """The exit code of the nearest class that has one."""
    return next(_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR)
