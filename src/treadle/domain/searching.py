"""Inputs by which runs are found: a job declares their paths, and each of its runs is filed under the values there.

A path is an input's name; dots lead into objects. Values are compared as texts: `42` is the number and the word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Meta

from treadle.domain import json

MAX_PATHS: Final = 16
MAX_VALUE: Final = 255
"""Of a longer value only the beginning counts, also in what is asked for."""

_PATH: Final = r"^[^\s.={}\[\]]+(\.[^\s.={}\[\]]+)*(?![\s\S])"

SearchPath: TypeAlias = Annotated[
    str,
    Meta(pattern=_PATH, max_length=200, description="the name of an input, or several joined by dots: `customer.id`"),
]
Searchable: TypeAlias = Annotated[
    tuple[SearchPath, ...], Meta(max_length=MAX_PATHS, description="Inputs by whose values its runs can be found.")
]
Found: TypeAlias = tuple[tuple[str, str], ...]
"""Paths, each with the value of a run there."""


def search_values(paths: Iterable[str], inputs: Mapping[str, Any]) -> Found:
    """What a run with these inputs is filed under. What is missing, null, an object or a list, is not."""
    found = ((path, _look_up(path, inputs)) for path in paths)
    return tuple((path, value) for path, value in found if value is not None)


def search_text(value: str) -> str:
    """A text as it is compared. PostgreSQL's texts hold no NUL."""
    return value[:MAX_VALUE].replace("\0", "\ufffd")


def _look_up(path: str, inputs: Mapping[str, Any]) -> str | None:
    value: Any = inputs
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if value is None or isinstance(value, Mapping | list | tuple):
        return None
    return search_text(value if isinstance(value, str) else json.encode(value).decode())
