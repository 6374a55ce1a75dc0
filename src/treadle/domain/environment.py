"""Which environment variables a job may give to its program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from treadle.domain.errors import Problem, below

REFUSED_PREFIXES: Final = ("LD_", "PYTHON", "GIT_", "TREADLE_")
"""Variables that make the loader, Python or git run other code than the job names, and Treadle's own."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_environment(env: Mapping[str, str], pointer: str = "/env") -> list[Problem]:
    """Every fault in the variables that a job sets; `pointer` is where they stand in its definition."""
    return [Problem(below(pointer, name), fault) for name, value in env.items() if (fault := _fault(name, value))]


def is_variable_name(name: str) -> bool:
    """Whether every shell can read a variable of this name."""
    return _NAME.fullmatch(name) is not None


def name_fault(name: str) -> str:
    """Why a job may not set a variable of this name; the empty string where it may."""
    if not is_variable_name(name):
        return f"{name!r:.60} is no name of a variable: letters, digits and underscores, no digit first"
    if name.startswith(REFUSED_PREFIXES):
        return f"{name} is refused: a job may set no variable that begins with {', '.join(REFUSED_PREFIXES)}"
    return ""


def _fault(name: str, value: str) -> str:
    if "\0" in value:
        return f"the value of {name} holds a NUL character, which no environment can carry"
    return name_fault(name)
