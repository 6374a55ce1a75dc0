"""Reads, beside the writers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import asyncpg

from treadle.engines.postgres.look import Look
from treadle.engines.postgres.pool import DRIVER_ERRORS, Row, roll_back, translate
from treadle.engines.postgres.queries import STATEMENTS

T = TypeVar("T")

_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Reader:
    """Runs statements, each in a snapshot of its own, or several in one.

    Behind a pooler even one has a transaction around it, lest its parts come to different servers.
    """

    def __init__(self, pool: asyncpg.Pool, *, pooled: bool) -> None:
        self._pool = pool
        self._pooled = pooled

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        """All rows that a statement answers."""
        return await self.in_turn(lambda look: look.fetch(statement, *values))

    async def call(self, name: str, /, *values: Any) -> list[Row]:
        """All rows that a statement answers."""
        return await self.fetch(STATEMENTS[name], *values)

    async def in_turn(self, work: Callable[[Look], Coroutine[Any, Any, T]]) -> T:
        """Run `work`, each of whose statements may see what was stored since the one before it: in a trip each."""
        if self._pooled:
            return await self.together(work)
        try:
            return await work(Look(self._pool))
        except DRIVER_ERRORS as error:
            raise translate(error) from error

    async def together(self, work: Callable[[Look], Coroutine[Any, Any, T]]) -> T:
        """Run `work`, whose statements see the same."""
        try:
            async with self._pool.acquire() as connection:
                await connection.execute(_SNAPSHOT)
                try:
                    result = await work(Look(connection))
                except BaseException:
                    await roll_back(connection)
                    raise
                await connection.execute("COMMIT")
        except DRIVER_ERRORS as error:
            raise translate(error) from error
        return result
