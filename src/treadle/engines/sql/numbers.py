"""Lines and gates by number: a hash of what each is, so that what a process remembers of one is right in every engine,
whatever transactions come to."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

from treadle.domain.limits import Limits

_REMEMBERED: Final = 65_536


class Line(NamedTuple):
    """Where ready runs wait, by domain, queue and requirement class. `solo` lines hold suspects, which run alone."""

    domain: str
    queue: str
    requires: str
    solo: bool


@lru_cache(maxsize=_REMEMBERED)
def line_id(line: Line) -> int:
    """The id of a line: 63 bits of a hash over its parts."""
    return _hash(line.domain, line.queue, line.requires, str(int(line.solo))) >> 1


@lru_cache(maxsize=_REMEMBERED)
def gate_id(kind: Literal["lane", "rate"], domain: str, key: str) -> int:
    """The id of a gate: 62 bits of a hash over what it is, and last the bit that tells rates from lanes."""
    return _hash(domain, key) >> 2 << 1 | (kind == "rate")


def is_rate(gate: int) -> bool:
    """Whether an id is that of a rate."""
    return bool(gate & 1)


def gates_of(domain: str, limits: Limits | None) -> list[int]:
    """The gates that a run has to pass, in the order in which it is told what it waits for."""
    if limits is None:
        return []
    lanes = [gate_id("lane", domain, lane.key) for lane in limits.lanes]
    return [*lanes, *(gate_id("rate", domain, limit.key) for limit in limits.rates)]


def _hash(*parts: str) -> int:
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest())
