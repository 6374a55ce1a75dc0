"""Conditions on a parent's result: a JSON pointer into it, and what must be found there."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from treadle.domain import json
from treadle.domain.errors import Problem
from treadle.domain.json import Json

_POINTER: Final = r"^(/([^~/]|~[01])*)*(?![\s\S])"


class Condition(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename={"among": "in"}):
    """What a parent's result must be at `path`, a JSON pointer (RFC 6901); "" is the whole of it.

    One of the others says what is asked. What is not there equals nothing, and is `not_equals` to everything.
    """

    path: Annotated[str, Meta(pattern=_POINTER, description="a JSON pointer, such as /rows")] = ""
    equals: Any | UnsetType = UNSET
    not_equals: Any | UnsetType = UNSET
    exists: bool | UnsetType = UNSET
    among: Annotated[tuple[Any, ...], Meta(min_length=1)] | UnsetType = UNSET

    def __str__(self) -> str:
        for word in _ASKED:
            if (wanted := getattr(self, word)) is not UNSET:
                return f"{self.path or 'the whole'} {_SAID[word]} {json.encode(wanted).decode()}"
        return self.path


_ASKED: Final = ("equals", "not_equals", "exists", "among")
_SAID: Final = {"equals": "equals", "not_equals": "does not equal", "exists": "exists:", "among": "is in"}
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_NOWHERE: Final = object()


def condition_problems(condition: Condition, at: str) -> list[Problem]:
    """What is wrong with a condition that stands at the pointer `at`: it must ask exactly one thing."""
    asked = [word for word in _ASKED if getattr(condition, word) is not UNSET]
    if len(asked) == 1:
        return []
    return [
        Problem(at, "must have exactly one of equals, not_equals, exists and in", "conflict" if asked else "missing")
    ]


def holds(condition: Condition, result: Json | None) -> bool:
    """Whether a parent's result is as a condition asks. No result has nothing anywhere."""
    found = _NOWHERE if result is None else _look_up(json.decode(result), condition.path)
    if condition.exists is not UNSET:
        return (found is not _NOWHERE) == condition.exists
    if condition.not_equals is not UNSET:
        return not _same(found, condition.not_equals)
    if isinstance(condition.among, UnsetType):
        return _same(found, condition.equals)
    return any(_same(found, wanted) for wanted in condition.among)


def _look_up(value: Any, path: str) -> Any:
    for escaped in path.split("/")[1:]:
        key = escaped.replace("~1", "/").replace("~0", "~")
        match value:
            case dict() if key in value:
                value = value[key]
            case list() if _INDEX.fullmatch(key) and int(key) < len(value):
                value = value[int(key)]
            case _:
                return _NOWHERE
    return value


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON values: true is not 1, as it is to Python; 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def read_condition(text: str) -> Condition:
    """A condition as Treadle wrote it down."""
    return _decoder.decode(text)


_decoder: Final = msgspec.json.Decoder(Condition)
