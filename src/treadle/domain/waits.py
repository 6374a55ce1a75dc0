"""Waiting for events: what a run waits for, and which events answer it.

An event answers a wait of its name if its data contains `match`: each key of it, with an equal value. A run's wait is
answered by the oldest such event since the run was created that has answered no other wait of it.
"""

from __future__ import annotations

import json as plain_json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.json import EMPTY_OBJECT, Json

FAMILY: Final = "user."
"""Begins the type of every event that people publish: `user.paid` is the event `paid`."""

_ANY_DATA: Final = 0


class EventWait(Struct, frozen=True, kw_only=True):
    """What a run waits for, and the step that will tell of it.

    Events up to the position `after` were looked through before. `timeout_at` is when the wait ends without an event,
    None for never.
    """

    step: str
    event: str
    match: Json = EMPTY_OBJECT
    after: int = 0
    timeout_at: Instant | None = None


def matches(match: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether `data` has every key of `match`, with a value that is equal as JSON: 1 is 1.0, and not true."""
    return all(key in data and _plain(data[key]) == _plain(value) for key, value in match.items())


def match_key(match: Mapping[str, Any]) -> int:
    """A number by which engines find the waits that an event may answer: it is among the event's `data_keys`."""
    return _pair_key(*min(match.items())) if match else _ANY_DATA


def data_keys(data: Mapping[str, Any]) -> list[int]:
    """The `match_key` of every match that `data` could answer."""
    return [_ANY_DATA, *(_pair_key(key, value) for key, value in data.items())]


def _plain(value: Any) -> Any:
    """A JSON value so that Python's equality is JSON's: its booleans are numbers."""
    match value:
        case bool():
            return "true" if value else "false", None
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _pair_key(key: str, value: Any) -> int:
    canonical = plain_json.dumps((key, _plain(value)), sort_keys=True)  # msgspec writes no integer beyond 64 bits
    digest = blake2b(canonical.encode(), digest_size=8)
    return int.from_bytes(digest.digest()) >> 1
