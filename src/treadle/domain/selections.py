"""Selections: runs that were asked for at one moment, frozen: what is done to them touches nothing that came later."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from treadle.domain.filters import RunsWanted
from treadle.domain.instants import HOUR, Instant, Micros

MOST_SELECTED: Final = 100_000
MOST_COUNTED: Final = 1_000_000
"""So many are counted where they are too many to be selected."""

KEPT: Final[Micros] = HOUR
PART: Final = 100
"""How many runs are kept, and acted upon, together."""

SAMPLE: Final = 10


class SelectionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs to select; without a filter, all of the domain."""

    filter: RunsWanted = RunsWanted()


class Selection(Struct, frozen=True, kw_only=True):
    """Runs that were selected `by` somebody: how many, and the newest of them. The rest is read a part at a time."""

    id: str
    domain: str
    filter: RunsWanted
    by: str
    count: int
    sample: tuple[str, ...]
    created_at: Instant
    expires_at: Instant

    @property
    def parts(self) -> int:
        """In how many parts it is kept."""
        return parts_of(self.count)


def parts_of(count: int) -> int:
    """The number of parts of so many runs."""
    return -(-count // PART)


def select(
    run_ids: list[str], *, selection_id: str, domain: str, wanted: RunsWanted, by: str, now: Instant
) -> Selection:
    """The selection of runs, given by their ids, newest first."""
    return Selection(
        id=selection_id,
        domain=domain,
        filter=wanted,
        by=by,
        count=len(run_ids),
        sample=tuple(run_ids[:SAMPLE]),
        created_at=now,
        expires_at=now + KEPT,
    )


def split(run_ids: list[str]) -> list[list[str]]:
    """The parts of a selection, the oldest runs first: in their order they are acted upon."""
    oldest_first = run_ids[::-1]
    return [oldest_first[start : start + PART] for start in range(0, len(oldest_first), PART)]
