"""Options that several commands have, and how they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from cyclopts import Parameter

from treadle.domain.errors import InvalidInput, Problem

Data: TypeAlias = Annotated[
    str | None, Parameter(help="Data folder of the local server; TREADLE_DATA, else .treadle by default.")
]


@dataclass(frozen=True)
class Place:
    """Which server a command talks to; nothing is the one that is in use (see `treadle.cli.finding`)."""

    data: Data = None
    profile: Annotated[
        str | None, Parameter(help="A server that was logged in to; TREADLE_PROFILE, else the one in use, by default.")
    ] = None


Where: TypeAlias = Annotated[Place | None, Parameter(name="*")]
AsJson: TypeAlias = Annotated[bool, Parameter(name="--json", help="Print JSON.")]
Limit: TypeAlias = Annotated[int, Parameter(help="How many, 200 at most.")]
Cursor: TypeAlias = Annotated[str | None, Parameter(help="Go on from the page before: its next_cursor.")]
Yes: TypeAlias = Annotated[bool, Parameter(name=["--yes", "-y"], help="Do not ask.")]
NoInput: TypeAlias = Annotated[bool, Parameter(help="Never ask: what would ask is refused.")]
DryRun: TypeAlias = Annotated[bool, Parameter(help="Only tell what would be done.")]
Wait: TypeAlias = Annotated[bool, Parameter(help="Wait for the run's end; exit 1 where it does not complete.")]
Watch: TypeAlias = Annotated[bool, Parameter(help="The same as --wait, and tell what it says meanwhile.")]
Timeout: TypeAlias = Annotated[
    str | None, Parameter(help="How long to wait, such as 90, 90s, 5m or 1h; then exit 124. The run goes on.")
]

_UNITS: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")


def seconds(text: str | None, at: str = "/timeout") -> float | None:
    """A length of time as people write it, in the option that the pointer `at` names. Raises InvalidInput."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if found is None:
        raise InvalidInput([Problem(at, f"{text!r:.40} is no length of time such as 90, 90s, 5m or 1h")])
    return float(found[1]) * _UNITS[found[2]]


def patience(timeout: str | None, *, waits: bool) -> float | None:
    """How many seconds a command waits for what it is about to begin; None is until that ends. Raises InvalidInput."""
    if timeout is not None and not waits:
        raise InvalidInput([Problem("/timeout", "is for how long to wait: say --wait too")])
    return seconds(timeout)
