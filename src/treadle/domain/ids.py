"""Prefixed ids that sort by time of creation: `run_` and 32 hex digits (a UUIDv7's layout)."""

from __future__ import annotations

from typing import Final

from treadle.domain.instants import MILLISECOND, Instant

RANDOM_BITS: Final = 76
_VERSION: Final = 0x7 << RANDOM_BITS


def make_id(prefix: str, now: Instant, randomness: int) -> str:
    """`prefix_` + 48 bits of milliseconds, the version digit 7 and 76 bits of `randomness`, in hex.

    Two ids of one millisecond sort by `randomness`; a source that counts upwards within a millisecond therefore
    keeps the order of creation.
    """
    return f"{prefix}_{(now // MILLISECOND) << 80 | _VERSION | randomness:032x}"


def made_at(made: str) -> Instant:
    """When an id was made, to the millisecond."""
    return (int(made.rpartition("_")[2], 16) >> 80) * MILLISECOND
