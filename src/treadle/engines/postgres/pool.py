"""Connections: how they are made, what they are told, and what their errors mean to a caller."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import asyncpg

from treadle.domain.errors import InvalidInput, StorageFull, TreadleError, Unavailable
from treadle.engines.postgres.clock import ServerClock
from treadle.engines.postgres.options import Options, place_of

Row: TypeAlias = Sequence[Any]
"""A row as the driver answers it: its columns' types are the statement's business."""

Failures: TypeAlias = tuple[type[Exception], ...]

DRIVER_ERRORS: Final[Failures] = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError),
    # Its own confusion over a connection that the server ended while this process stood still.
    asyncpg.InternalClientError,
)
"""All that the driver raises where a server or the way to it fails."""

SILENCE_SECONDS: Final = 5
"""After how long without an answer of the other machine a connection is given up: a third of a lease."""

PATIENCE_SECONDS: Final = 30.0
"""How long a statement may take."""

BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
"""Who is in the way of whom is judged by locks: with more, a database ends transactions that could go on."""

_SESSION: Final = {
    "application_name": "treadle",
    # What statements and views are written for, whatever the database is set to. Poolers pass it on.
    "standard_conforming_strings": "on",
}

# Between the preparing of a statement and its call a server takes nobody for idle, and no timeout of its ends that wait
# (`transaction_timeout` would, from release 17 on). Who copies rows waits for its client as a matter of course.
_MAKE_WAY: Final = f"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name = '{_SESSION["application_name"]}'
  AND state = 'active' AND wait_event = 'ClientRead' AND query NOT LIKE 'COPY %'
  AND state_change < now() - interval '{SILENCE_SECONDS}s'
"""  # noqa: S608 - of constants
_NO_OPTION: Final = (asyncpg.ClientConfigurationError, asyncpg.UndefinedObjectError, asyncpg.InvalidParameterValueError)
"""What neither driver nor server knows of the options in a URL, or of their values."""

_KEEPALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (
            ("TCP_KEEPIDLE", 2),
            ("TCP_KEEPINTVL", 1),
            ("TCP_KEEPCNT", SILENCE_SECONDS - 2),
            ("TCP_USER_TIMEOUT", SILENCE_SECONDS * 1000),
        )
        if hasattr(socket, name)  # some systems lack some of them
    ),
)


def settings(patience: float) -> dict[str, str]:
    """What a server is told of a session in which a statement may take `patience` seconds."""
    return {
        # Plans are made once: for a table that was never analysed, a plan per call can take longer than the call.
        "plan_cache_mode": "force_generic_plan",
        "jit": "off",
        # As transactions begin (`BEGIN`), single statements do too.
        "default_transaction_isolation": "read committed",
        # A process that stands still, or is cut off, lets go of what it has locked before its lease ends.
        "idle_in_transaction_session_timeout": f"{SILENCE_SECONDS}s",
        # Whoever waits for longer looks who is in the way: see `make_way`.
        "lock_timeout": f"{min(SILENCE_SECONDS, patience / 2):g}s",
    }


async def connect(dsn: str, *, patience: float = PATIENCE_SECONDS) -> asyncpg.Connection:
    """A connection outside of any pool. Raises Unavailable, and InvalidInput for options that there are none of."""
    try:
        connection: asyncpg.Connection = await asyncpg.connect(
            dsn, timeout=SILENCE_SECONDS, command_timeout=patience, server_settings=_SESSION
        )
    except DRIVER_ERRORS as error:
        raise translate(error, dsn) from error
    keep_alive(connection)
    return connection


async def open_pool(options: Options, clock: ServerClock, *, size: int, patience: float) -> asyncpg.Pool:
    """A pool of up to `size` connections, one of which stands. Raises as `connect` does."""

    async def prepare(connection: asyncpg.Connection) -> None:
        keep_alive(connection)
        await clock.ask(connection)

    async def leave_as_it_is(_: asyncpg.Connection) -> None:
        """Nothing is set in a session, so nothing has to be set back."""

    try:
        return await asyncpg.create_pool(
            options.dsn,
            min_size=1,
            max_size=size,
            timeout=SILENCE_SECONDS,
            command_timeout=patience,
            statement_cache_size=0 if options.pooled else 1000,
            max_cached_statement_lifetime=0,
            server_settings=_SESSION if options.pooled else _SESSION | settings(patience),
            init=prepare,
            reset=leave_as_it_is,
        )
    except DRIVER_ERRORS as error:
        raise translate(error, options.dsn) from error


class Identity(NamedTuple):
    """What stands there: the server, for people, and the installation, which no other database has."""

    version: str
    installation: str


async def identify(pool: asyncpg.Pool) -> Identity:
    """What stands there, once it is migrated. Raises Unavailable."""
    try:
        version, installation = await pool.fetchrow(
            "SELECT current_setting('server_version'), id FROM treadle.installation"
        )
    except DRIVER_ERRORS as error:
        raise translate(error) from error
    return Identity(f"PostgreSQL {version}", installation)


def keep_alive(connection: asyncpg.Connection) -> None:
    """Let the system find out that the other machine is gone. The driver has no option for it."""
    sock = connection._transport.get_extra_info("socket")
    if sock is not None and sock.family != socket.AF_UNIX:
        for level, option, value in _KEEPALIVE:
            sock.setsockopt(level, option, value)


async def make_way(pool: asyncpg.Pool) -> None:
    """End the sessions of processes that stand still in the middle of a statement, and so let go of what they locked.

    Raises Unavailable.
    """
    try:
        await pool.execute(_MAKE_WAY)
    except DRIVER_ERRORS as error:
        raise translate(error) from error


async def roll_back(connection: asyncpg.Connection) -> None:
    """End a transaction that failed, lest the next user of its connection be in it."""
    if connection.is_closed():
        return
    try:
        await connection.execute("ROLLBACK")
    except DRIVER_ERRORS:
        connection.terminate()


def translate(error: Exception, dsn: str | None = None) -> TreadleError:
    """What an error of the driver means to the caller of a verb; `dsn` is where the caller was about to connect."""
    if isinstance(error, asyncpg.DiskFullError):
        return StorageFull("no space is left where the database is; nothing was stored")
    if isinstance(error, _NO_OPTION) and dsn is not None:
        return InvalidInput(f"the URL of the database asks for what cannot be: {error}")
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return Unavailable(f"the server has no such database: {error}")
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return Unavailable(f"the database lets nobody in: {error}")
    if "unsupported startup parameter" in str(error):  # PgBouncer's words
        return Unavailable(f"the database is behind a pooler: its URL needs ?pooler=transaction ({error})")
    gone = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
    if isinstance(error, gone):
        place = "" if dsn is None else f" at {place_of(dsn)}"
        return Unavailable(f"the database{place} cannot be reached: {str(error) or 'no answer in time'}")
    if isinstance(error, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError):
        return InvalidInput("a name or text in this call holds a NUL character, which this database cannot keep")
    return Unavailable(f"the database refused the call: {error}")
