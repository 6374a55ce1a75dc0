"""Small durable values: what jobs keep from run to run, and what runs tell of themselves. How a value changes."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final, TypeAlias

from msgspec import Struct

from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import Instant
from treadle.domain.json import Json, json_problems

MAX_KEY: Final = 200
MAX_VALUE_BYTES: Final = 64 * 1024


class Scope(StrEnum):
    """Whose values they are. Those of runs go with the run; the last has one value, a `progress.Progress`."""

    JOB = "job"
    RUN = "run"
    PROGRESS = "progress"


MAX_KEYS: Final = {Scope.JOB: 1_000, Scope.RUN: 100, Scope.PROGRESS: 1}
"""Keys in one space. What is larger, or more, belongs into a database of the job's own."""


class Space(Struct, frozen=True):
    """Where values lie together: `owner` is the id of a job or of a run, as `scope` says."""

    domain: str
    scope: Scope
    owner: str


class Put(Struct, frozen=True, tag=True):
    """Give a key a value."""

    key: str
    value: Json


class Drop(Struct, frozen=True, tag=True):
    """Take a key away."""

    key: str


class Add(Struct, frozen=True, tag=True):
    """Add to a number; one that is not there is 0."""

    key: str
    by: int | float


Change: TypeAlias = Put | Drop | Add


class Entry(Struct, frozen=True):
    """A key with its value, and when it was given."""

    key: str
    value: Json
    at: Instant


class Fence(Struct, frozen=True):
    """The run for which values are changed: only while it runs under this token, on a worker with a lease."""

    worker_id: str
    run_id: str
    token: int


def check_key(key: object) -> str:
    """A key. Raises InvalidInput for what is none."""
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise InvalidInput(f"{key!r:.60} is no key: 1 to {MAX_KEY} printable characters")
    return key


def encode_value(key: str, value: object) -> Json:
    """A value as it is kept. Raises InvalidInput for what is no JSON, or too large."""
    if problems := json_problems(value):
        raise InvalidInput(f"the value of {key!r} cannot be kept: {problems[0].pointer} {problems[0].message}")
    encoded = json.encode(value)
    if len(encoded) > MAX_VALUE_BYTES:
        message = f"the value of {key!r} takes {len(encoded)} bytes of JSON, of at most {MAX_VALUE_BYTES}"
        raise InvalidInput(f"{message}: keep it elsewhere, and here where it is")
    return encoded


def check_number(key: str, by: object) -> int | float:
    """What may be added to a number. Raises InvalidInput for anything else."""
    if isinstance(by, bool) or not isinstance(by, int | float) or not math.isfinite(by):
        raise InvalidInput(f"a number can be added to {key!r}, not {by!r:.40}")
    return by


def changed(scope: Scope, change: Change, before: Json | None, keys: int) -> Json | None:
    """The value of a key after a change, None for none; so many `keys` are in its space beforehand.

    Raises InvalidInput where there is no room for another key, and where what is to be added to is no number.
    """
    if isinstance(change, Drop):
        return None
    if before is None and keys >= (most := MAX_KEYS[scope]):
        raise InvalidInput(f"{change.key!r} would be key {keys + 1}, of at most {most}: delete what is not needed")
    if isinstance(change, Put):
        return change.value
    number = 0 if before is None else json.decode(before)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InvalidInput(f"the value of {change.key!r} is no number: nothing can be added to it")
    return encode_value(change.key, number + change.by)
