"""The SQLite engine: one file, any number of processes on one machine."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from treadle.domain.errors import Conflict, Unavailable
from treadle.domain.instants import Instant
from treadle.domain.moving import Closing
from treadle.engines.contract import Topic
from treadle.engines.sql.access import Access, Audit
from treadle.engines.sql.bulk_actions import BulkActions
from treadle.engines.sql.documents import Documents
from treadle.engines.sql.domains import Domains
from treadle.engines.sql.enqueuing import Enqueuer
from treadle.engines.sql.failures import Failures
from treadle.engines.sql.keys import KeyStore
from treadle.engines.sql.kv import Kv
from treadle.engines.sql.lanes import Lanes
from treadle.engines.sql.letters import DeadLetters
from treadle.engines.sql.lines import Lines
from treadle.engines.sql.logs import Logs
from treadle.engines.sql.messages import Messages
from treadle.engines.sql.queues import Queues
from treadle.engines.sql.schedules import Schedules
from treadle.engines.sql.selections import Selections
from treadle.engines.sql.stats import Stats
from treadle.engines.sql.steps import Steps
from treadle.engines.sql.triggers import Triggers
from treadle.engines.sqlite.connection import Synchronous, connect, migrate, schema_versions, translate
from treadle.engines.sqlite.events import SqliteEvents
from treadle.engines.sqlite.finding import find_dead
from treadle.engines.sqlite.moving import check_not_moved, read_closing
from treadle.engines.sqlite.notices import Bell, SocketNotices, notice_folder
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.runs import SqliteRuns
from treadle.engines.sqlite.workers import Leases, SqliteWorkers
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

PRIVATE: Final = 0o600
"""The mode of the files: what runs are given and say is for their owner alone."""

_BACKUP_PAGES: Final = 1000


class SqliteEngine:
    """See `contract.Engine`. Made by `open_sqlite`."""

    name = "sqlite"
    version = f"SQLite {apsw.sqlite_lib_version()}"
    capabilities = frozenset({"backup"})
    trips_at_once = 1

    def __init__(self, path: Path, writer: Writer, reader: Reader, bell: Bell, clock: Clock) -> None:
        leases = Leases(clock)
        lines = Lines()
        enqueue = Enqueuer(lines)
        self._path = path
        self._writer = writer
        self._reader = reader
        self._bell = bell
        self._clock = clock
        self.runs = SqliteRuns(writer, reader, clock, leases, lines, enqueue)
        self.workers = SqliteWorkers(writer, reader, clock, leases)
        self.lanes = Lanes(writer, reader)
        self.schedules = Schedules(writer, reader, clock, enqueue)
        self.queues = Queues(writer, reader)
        self.domains = Domains(writer, reader)
        self.dead_letters = DeadLetters(writer, lambda query: reader(lambda connection: find_dead(connection, query)))
        self.selections = Selections(writer, reader)
        self.bulk_actions = BulkActions(writer, reader, enqueue)
        self.documents = Documents(writer, reader)
        self.kv = Kv(writer, reader, leases.check_lease)
        self.access = Access(writer, reader)
        self.keys = KeyStore(writer, reader, clock)
        self.audit = Audit(writer, reader)
        self.steps = Steps(writer, reader, leases.check_lease)
        self.triggers = Triggers(writer, reader, enqueue)
        self.events = SqliteEvents(writer, reader, clock)
        self.logs = Logs(writer, reader)
        self.messages = Messages(writer, reader, enqueue)
        self.stats = Stats(writer, reader, self.events.bounds)
        self.failures = Failures(writer, reader)

    def now(self) -> Instant:
        """See `contract.Engine`."""
        return self._clock.wall()

    def listen(self, *topics: Topic) -> SocketNotices:
        """See `contract.Engine`."""
        return SocketNotices(notice_folder(self._path), topics)

    async def ping(self) -> None:
        """See `contract.Engine`: writes what stands there already, since an empty commit needs no disk."""
        await self._writer(_touch, urgent=True)

    async def schema(self) -> tuple[int, int]:
        """See `contract.Engine`."""
        return await self._reader(schema_versions)

    async def closing(self) -> Closing | None:
        """See `contract.Engine`."""
        return await self._reader(lambda connection: read_closing(connection, self.now()))

    async def backup(self, target: Path) -> None:
        """See `contract.Engine`: SQLite's online backup. The target must not exist."""

        def work(connection: apsw.Connection) -> None:
            try:
                target.touch(mode=PRIVATE, exist_ok=False)
            except FileExistsError:
                raise Conflict(f"{target} exists: choose another name, a backup overwrites nothing") from None
            except OSError as error:
                raise Unavailable(f"{target} cannot be written: {error.strerror}") from error
            try:
                _copy(connection, target)
            except BaseException:
                target.unlink()  # half a backup would pass for a whole one
                raise

        await self._reader(work)

    async def close(self) -> None:
        """See `contract.Engine`."""
        await self._writer.close()
        await self._reader.close()
        self._bell.close()


async def open_sqlite(path: Path, clock: Clock, *, synchronous: Synchronous = "FULL") -> SqliteEngine:
    """Open the file, making and migrating it where needed.

    Raises SchemaTooNew where a newer release wrote it, Moved where its installation is elsewhere now, Unavailable where
    it cannot be used.
    """

    def prepare() -> None:
        try:
            path.touch(mode=PRIVATE)  # SQLite gives the write-ahead log the same mode
        except FileNotFoundError as error:
            message = f"there is no folder {path.parent}: `treadle up` makes it, or TREADLE_DATA names another"
            raise Unavailable(f"the database {path} cannot be opened: {message}") from error
        except OSError as error:
            raise Unavailable(f"the database {path} cannot be opened: {error.strerror}") from error
        try:
            connection = connect(path, synchronous, cache_kib=1024)
            try:
                migrate(connection)
                check_not_moved(connection)
            finally:
                connection.close()
        except apsw.Error as error:
            raise translate(error) from error

    await asyncio.to_thread(prepare)
    bell = Bell(notice_folder(path))
    writer = Writer(path, synchronous, bell, clock)
    await writer.opened()
    return SqliteEngine(path, writer, Reader(path), bell, clock)


async def _touch(write: Write) -> None:
    write.connection.pragma("user_version", write.connection.pragma("user_version"))


def _copy(connection: apsw.Connection, target: Path) -> None:
    with closing(apsw.Connection(str(target))) as copy, copy.backup("main", connection, "main") as backup:
        while not backup.done:
            backup.step(_BACKUP_PAGES)
