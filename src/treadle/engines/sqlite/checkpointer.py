"""Keeps the write-ahead log short: copies it into the database beside the writer."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import apsw

from treadle.engines.sqlite.connection import BUSY_PATIENCE, WAL_BYTES, Synchronous, connect, wait_for_lock

CHECKPOINT_PAGES: Final = WAL_BYTES // 4096
"""WAL size, in pages, beyond which it is copied into the database."""

INSIST_PAGES: Final = 2 * CHECKPOINT_PAGES
"""WAL size, in pages, beyond which others are held up so that it can start over."""

INSIST_SECONDS: Final = 0.01
"""How long they are held up at most, until the next try."""


class Checkpointer:
    """Copies a long WAL into the database beside the writer, on a connection of its own.

    While it copies, the writer appends. The writer therefore works off that small rest itself, between two
    transactions: only a wholly copied WAL starts over, and one that never does would grow for ever. Where other
    processes append or read all the time, it never would by itself: then they are held up for a moment.
    """

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        self._path = path
        self._synchronous: Synchronous = synchronous
        self._thread: threading.Thread | None = None
        self._rest = False
        self._pages = 0

    def note(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        """SQLite's WAL hook: called after each commit with the length of the WAL."""
        self._pages = pages
        if pages > CHECKPOINT_PAGES and (self._thread is None or not self._thread.is_alive()) and not self._rest:
            self._thread = threading.Thread(target=self._copy, name="sqlite-checkpointer", daemon=True)
            self._thread.start()
        return apsw.SQLITE_OK

    def work_off(self, connection: apsw.Connection) -> None:
        """In the writer's thread, between transactions: copy what came during the copying."""
        if not self._rest:
            return
        self._rest = False
        insist = self._pages > INSIST_PAGES
        connection.set_busy_handler(wait_for_lock(INSIST_SECONDS))
        with suppress(apsw.Error):  # others are at it, or the disk is full: the next commit tries again
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART if insist else apsw.SQLITE_CHECKPOINT_PASSIVE)
        connection.set_busy_handler(wait_for_lock(BUSY_PATIENCE))

    def join(self) -> None:
        """Wait for a copy under way."""
        if self._thread is not None:
            self._thread.join()

    def _copy(self) -> None:
        with (
            suppress(apsw.Error),  # busy or full: the next commit tries again
            closing(connect(self._path, self._synchronous, cache_kib=1024)) as connection,
        ):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._rest = True
