"""Reading texts that come from outside, JSON and YAML, strictly and into the same plain values.

Refused is what could be read in two ways or what no JSON can hold: a key that stands twice, not-a-number, infinity,
numbers out of range, nesting deeper than `MAX_DEPTH`. YAML is read by the core schema of YAML 1.2, in which `yes` and
`2026-01-01` are texts, and without anchors, aliases and tags, with which a small text becomes a large or a live value.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from treadle.domain.errors import MalformedInput, PayloadTooLarge
from treadle.domain.json import MAX_DEPTH

if TYPE_CHECKING:
    from treadle.domain.yaml import Located

MAX_BYTES: Final = 1024 * 1024
"""The cap on one document where nothing else is said."""


def load_json(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text. Raises PayloadTooLarge over the cap, else MalformedInput saying what is wrong."""
    _check_size(data, max_bytes)
    try:
        # Two readers, since neither is strict enough: msgspec takes the last of two equal keys, json half a surrogate
        # pair and numbers out of range.
        msgspec.json.decode(data)
        value = json.loads(data, object_pairs_hook=_object)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedInput(f"this is no JSON: {error}") from None
    except RecursionError:
        raise MalformedInput(_too_deep(max_depth)) from None
    if data.count(b"[") + data.count(b"{") > max_depth and _depth(value) > max_depth:
        raise MalformedInput(_too_deep(max_depth))
    return value


def load_yaml(text: str | bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a YAML text of one document. Raises as `load_json` does, naming line and column."""
    return locate_yaml(text, max_bytes=max_bytes, max_depth=max_depth).value


def locate_yaml(text: str | bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Located:
    """The same, with the lines."""
    from treadle.domain.yaml import read_yaml  # the parser is loaded where it is needed: most commands do without

    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    _check_size(data, max_bytes)
    try:
        return read_yaml(data.decode(), max_depth)
    except UnicodeError as error:
        raise MalformedInput(f"this is no YAML: {error}") from None


def _check_size(data: bytes, max_bytes: int) -> None:
    if len(data) > max_bytes:
        raise PayloadTooLarge(f"{len(data)} bytes are more than the {max_bytes} that are allowed here")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise MalformedInput(f"the key {twice!r:.60} stands twice in one object")
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, list | dict)]:
        depth += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return depth


def _too_deep(max_depth: int) -> str:
    return f"objects and arrays are nested deeper than {max_depth}"
