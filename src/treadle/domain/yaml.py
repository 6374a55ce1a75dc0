"""Building plain values from the events of a YAML parser; `documents` says by which rules."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, NoReturn

import yaml

from treadle.domain.errors import MalformedInput

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class Lines(NamedTuple):
    """The line, from 1, on which a value begins, and those of its parts by key or index.

    A tree and not a table of pointers: those would repeat a long key for each of its many parts.
    """

    line: int
    parts: Mapping[str, Lines]

    def at(self, *path: str | int) -> int:
        """The line of a part, or of the nearest around it that is there."""
        found = self
        for step in path:
            found = found.parts.get(str(step), found)
        return found.line


class Located(NamedTuple):
    """A value and where its parts stand."""

    value: Any
    lines: Lines


def read_yaml(text: str, max_depth: int) -> Located:
    """The value of a text of one document. Raises MalformedInput with line and column."""
    try:
        return _Reader(yaml.parse(text, Loader=_LOADER), max_depth).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise MalformedInput(f"this is no YAML: {where}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise MalformedInput(f"this is no YAML: {error}") from None


class _Reader:
    """Builds the value of one YAML document from the parser's events."""

    def __init__(self, events: Iterator[Any], max_depth: int) -> None:
        self._events = events
        self._max_depth = max_depth

    def document(self) -> Located:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Located(None, Lines(1, {}))
        located = self._value(next(self._events), 1)
        next(self._events)  # the document's end
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            _refuse(following, "one document is expected, and here begins another")
        return located

    def _value(self, event: Any, depth: int) -> Located:
        _check_plain(event)
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            return Located(_plain(event) if event.implicit[0] else event.value, Lines(line, {}))
        if depth > self._max_depth:
            _refuse(event, f"objects and arrays are nested deeper than {self._max_depth}")
        value, parts = self._sequence(depth) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(depth)
        return Located(value, Lines(line, parts))

    def _sequence(self, depth: int) -> tuple[list[Any], dict[str, Lines]]:
        items: list[Any] = []
        parts: dict[str, Lines] = {}
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            value, parts[str(len(items))] = self._value(event, depth + 1)
            items.append(value)
        return items, parts

    def _mapping(self, depth: int) -> tuple[dict[str, Any], dict[str, Lines]]:
        items: dict[str, Any] = {}
        parts: dict[str, Lines] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            _check_plain(event)
            if not isinstance(event, yaml.ScalarEvent):
                _refuse(event, "a key must be a text")
            key: str = event.value
            if key in items:
                _refuse(event, f"the key {key!r:.60} stands twice in one mapping")
            items[key], lines = self._value(next(self._events), depth + 1)
            parts[key] = lines._replace(line=_line(event))
        return items, parts


def _check_plain(event: Any) -> None:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        _refuse(event, "anchors and aliases are not allowed")
    if event.tag is not None:
        _refuse(event, "tags are not allowed")


def _plain(event: Any) -> Any:
    """What a scalar without quotes means."""
    text: str = event.value
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    try:
        if _INTEGER.fullmatch(text):
            return int(text, 0 if text[:2] in ("0o", "0x") else 10)
        if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
            return number
    except ValueError:  # more digits than Python converts
        _refuse(event, "this number is out of range")
    if _FLOAT.fullmatch(text) or _NO_NUMBER.fullmatch(text):
        _refuse(event, "this number is out of range")
    return text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refuse(event: Any, message: str) -> NoReturn:
    mark = event.start_mark
    raise MalformedInput(f"line {mark.line + 1}, column {mark.column + 1}: {message}")
