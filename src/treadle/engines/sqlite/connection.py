"""Opening the file: pragmas, migrations, and what SQLite's errors mean to a caller."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import resources
from itertools import count
from pathlib import Path
from shutil import disk_usage
from typing import Any, Final, Literal, TypeAlias

import apsw
import msgspec

from treadle.domain.errors import SchemaTooNew, StorageFull, TreadleError, Unavailable

Row: TypeAlias = tuple[Any, ...]
"""A row as SQLite answers it: its columns' types are the statement's business."""

Synchronous: TypeAlias = Literal["FULL", "NORMAL"]

BUSY_PATIENCE: Final = 10.0
"""Seconds to wait for another process's transaction before giving up."""

WAL_BYTES: Final = 16 * 1024 * 1024
"""How long the write-ahead log grows before it is copied into the database and starts over."""

_ROOMY: Final = 16
"""How many times the log's length must be free on the disk before all of it is taken at once."""

_BUSY_STEP: Final = 0.0005
_OLDEST_SQLITE: Final = (3, 51, 3)  # older ones can corrupt a WAL that is being reset


def connect(path: Path, synchronous: Synchronous, *, cache_kib: int, readonly: bool = False) -> apsw.Connection:
    """A connection in WAL mode, ready for use by one thread."""
    if tuple(int(part) for part in apsw.sqlite_lib_version().split(".")) < _OLDEST_SQLITE:
        raise Unavailable(f"SQLite {apsw.sqlite_lib_version()} is too old: 3.51.3 or newer is needed")
    connection = apsw.Connection(str(path))
    connection.set_busy_handler(wait_for_lock(BUSY_PATIENCE))
    _use_wal(connection)
    connection.pragma("synchronous", synchronous)
    connection.pragma("cache_size", -cache_kib)
    connection.pragma("temp_store", "memory")
    connection.wal_autocheckpoint(0)  # the checkpointer does it, beside the writers
    if readonly:
        connection.pragma("query_only", True)
    return connection


def wait_for_lock(patience: float) -> Callable[[int], bool]:
    """A busy handler of short naps: SQLite's own backs off to 100 ms, which starves a writer among many."""
    began = 0.0

    def handler(tries: int) -> bool:
        nonlocal began
        if tries == 0:
            began = time.monotonic()
        time.sleep(_BUSY_STEP)
        return time.monotonic() - began < patience

    return handler


def _use_wal(connection: apsw.Connection) -> None:
    """Wait also where SQLite does not: of several that open a new file at once, it refuses some without a word."""
    is_patient = wait_for_lock(BUSY_PATIENCE)
    for tries in count():
        try:
            connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            if not is_patient(tries):
                raise
        else:
            return


def lengthen_wal(connection: apsw.Connection) -> None:
    """Give the write-ahead log its full length beforehand.

    A commit that makes a file longer waits for the file system's journal as well, which on ext4 nearly doubles it.
    A large transaction that overflows the cache and is rolled back leaves its length behind; the log is never cut.
    """
    wal = Path(connection.filename + "-wal")
    if wal.exists() and wal.stat().st_size >= WAL_BYTES:
        return
    if disk_usage(wal.parent).free < _ROOMY * WAL_BYTES:
        return
    cache = connection.pragma("cache_size")
    connection.pragma("cache_size", 16)
    connection.execute("BEGIN IMMEDIATE; CREATE TABLE padding (bytes)")
    try:
        connection.execute("INSERT INTO padding VALUES (zeroblob(?))", (WAL_BYTES,))
    finally:
        connection.execute("ROLLBACK")
        connection.pragma("cache_size", cache)


def migrate(connection: apsw.Connection) -> None:
    """Bring the schema up to this release's, one numbered file after the other, each in its transaction.

    Raises SchemaTooNew where the file was written by a newer release.
    """
    migrations = _migrations()
    newest = max(migrations)
    if (found := _version(connection)) > newest:
        raise SchemaTooNew(
            f"the database has schema {found}, this release of Treadle knows up to {newest}: use the newer release"
        )
    for number in range(found + 1, newest + 1):
        with Transaction(connection):
            if _version(connection) < number:  # another process may have been quicker
                connection.execute(migrations[number])
                connection.pragma("user_version", number)


def schema_versions(connection: apsw.Connection) -> tuple[int, int]:
    """The version of the schema that is there, and of the one that this release makes."""
    return _version(connection), max(_migrations())


def fetch(connection: apsw.Connection, statement: str, values: tuple[Any, ...] = ()) -> list[Row]:
    """All rows that a statement answers."""
    return connection.execute(statement, values).fetchall()


def json_list(values: Sequence[object]) -> str:
    """Values for `json_each`, so that one statement serves any number of them."""
    return msgspec.json.encode(values).decode()


class Transaction:
    """BEGIN IMMEDIATE … COMMIT around a block, ROLLBACK where it raises."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _version(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


def _migrations() -> dict[int, str]:
    folder = resources.files(__package__) / "migrations"
    return {int(file.name[:4]): file.read_text() for file in folder.iterdir() if file.name.endswith(".sql")}


def translate(error: apsw.Error) -> TreadleError:
    """What an error of SQLite means to the caller of a verb."""
    if isinstance(error, apsw.FullError):
        return StorageFull("no space is left where the database is; nothing was stored")
    if isinstance(error, apsw.IOError):
        return Unavailable(f"the database cannot be written ({error}); nothing was stored")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return Unavailable("the database was busy for too long; nothing was stored")
    return Unavailable(f"the database refused the call: {error}")
