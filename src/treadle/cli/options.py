"""Options that several commands have, and how they are read."""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias

from cyclopts import Parameter

from treadle.domain.errors import InvalidInput, Problem

Data: TypeAlias = Annotated[
    str | None, Parameter(help="Data folder of the local server; TREADLE_DATA, else .treadle by default.")
]
AsJson: TypeAlias = Annotated[bool, Parameter(name="--json", help="Print JSON.")]
Wait: TypeAlias = Annotated[bool, Parameter(help="Wait for the run's end; exit 1 where it does not complete.")]
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
