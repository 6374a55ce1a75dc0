"""The PostgreSQL engine: one database, any number of processes on any number of machines."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import asyncpg

from treadle.domain.errors import InvalidInput
from treadle.domain.instants import Instant
from treadle.engines.contract import Topic
from treadle.engines.postgres.clock import ServerClock
from treadle.engines.postgres.events import PostgresEvents
from treadle.engines.postgres.finding import find_dead
from treadle.engines.postgres.lines import Lines
from treadle.engines.postgres.migrate import migrate_database, schema_versions
from treadle.engines.postgres.moving import check_complete
from treadle.engines.postgres.notices import Bell, ChannelNotices, Ear
from treadle.engines.postgres.options import Options, read_url
from treadle.engines.postgres.pool import PATIENCE_SECONDS, SILENCE_SECONDS, Identity, identify, open_pool
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.runs import PostgresRuns
from treadle.engines.postgres.within import Within
from treadle.engines.postgres.workers import PostgresWorkers, check_lease
from treadle.engines.postgres.writer import Writer
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
from treadle.engines.sql.logs import Logs
from treadle.engines.sql.messages import Messages
from treadle.engines.sql.queues import Queues
from treadle.engines.sql.schedules import Schedules
from treadle.engines.sql.selections import Selections
from treadle.engines.sql.stats import Stats
from treadle.engines.sql.steps import Steps
from treadle.engines.sql.transaction import WallClock
from treadle.engines.sql.triggers import Triggers


class _Connections(NamedTuple):
    """Heartbeats have a connection of their own: however busy the pool is, no lease is lost by it."""

    pool: asyncpg.Pool
    urgent: asyncpg.Pool


class PostgresEngine:
    """See `contract.Engine`. Made by `open_postgres`."""

    name = "postgres"
    capabilities = frozenset({"transactions"})
    trips_at_once = 2

    def __init__(
        self,
        connections: _Connections,
        options: Options,
        identity: Identity,
        clock: WallClock,
        bell: Bell,
        ear: Ear | None,
    ) -> None:
        self.version = identity.version
        self._connections = connections
        self._clock = clock
        self._bell = bell
        self._ear = ear
        self._write = write = Writer(connections.pool, pooled=options.pooled, wake=bell)
        urgent = Writer(connections.urgent, pooled=options.pooled, wake=bell, patience=SILENCE_SECONDS)
        read = Reader(connections.pool, pooled=options.pooled)
        lines = Lines()
        enqueue = Enqueuer(lines)
        self.runs = PostgresRuns(write, Within(identity.installation), read, clock, lines, enqueue)
        self.workers = PostgresWorkers(write, urgent, read, clock)
        self.schedules = Schedules(write, read, clock, enqueue)
        self.queues = Queues(write, read)
        self.lanes = Lanes(write, read)
        self.domains = Domains(write, read)
        self.dead_letters = DeadLetters(write, partial(find_dead, read))
        self.triggers = Triggers(write, read, enqueue)
        self.kv = Kv(write, read, check_lease)
        self.selections = Selections(write, read)
        self.bulk_actions = BulkActions(write, read, enqueue)
        self.documents = Documents(write, read)
        self.steps = Steps(write, read, check_lease)
        self.events = PostgresEvents(write, read, connections.pool)
        self.logs = Logs(write, read)
        self.messages = Messages(write, read, enqueue)
        self.access = Access(write, read)
        self.keys = KeyStore(write, read, clock)
        self.audit = Audit(write, read)
        self.stats = Stats(write, read, self.events.bounds)
        self.failures = Failures(write, read)

    def now(self) -> Instant:
        """See `contract.Engine`: the server's time."""
        return self._clock.wall()

    def listen(self, *topics: Topic) -> ChannelNotices:
        """See `contract.Engine`."""
        return self._bell.listen(topics)

    async def ping(self) -> None:
        """See `contract.Engine`: a transaction with an id is one that is written to the disk."""
        await self._write(lambda tx: tx.fetch("SELECT pg_current_xact_id()"))

    async def schema(self) -> tuple[int, int]:
        """See `contract.Engine`."""
        return await schema_versions(self._connections.pool)

    async def closing(self) -> None:
        """See `contract.Engine`: nobody moves away from here."""

    async def backup(self, target: Path) -> None:
        """See `contract.Engine`: not a capability of this engine."""
        raise InvalidInput(f"{target} is not written: a PostgreSQL database is backed up by its own tools, as pg_dump")

    async def close(self) -> None:
        """See `contract.Engine`."""
        if self._ear is not None:
            await self._ear.close()
        await self._bell.close()
        for pool in self._connections:
            await pool.close()


async def open_postgres(url: str, clock: WallClock | None = None) -> PostgresEngine:
    """Open the database, migrating it where needed. `clock` stands for the server's, in tests.

    Raises InvalidInput for a URL that cannot be understood, SchemaTooNew where a newer release wrote the database,
    Unavailable where it cannot be used.
    """
    options = read_url(url)
    server_clock = ServerClock()
    async with AsyncExitStack() as opened:
        pool = await open_pool(options, server_clock, size=options.connections, patience=PATIENCE_SECONDS)
        opened.callback(pool.terminate)
        await migrate_database(pool)
        await check_complete(pool)
        urgent = await open_pool(options, server_clock, size=1, patience=SILENCE_SECONDS)
        opened.callback(urgent.terminate)
        bell = Bell(pool)
        ear = None if options.listen is None else Ear(options.listen, bell, server_clock)
        if ear is not None:
            await ear.open()
        identity = await identify(pool)
        opened.pop_all()
    return PostgresEngine(_Connections(pool, urgent), options, identity, clock or server_clock, bell, ear)
