"""JSON as it is stored and carried: text in bytes, read once and only by whoever needs its content."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from treadle.domain.errors import Problem, below

Json: TypeAlias = bytes
"""One JSON value as UTF-8 text."""

EMPTY_OBJECT: Json = b"{}"
MAX_DEPTH: Final = 64
"""How deep objects and arrays may be nested in what comes from outside."""


def _dumped(value: Any) -> Any:
    """A pydantic model as JSON holds it; it is known by its method, since nothing here knows pydantic."""
    if not hasattr(type(value), "model_dump"):
        raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")
    return value.model_dump(mode="json")


_encoder = msgspec.json.Encoder(enc_hook=_dumped)
_decoder = msgspec.json.Decoder()


def encode(value: object) -> Json:
    """A value as JSON. Raises TypeError for what JSON cannot hold. Not-a-number and infinity become null."""
    return _encoder.encode(value)


def decode(text: Json) -> Any:
    """The value of a JSON text that Treadle wrote itself."""
    return _decoder.decode(text)


def json_problems(value: object, depth: int = 0) -> list[Problem]:
    """What keeps a Python value from being JSON, with pointers into it."""
    if depth > MAX_DEPTH:
        return [Problem("", f"is nested deeper than {MAX_DEPTH}")]
    match value:
        case None | bool() | int():
            return []
        case float() if math.isfinite(value):
            return []
        case str() if _is_text(value):
            return []
        case list() | tuple():
            return [fault for i, item in enumerate(value) for fault in _beneath(i, item, depth)]
        case dict() if all(isinstance(key, str) and _is_text(key) for key in value):
            return [fault for key, item in value.items() for fault in _beneath(key, item, depth)]
    return [Problem("", f"{value!r:.40} is not a JSON value")]


def infinities(value: object, at: str = "") -> Iterator[Problem]:
    """The numbers in a value that JSON has none for, and which `encode` would make null."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Problem(at, f"{value!r} is no number that JSON has: leave it out, or say null")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from infinities(item, below(at, key))
    elif isinstance(value, msgspec.Struct):
        yield from infinities(msgspec.structs.asdict(value), at)
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from infinities(item, below(at, place))


def _beneath(key: object, item: object, depth: int) -> list[Problem]:
    # Pointers grow from the fault upwards, so that what is sound costs none.
    return [Problem(below("", key) + fault.pointer, fault.message) for fault in json_problems(item, depth + 1)]


def _is_text(value: str) -> bool:
    """Whether UTF-8 can hold it: Python's strings may carry half a surrogate pair."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
