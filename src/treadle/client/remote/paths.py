"""Paths of the API, made of what callers name."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from treadle.domain.errors import InvalidInput

_NOT_NAMES: Final = ("", ".", "..")


def segment(text: object) -> str:
    """An id or a name as one segment of a path. Raises InvalidInput for one that leads to another path."""
    if (name := str(text)) in _NOT_NAMES:
        raise InvalidInput(f"{name!r} is no id and no name")
    return quote(name, safe="")
