"""One thread writes. What callers hand in while a transaction runs shares the next one: group commit."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import apsw

from treadle.domain.errors import Moved, Unavailable
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.runs import NewRun
from treadle.domain.states import QUEUED_EVENT
from treadle.engines.contract import Topic
from treadle.engines.sql.driving import drive
from treadle.engines.sql.newruns import row_of
from treadle.engines.sql.transaction import Row, Told
from treadle.engines.sqlite.checkpointer import Checkpointer
from treadle.engines.sqlite.connection import Synchronous, Transaction, connect, json_list, lengthen_wal, translate
from treadle.engines.sqlite.look import Look
from treadle.engines.sqlite.moving import check_not_moved
from treadle.engines.sqlite.queries import STATEMENTS
from treadle.system import Clock

T = TypeVar("T")

_PUT_RUN: Final = STATEMENTS["runs.insert_run"]
_TELL: Final = STATEMENTS["runs.insert_event"]

TRANSACTION_SECONDS: Final = 0.005
"""No further caller joins a transaction that has run this long: other processes wait for the lock."""


class Write(Look):
    """What a verb sees of a transaction: see `sql.transaction.Transaction`."""

    __slots__ = ("_clock", "after", "lent", "locked", "topics")

    def __init__(self, connection: apsw.Connection, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock
        self.topics: set[Topic] = set()
        self.after: list[Callable[[], None]] = []
        self.locked: set[int] = set()
        self.lent = False

    async def lock(self, name: str, /, *values: Any) -> None:
        """Nothing: nobody else writes while a transaction is under way."""

    async def now(self, told: Instant | None) -> Instant:
        """The caller's time, else the wall clock's."""
        return self._clock.wall() if told is None else told

    async def put_runs(self, runs: Sequence[tuple[NewRun, Json]]) -> None:
        """Store new runs with their events."""
        self.connection.executemany(_PUT_RUN, [row_of(run, json_list) for run, _ in runs])
        await self.tell([(run.domain, QUEUED_EVENT, run.id, 1, run.job_id, run.created_at, told) for run, told in runs])

    async def tell(self, events: Sequence[Told]) -> None:
        """Write events."""
        self.connection.executemany(_TELL, events)


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Callable[[Write], Coroutine[Any, Any, T]]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]
    result: Any = None
    error: Exception | None = None

    def answer(self) -> None:
        if self.future.done():  # the caller went away
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Runs functions in transactions, several callers to a commit: one's failure undoes nothing of the others.

    A caller gets its answer only once the commit is on disk. `wake` is called with the topics after each commit.
    """

    def __init__(
        self, path: Path, synchronous: Synchronous, wake: Callable[[Iterable[Topic]], None], clock: Clock
    ) -> None:
        self._path = path
        self._clock = clock
        self._synchronous: Synchronous = synchronous
        self._wake = wake
        self._jobs: deque[_Job[Any]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._opened: Future[None] = Future()
        self._fsync_failed = False
        self._checkpointer = Checkpointer(path, synchronous)
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def opened(self) -> None:
        """Wait until the connection stands; raises what went wrong with it."""
        await asyncio.wrap_future(self._opened)

    async def __call__(self, work: Callable[[Write], Coroutine[Any, Any, T]], *, urgent: bool = False) -> T:
        """Run `work` in a transaction. `urgent` goes before what waits: heartbeats must not queue behind a flood."""
        loop = asyncio.get_running_loop()
        job: _Job[T] = _Job(work, loop, loop.create_future())
        with self._changed:
            if self._closing:
                raise Unavailable("the engine is closed")
            if urgent:
                self._jobs.appendleft(job)
            else:
                self._jobs.append(job)
            self._changed.notify()
        return await job.future

    async def call(self, name: str, /, *values: Any) -> Sequence[Row]:
        """All rows that a statement answers."""
        return await self(lambda write: write.call(name, *values))

    async def close(self) -> None:
        """Finish what was handed in, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            connection = connect(self._path, self._synchronous, cache_kib=16 * 1024)
            lengthen_wal(connection)
            connection.set_wal_hook(self._checkpointer.note)
        except Exception as error:  # noqa: BLE001 - handed to whoever opens the engine
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        try:
            while self._wait_for_work():
                self._commit_group(connection)
                self._checkpointer.work_off(connection)
            self._checkpointer.join()
            connection.close()
        finally:
            self._refuse_the_rest()

    def _refuse_the_rest(self) -> None:
        """The thread ends: whoever still waits, or comes later, is told so instead of waiting for ever."""
        with self._changed:
            self._closing = True
            rest = list(self._jobs)
            self._jobs.clear()
        for job in rest:
            job.error = Unavailable("the engine is closed")
        _answer(rest)

    def _wait_for_work(self) -> bool:
        with self._changed:
            while not self._jobs and not self._closing:
                self._changed.wait()
            return bool(self._jobs)

    def _commit_group(self, connection: apsw.Connection) -> None:
        """One transaction for the first waiting caller and all who come while it runs."""
        group = [self._jobs.popleft()]
        write = Write(connection, self._clock)
        try:
            if self._fsync_failed:
                raise apsw.IOError("an earlier write could not be flushed")
            with Transaction(connection):
                check_not_moved(connection)
                deadline = time.monotonic() + TRANSACTION_SECONDS
                self._run_first(group[0], write)
                while self._jobs and time.monotonic() < deadline:
                    group.append(self._jobs.popleft())
                    self._run_next(group[-1], write)
        except Moved as error:
            for job in group:
                job.error = job.error or error
            write.topics.clear()
            write.after.clear()
        except apsw.Error as error:  # nothing of the group is on disk
            self._fsync_failed |= getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_FSYNC
            for job in group:
                job.error = translate(error)
            write.topics.clear()
            write.after.clear()
        for act in write.after:
            act()
        _answer(group)
        if write.topics:
            self._wake(write.topics)

    def _run_first(self, job: _Job[Any], write: Write) -> None:
        """The first of a transaction needs no savepoint, which would keep a copy of every page that it changes: where
        it fails, nothing but its own work is undone by beginning anew."""
        self._run_job(job, write)
        if job.error is not None:
            write.connection.execute("ROLLBACK; BEGIN IMMEDIATE")
            check_not_moved(write.connection)

    def _run_next(self, job: _Job[Any], write: Write) -> None:
        """Whoever joins has a savepoint."""
        write.connection.execute("SAVEPOINT caller")
        self._run_job(job, write)
        if job.error is not None:
            write.connection.execute("ROLLBACK TO caller")
        write.connection.execute("RELEASE caller")

    def _run_job(self, job: _Job[Any], write: Write) -> None:
        before = len(write.after)
        try:
            job.result = drive(job.work(write))
        except apsw.Error as error:
            if not write.connection.in_transaction:  # a full disk or an I/O error has undone the whole group
                raise
            job.error = translate(error)
        except Exception as error:  # noqa: BLE001 - it is the caller's, and is raised there
            job.error = error
        if job.error is not None:
            del write.after[before:]


def _answer(group: list[_Job[Any]]) -> None:
    """Hand the results to their event loops, one wake-up per loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job[Any]]] = {}
    for job in group:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_answer_all, jobs)


def _answer_all(jobs: list[_Job[Any]]) -> None:
    for job in jobs:
        job.answer()
