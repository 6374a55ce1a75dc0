"""Connections of callers, by whatever library they have them, as the engine uses its own.

A library is known by the type of the connection, and imported only where it is there. One of SQLAlchemy is asked for
the connection beneath it. A sync one is used in a thread for as long as the work takes: no event loop stands still.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar

from treadle.domain.errors import InvalidInput
from treadle.engines.connections import is_async, libraries_of, session_of
from treadle.engines.postgres.pool import Row
from treadle.engines.sql.driving import drive

T = TypeVar("T")

KNOWN: Final = "asyncpg, psycopg 3 or 2, or SQLAlchemy 2 over one of these"

_BEGIN: Final = "SELECT 1"
"""With the first statement of its own SQLAlchemy begins, and lets the driver begin."""

_PLACE: Final = re.compile(r"\$(\d+)")


class Lent(Protocol):
    """A connection of somebody else."""

    async def fetch(self, statement: str, /, *values: Any) -> list[Row]:
        """All rows that a statement answers."""
        ...

    async def execute(self, script: str, /) -> None:
        """Do statements that answer nothing."""
        ...

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do what awaits nothing but this connection."""
        ...


async def borrow(connection: object) -> Lent:
    """The connection behind what a caller has given. Raises InvalidInput where it is none that is known."""
    libraries = libraries_of(connection)
    if "sqlalchemy" in libraries:
        return await borrow(await _beneath(session_of(connection)))
    if "asyncpg" in libraries:
        return _Asyncpg(connection)
    if "psycopg" in libraries:
        return _psycopg(connection)
    if "psycopg2" in libraries:
        import psycopg2.extensions

        return _Sync(connection, {"cursor_factory": psycopg2.extensions.cursor})
    raise InvalidInput(f"connection= is a {_name(connection)}: it is to be one of {KNOWN}")


class _Asyncpg:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, statement: str, /, *values: Any) -> list[Row]:
        rows: list[Row] = await self._connection.fetch(statement, *values)
        return rows

    async def execute(self, script: str, /) -> None:
        await self._connection.execute(script)

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await work()


class _Async:
    """An async connection after DB-API."""

    def __init__(self, connection: Any, options: dict[str, Any]) -> None:
        self._connection = connection
        self._options = options

    async def fetch(self, statement: str, /, *values: Any) -> list[Row]:
        async with self._connection.cursor(**self._options) as cursor:
            await cursor.execute(_percent(statement), _named(values))
            return [] if cursor.description is None else list(await cursor.fetchall())

    async def execute(self, script: str, /) -> None:
        async with self._connection.cursor(**self._options) as cursor:
            await cursor.execute(script)

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await work()


class _Sync:
    """A sync connection after DB-API. All that it does is done when it answers: nothing is ever awaited."""

    def __init__(self, connection: Any, options: dict[str, Any]) -> None:
        self._connection = connection
        self._options = options

    async def fetch(self, statement: str, /, *values: Any) -> list[Row]:
        with self._connection.cursor(**self._options) as cursor:
            cursor.execute(_percent(statement), _named(values))
            return [] if cursor.description is None else list(cursor.fetchall())

    async def execute(self, script: str, /) -> None:
        with self._connection.cursor(**self._options) as cursor:
            cursor.execute(script)

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await _in_thread(lambda: drive(work()))


def _psycopg(connection: Any) -> Lent:
    from psycopg import AsyncConnection
    from psycopg.rows import tuple_row

    options = {"row_factory": tuple_row}
    return _Async(connection, options) if isinstance(connection, AsyncConnection) else _Sync(connection, options)


async def _beneath(connection: Any) -> object:
    """The driver's connection below a session or connection of SQLAlchemy, in the transaction of that."""
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    if not isinstance(connection, Connection | AsyncConnection):
        if not hasattr(connection, "connection"):
            raise InvalidInput(f"connection= is a {_name(connection)}: of SQLAlchemy it is a session or a connection")
        ask = connection.connection
        connection = await ask() if is_async(connection) else await _in_thread(ask)
    if isinstance(connection, AsyncConnection):
        await connection.exec_driver_sql(_BEGIN)
        return (await connection.get_raw_connection()).driver_connection
    await _in_thread(lambda: connection.exec_driver_sql(_BEGIN))
    return connection.connection.driver_connection


async def _in_thread(work: Callable[[], T]) -> T:
    """Do something that may wait for a server, in a thread of its own: those that all share may all be waiting for a
    transaction whose owner waits for one of them."""
    thread = ThreadPoolExecutor(1, "treadle-lent")
    doing = asyncio.get_running_loop().run_in_executor(thread, work)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])  # its owner is not to find the connection in use
        raise
    finally:
        thread.shutdown(wait=False)


@lru_cache
def _percent(statement: str) -> str:
    """A statement with its places as DB-API has them: `%(p1)s` for `$1`."""
    return _PLACE.sub(r"%(p\1)s", statement.replace("%", "%%"))


def _named(values: tuple[Any, ...]) -> dict[str, Any]:
    return {f"p{place}": value for place, value in enumerate(values, 1)}


def _name(connection: object) -> str:
    kind = type(connection)
    return f"{kind.__module__}.{kind.__qualname__}"
