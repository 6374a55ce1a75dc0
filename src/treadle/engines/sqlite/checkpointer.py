"""Keeps the write-ahead log short: copies it into the database beside the writer."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from treadle.engines.sqlite.connection import WAL_BYTES, Synchronous, connect

CHECKPOINT_PAGES: Final = WAL_BYTES // 4096
"""WAL size, in pages, beyond which it is copied into the database."""


class Checkpointer:
    """Copies a long WAL into the database beside the writer, on a connection of its own.

    While it copies, the writer appends. The writer therefore works off that small rest itself, between two
    transactions: only a wholly copied WAL starts over, and one that never does would grow for ever.
    """

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        self._path = path
        self._synchronous: Synchronous = synchronous
        self._thread: threading.Thread | None = None
        self._rest = False

    def note(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        """SQLite's WAL hook: called after each commit with the length of the WAL."""
        if pages > CHECKPOINT_PAGES and (self._thread is None or not self._thread.is_alive()) and not self._rest:
            self._thread = threading.Thread(target=self._copy, name="sqlite-checkpointer", daemon=True)
            self._thread.start()
        return apsw.SQLITE_OK

    def work_off(self, connection: apsw.Connection) -> None:
        """In the writer's thread, between transactions: copy what came during the copying."""
        if self._rest:
            self._rest = False
            with suppress(apsw.BusyError, apsw.LockedError):  # another process is at it
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def join(self) -> None:
        """Wait for a copy under way."""
        if self._thread is not None:
            self._thread.join()

    def _copy(self) -> None:
        connection = connect(self._path, self._synchronous, cache_kib=1024)
        try:
            with suppress(apsw.Error):  # busy or full: the next commit tries again
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        finally:
            connection.close()
            self._rest = True
