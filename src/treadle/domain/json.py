"""JSON as it is stored and carried: text in bytes, read once and only by whoever needs its content."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from treadle.domain.errors import Problem, below

Json: TypeAlias = bytes
"""One JSON value as UTF-8 text."""

EMPTY_OBJECT: Json = b"{}"
MAX_DEPTH: Final = 64
"""How deep objects and arrays may be nested in what comes from outside."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def encode(value: object) -> Json:
    """A value as JSON. Raises TypeError for what JSON cannot hold. Not-a-number and infinity become null."""
    return _encoder.encode(value)


def decode(text: Json) -> Any:
    """The value of a JSON text that Treadle wrote itself."""
    return _decoder.decode(text)


def json_problems(value: object, at: str = "", depth: int = 0) -> list[Problem]:
    """What keeps a Python value from being JSON; `at` is its JSON pointer."""
    if depth > MAX_DEPTH:
        return [Problem(at, f"is nested deeper than {MAX_DEPTH}")]
    match value:
        case None | bool() | int():
            return []
        case float() if math.isfinite(value):
            return []
        case str() if value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value):
            return []
        case list() | tuple():
            return [problem for i, item in enumerate(value) for problem in json_problems(item, f"{at}/{i}", depth + 1)]
        case dict():
            return _object_problems(value, at, depth)
    return [Problem(at, f"{value!r:.40} is not a JSON value")]


def _object_problems(value: Mapping[Any, Any], at: str, depth: int) -> list[Problem]:
    problems = []
    for key, item in value.items():
        if isinstance(key, str):
            problems += json_problems(key, at) + json_problems(item, below(at, key), depth + 1)
        else:
            problems.append(Problem(at, f"the key {key!r:.40} is not text"))
    return problems
