"""Statements by name, for the verbs that are written once for all SQL engines. Lists and rows travel as arrays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

from treadle.engines.postgres.pool import Row
from treadle.engines.postgres.queries import STATEMENTS


class Connection(Protocol):
    """What statements need of a connection, as asyncpg has it."""

    async def fetch(self, statement: str, /, *values: Any) -> list[Row]:
        """All rows that a statement answers."""
        ...


Fetch: TypeAlias = Callable[..., Awaitable[list[Row]]]
"""A statement, as a text, and its values to its rows."""


class Look:
    """See `sql.transaction.Look`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        """All rows that a statement, as a text, answers."""
        return await self._connection.fetch(statement, *values)

    async def call(self, name: str, /, *values: Any) -> list[Row]:
        """All rows that a statement answers."""
        return await self.fetch(STATEMENTS[name], *values)

    async def feed(self, name: str, rows: Sequence[Row], /, *values: Any) -> list[Row]:
        """All rows that a statement over rows answers."""
        if not rows:
            return []
        return await self.fetch(STATEMENTS[name], *columns(rows, len(rows[0])), *values)


def columns(rows: Sequence[Row], count: int) -> list[list[Any]]:
    """Rows as the columns that `unnest` takes; `count` of them, also of no rows."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def shared(rows: Sequence[Row], own: int, count: int) -> list[list[Any]]:
    """Rows as `count` columns and one: many rows have the same values but for the first `own`. Those columns come
    first, then for each row the place, from 1, of its others in the columns that follow, in which equal ones stand
    once: the driver and the server take their time over every value."""
    places: dict[Row, int] = {}
    place_of_each = [places.setdefault(row[own:], len(places) + 1) for row in rows]
    return [*columns([row[:own] for row in rows], own), place_of_each, *columns(list(places), count - own)]


def as_array(numbers: Sequence[int]) -> str:
    """Numbers as the text of an array: an array of arrays would have to be of equal lengths."""
    return f"{{{','.join(map(str, numbers))}}}"
