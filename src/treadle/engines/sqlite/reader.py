"""Reads run in a small pool of threads, each on a connection of its own, beside the writer.

What is found by its key is read by the caller's thread: that takes less time than to hand it to another and back, which
wait for the interpreter in turns.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from treadle.domain.errors import Unavailable
from treadle.engines.sql.driving import drive
from treadle.engines.sql.transaction import Row
from treadle.engines.sqlite.connection import connect, translate
from treadle.engines.sqlite.look import Look

T = TypeVar("T")

THREADS: Final = 2

_BY_KEY: Final = frozenset(
    {
        "access.get",
        "documents.get",
        "kv.find",
        "kv.get",
        "runs.attempts",
        "schedules.get",
        "schedules.next_due",
        "schedules.next_due_of",
    }
)
"""Statements that look up a few rows."""

FEW: Final = 10
"""How many rows may be asked for by key at once."""

_CLOSED: Final = "the engine is closed"


class Reader:
    """Runs functions on a read-only connection, each in one consistent snapshot."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._closed = False
        self._local = threading.local()
        self._connections: list[apsw.Connection] = []
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="sqlite-reader")

    async def __call__(self, work: Callable[[apsw.Connection], T]) -> T:
        """Run `work` and answer what it answers."""
        if self._closed:
            raise Unavailable(_CLOSED)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, work)

    async def by_key(self, work: Callable[[apsw.Connection], T]) -> T:
        """The same at once, for work that looks up a few rows. Where it would have to wait, a thread does."""
        if self._closed:
            raise Unavailable(_CLOSED)
        try:
            return self._run(work, patient=False)
        except apsw.BusyError:
            return await self(work)

    async def together(self, work: Callable[[Look], Coroutine[Any, Any, T]]) -> T:
        """Run `work`, whose statements see the same."""
        return await self(lambda connection: drive(work(Look(connection))))

    in_turn = together
    """A snapshot costs nothing here."""

    async def call(self, name: str, /, *values: Any) -> Sequence[Row]:
        """All rows that a statement answers."""
        if name in _BY_KEY:
            return await self.by_key(lambda connection: drive(Look(connection).call(name, *values)))
        return await self.together(lambda look: look.call(name, *values))

    async def close(self) -> None:
        """Wait for reads under way, then let go of the file."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._connections:
            connection.close()

    def _run(self, work: Callable[[apsw.Connection], T], *, patient: bool = True) -> T:
        try:
            connection = self._connection(patient=patient)
            with connection:
                result = work(connection)
        except apsw.Error as error:
            if isinstance(error, apsw.BusyError) and not patient:
                raise
            raise translate(error) from error
        return result

    def _connection(self, *, patient: bool) -> apsw.Connection:
        """That of the calling thread; one that is not `patient` is told of a lock instead of waiting for it."""
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path, "FULL", cache_kib=4096, readonly=True)
            if not patient:
                connection.set_busy_handler(None)
            self._connections.append(connection)
        return connection
