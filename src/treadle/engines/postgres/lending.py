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
    lent = None
    if "asyncpg" in libraries:
        lent = _asyncpg(connection)
    elif "psycopg" in libraries:
        lent = _psycopg(connection)
    elif "psycopg2" in libraries:
        lent = _psycopg2(connection)
    if lent is None:
        raise InvalidInput(f"connection= is a {_name(connection)}: it is to be a connection of {KNOWN}")
    return lent


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
    """An async connection after DB-API, by its cursors."""

    def __init__(self, cursor: Callable[[], Any]) -> None:
        self._cursor = cursor

    async def fetch(self, statement: str, /, *values: Any) -> list[Row]:
        async with self._cursor() as cursor:
            await cursor.execute(_percent(statement), _named(values))
            return [] if cursor.description is None else list(await cursor.fetchall())

    async def execute(self, script: str, /) -> None:
        async with self._cursor() as cursor:
            await cursor.execute(script)

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await work()


class _Sync:
    """A sync connection after DB-API. All that it does is done when it answers: nothing is ever awaited."""

    def __init__(self, cursor: Callable[[], Any]) -> None:
        self._cursor = cursor

    async def fetch(self, statement: str, /, *values: Any) -> list[Row]:
        with self._cursor() as cursor:
            cursor.execute(_percent(statement), _named(values))
            return [] if cursor.description is None else list(cursor.fetchall())

    async def execute(self, script: str, /) -> None:
        with self._cursor() as cursor:
            cursor.execute(script)

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await _in_thread(lambda: drive(work()))


def _asyncpg(connection: object) -> Lent | None:
    """None for what is no connection, such as a pool or a cursor."""
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    return _Asyncpg(connection) if isinstance(connection, asyncpg.Connection | PoolConnectionProxy) else None


def _psycopg(connection: object) -> Lent | None:
    from psycopg import AsyncConnection, AsyncCursor, Connection, Cursor
    from psycopg.pq import PipelineStatus
    from psycopg.rows import tuple_row

    if not isinstance(connection, AsyncConnection | Connection):
        return None
    if connection.pgconn.pipeline_status != PipelineStatus.OFF:
        raise InvalidInput("connection= is in pipeline mode, in which nothing is answered yet: submit outside of it")
    if connection.info.parameter_status("standard_conforming_strings") == "off":
        # The driver would then write bytes as they stand in literals of that kind, also where it sends none.
        raise InvalidInput("connection= has standard_conforming_strings off, which spoils bytes: set it to on")
    if isinstance(connection, AsyncConnection):
        return _Async(lambda: AsyncCursor(connection, row_factory=tuple_row))
    return _Sync(lambda: Cursor(connection, row_factory=tuple_row))


def _psycopg2(connection: object) -> Lent | None:
    import psycopg2.extensions as theirs

    if not isinstance(connection, theirs.connection):
        return None
    return _Sync(lambda: connection.cursor(cursor_factory=theirs.cursor))


async def _beneath(connection: Any) -> object:
    """The driver's connection below a session or connection of SQLAlchemy, in the transaction of that."""
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    if not isinstance(connection, Connection | AsyncConnection):
        if not hasattr(connection, "get_bind"):
            raise InvalidInput(f"connection= is a {_name(connection)}: of SQLAlchemy it is a session or a connection")
        _check_dialect(connection.get_bind())  # before it connects to anything
        ask = connection.connection
        connection = await ask() if is_async(connection) else await _in_thread(ask)
    _check_dialect(connection)
    if isinstance(connection, AsyncConnection):
        await connection.exec_driver_sql(_BEGIN)
        return (await connection.get_raw_connection()).driver_connection
    await _in_thread(lambda: connection.exec_driver_sql(_BEGIN))
    return connection.connection.driver_connection


def _check_dialect(bind: Any) -> None:
    if bind.dialect.name != "postgresql":
        raise InvalidInput(f"connection= is to a {bind.dialect.name} database: it is to be to the PostgreSQL one")


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
