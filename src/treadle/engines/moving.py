"""Moving an installation from one engine to another: its rows by tables, in ranges of their keys, with checksums.

A range that is the same on both sides is left as it is; any other is written anew. So a move that was broken off goes
on where it was by being made again, and what changed on the side that is left is made up for by the last pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from treadle.domain.instants import Instant

RANGE_ROWS: Final = 1000
"""How many rows are read, compared and written at once."""

NOT_MOVED: Final = frozenset({"workers", "moves"})
"""Leases end with the processes that have them."""

_WRAP: Final = 1 << 64
_encoder: Final = msgspec.msgpack.Encoder()

Row: TypeAlias = Sequence[Any]
Key: TypeAlias = tuple[Any, ...]


class MoveState(StrEnum):
    """How far an installation has moved away. `copying`: all goes on as usual. `closing`: nothing is claimed any more.
    `fenced`: nothing is taken any more at all. `done`: the other side is in charge.
    """

    COPYING = "copying"
    CLOSING = "closing"
    FENCED = "fenced"
    DONE = "done"


class Move(Struct, frozen=True):
    """A move as the side knows it that is left; `id` is what the other side knows it by."""

    id: str
    target: str
    state: MoveState


class Table(Struct, frozen=True):
    """A table: its columns, of which the first `key` are its key, by the names that they have here."""

    name: str
    columns: tuple[str, ...]
    key: int


class Tally(Struct, frozen=True):
    """So many rows, and the sum of their checksums, whatever their order."""

    rows: int = 0
    checksum: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.rows + other.rows, (self.checksum + other.checksum) % _WRAP)


def tally(rows: Sequence[Row]) -> Tally:
    """The tally of rows."""
    sums = (int.from_bytes(blake2b(_encoder.encode(tuple(row)), digest_size=8).digest()) for row in rows)
    return Tally(len(rows), sum(sums) % _WRAP)


class Source(Protocol):
    """The side that is left."""

    def tables(self) -> list[Table]:
        """All that is moved."""
        ...

    def rows(self, table: Table, after: Key | None) -> list[Row]:
        """Up to `RANGE_ROWS` rows beyond a key, in the order of their keys."""
        ...

    def standing(self) -> Move | None:
        """The move that was begun."""
        ...

    def begin(self, target: str, new_id: str) -> Move:
        """Begin a move, or go on with it. Raises Conflict where it has moved, or is about to, somewhere else."""
        ...

    def close(self, move: Move, until: Instant) -> None:
        """Let nobody claim until a moment, by which the move goes on or was given up."""
        ...

    def holders(self) -> list[str]:
        """The workers that hold runs."""
        ...

    def fence(self, move: Move) -> bool:
        """Take nothing any more, from anybody, unless runs are still held; answers whether it is so."""
        ...

    def finish(self, move: Move) -> None:
        """The other side is in charge."""
        ...

    def reopen(self, move: Move) -> None:
        """Go on as if no move had been begun. The other side must not be in charge."""
        ...


class Target(Protocol):
    """The side that is moved to. Until the move is complete nobody else opens it."""

    async def begin(self, move: Move) -> str | None:
        """Begin or go on, alone; the report of a move that is complete, else None.

        Raises Conflict where there is something else, somebody is at work there, or another move is under way.
        """
        ...

    async def pair(self, source: Table) -> Pair:
        """The table that takes the rows of another. Raises Conflict where there is none that does."""
        ...

    async def begin_last_pass(self) -> None:
        """From now on nothing is there for others to see before `complete`."""
        ...

    async def rows(self, pair: Pair, after: Key | None, upto: Key | None) -> list[Row]:
        """The rows beyond a key and up to another."""
        ...

    async def replace(self, pair: Pair, after: Key | None, upto: Key | None, rows: Sequence[Row]) -> None:
        """Let these be the rows beyond a key and up to another."""
        ...

    async def complete(self, report: str) -> None:
        """Be in charge."""
        ...


class Pair(Protocol):
    """A table on both sides."""

    @property
    def source(self) -> Table: ...
    @property
    def target(self) -> Table: ...

    def convert(self, rows: Sequence[Row]) -> list[Row]:
        """Rows of the one as they are in the other."""
        ...
