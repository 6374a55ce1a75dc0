"""Reading a document into a record, with every fault named at once.

A record (a `msgspec.Struct`) is the one description of a document: msgspec decides whether a value fits, and only where
it does not is the value walked along the record's types to find everything that is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, structs

from treadle.domain.errors import InvalidInput, Problem, below, nearest

Record = TypeVar("Record", bound=Struct)

MOST_FAULTS: Final = 100
"""How many faults of one value are named: a document with more is no near miss."""

SECRET: Final = Meta(extra_json_schema={"format": "password"})
"""Marks a value that is told to nobody, in the words of JSON schemas."""

_MOST_LISTED: Final = 12
_MOST_SHOWN: Final = 40
_PATH_STEP: Final = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")


def read(value: object, record: type[Record]) -> Record:
    """`value` as a `record`. Raises InvalidInput with a problem for each fault in it."""
    problems = faults(value, record)
    if problems:
        raise InvalidInput(problems)
    return msgspec.convert(value, record)


def faults(value: object, kind: Any, at: str = "") -> list[Problem]:
    """What keeps `value` from being a `kind`; `at` is the JSON pointer of `value`."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return list(islice(_inside(value, _bare(kind), at), MOST_FAULTS)) or [_fault(value, kind, at, str(error))]
    return []


def unknown_key(at: str, key: object, known: Iterable[str]) -> Problem:
    """The problem with a key that means nothing here: it names the nearest that does, or those there are."""
    right = sorted(known)
    hint = nearest(str(key), right)
    if not hint and len(right) <= _MOST_LISTED:
        hint = f" (known here: {', '.join(right) or 'none'})"
    return Problem(below(at, key), f"unknown key{hint}", "unknown_key")


def said_twice(at: str, name: str) -> Problem:
    """The problem with what has one value and is given several."""
    return Problem(below(at, name), "stands more than once: one value is taken", "repeated")


def _inside(value: object, kind: Any, at: str) -> Iterator[Problem]:
    """The faults of the parts of a value; none where the value as a whole is at fault."""
    if isinstance(value, Mapping) and get_origin(kind) in (Union, UnionType):
        records = [each for each in map(_bare, get_args(kind)) if isinstance(each, type) and issubclass(each, Struct)]
        kind = records[0] if len(records) == 1 else kind
    inner = get_args(kind)
    if isinstance(value, Mapping):
        if isinstance(kind, type) and issubclass(kind, Struct):
            yield from _fields(value, kind, at)
        elif get_origin(kind) is dict:
            for key, item in value.items():
                yield from faults(key, inner[0], below(at, key)) or faults(item, inner[1], below(at, key))
    elif isinstance(value, list | tuple) and get_origin(kind) in (list, tuple):
        for index, item in enumerate(value):
            yield from faults(item, inner[0], below(at, index))


def _fields(value: Mapping[Any, Any], record: type[Struct], at: str) -> Iterator[Problem]:
    fields = {field.encode_name: field for field in structs.fields(record)}
    for key, item in value.items():
        if key in fields:
            yield from faults(item, fields[key].type, below(at, key))
        else:
            yield unknown_key(at, key, fields)
    for name, field in fields.items():
        if field.required and name not in value:
            yield Problem(below(at, name), "this key is required", "missing")


def _fault(value: object, kind: Any, at: str, message: str) -> Problem:
    """The problem with one value, in msgspec's words where they say enough."""
    if isinstance(value, str):
        choices = _choices(_bare(kind))
        if choices:
            return Problem(at, f"must be one of {', '.join(choices)}, not {_shown(value)}{nearest(value, choices)}")
        if "regex" in message and (said := _pattern_in_words(kind)):
            return Problem(at, f"must be {said}, not {_shown(value)}")
    said, _, path = message.replace(" | null`", "`").partition(" - at `$")
    within = "".join(f"/{name or index}" for name, index in _PATH_STEP.findall(path))
    # What is wrong with a record as a whole is said by the record; its values may be secrets.
    told = "got" in said or within or isinstance(value, Mapping) or SECRET in _metas(kind)
    got = "" if told else f", got {_shown(value)}"
    first = said[:1] if said[1:2].isupper() else said[:1].lower()
    return Problem(at + within, f"{first}{said[1:]}{got}")


def _bare(kind: Any) -> Any:
    """A type without its constraints and without None."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            others = [each for each in get_args(kind) if each is not NoneType]
            if len(others) != 1:
                return kind
            kind = others[0]
        else:
            return kind


def _pattern_in_words(kind: Any) -> str | None:
    """What the description beside a pattern says, where there is one."""
    return next((meta.description for meta in _metas(kind) if meta.pattern and meta.description), None)


def _metas(kind: Any) -> Iterator[Meta]:
    """The constraints of a type, and of the types that it is made of."""
    if get_origin(kind) is Annotated:
        yield from (meta for meta in kind.__metadata__ if isinstance(meta, Meta))
    for inner in get_args(kind):
        yield from _metas(inner)


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return tuple(choice for each in get_args(kind) for choice in _choices(_bare(each)))
    return tuple(str(member) for member in kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
