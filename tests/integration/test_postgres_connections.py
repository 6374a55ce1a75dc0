"""What the PostgreSQL engine does with its connections: leases outlive a full pool, notices a broken line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

from tests.support.postgres import PATIENCE_SECONDS, Databases, databases
from treadle.domain.errors import InvalidInput, Unavailable
from treadle.domain.instants import SECOND
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import DEFAULT_DOMAIN, State
from treadle.engines.contract import Topic
from treadle.engines.open import open_engine, open_move
from treadle.engines.postgres.clock import ServerClock
from treadle.engines.postgres.engine import PostgresEngine, open_postgres
from treadle.engines.postgres.notices import CHANNEL
from treadle.engines.postgres.options import read_url
from treadle.engines.postgres.pool import DRIVER_ERRORS, SILENCE_SECONDS, translate
from treadle.engines.postgres.writer import Transaction, Writer
from treadle.system import SystemClock
from treadle.testing.driver import Driver, new_run

_STATE = """SELECT state, wait_event FROM pg_stat_activity
WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"""

_WORKER = "SELECT pg_advisory_xact_lock(hashtextextended('worker' ||"
_IS_WAITED_FOR = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture
async def url(made: Databases) -> AsyncIterator[str]:
    async with made.database() as url:
        yield url


@pytest.fixture
async def engine(url: str) -> AsyncIterator[PostgresEngine]:
    engine = await open_postgres(f"{url}&connections=2")
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def transaction_of_somebody(url: str, statement: str) -> AsyncIterator[asyncpg.Connection]:
    """The connection of somebody else, who has done something and does not commit before the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(statement)
            yield connection
    finally:
        await connection.close()


async def test_heartbeats_go_on_while_every_connection_of_the_pool_waits(url: str, engine: PostgresEngine) -> None:
    drive = Driver(engine)
    worker = await drive.worker(lease=10 * SECOND)
    async with transaction_of_somebody(url, "LOCK TABLE treadle.lines"):
        stuck = [asyncio.create_task(drive.submit()) for _ in range(4)]
        await asyncio.sleep(0)
        renewal = await engine.workers.renew([worker], 10 * SECOND, now=drive.now + SECOND)
        assert renewal.alive == {worker}
        assert not any(task.done() for task in stuck)
    await asyncio.gather(*stuck)


async def test_a_reader_of_the_log_never_passes_a_late_commit_by(url: str, engine: PostgresEngine) -> None:
    """Somebody's transaction wrote events before those of others, and commits after they were read."""
    drive = Driver(engine)
    await drive.submit()
    early = """
    INSERT INTO treadle.event_batches (id) VALUES (1);
    INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
    VALUES (1, 0, 'default', 'late', 'late', 0, '', 0, '{}')
    """
    async with transaction_of_somebody(url, early):
        await drive.submit(2)
        seen = await engine.events.read("default", after=0, limit=9)
        assert len(seen) == 3
    (told,) = await engine.events.read("default", after=seen[-1].seq, limit=9)
    assert told.type == "late"
    assert len(await engine.events.read("default", after=0, limit=9)) == 4


async def test_nothing_is_missing_before_the_first_event_of_all(made: Databases) -> None:
    """Whoever has seen nothing, position 0, follows a new log without being told that something is gone."""
    engine = await open_postgres(made.url(await made.create()))
    try:
        await Driver(engine).submit()
        assert (await engine.events.bounds())[0] == 1
    finally:
        await engine.close()


async def test_notices_are_heard_again_after_their_connection_was_cut(url: str, engine: PostgresEngine) -> None:
    listener = engine.listen(Topic.RUNS)
    somebody = await asyncpg.connect(url)
    listens = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = $1"
    assert await somebody.fetchval(listens, await somebody.fetchval("SELECT current_database()"))
    assert await listener.wait(60) == {Topic.RUNS}  # what was told meanwhile may have been missed: look
    await somebody.execute("SELECT pg_notify($1, 'another runs')", CHANNEL)
    assert await listener.wait(60) == {Topic.RUNS}
    await somebody.close()
    await listener.close()


async def test_behind_a_pooler_no_session_is_relied_on(url: str) -> None:
    """Every statement finds the session as somebody else left it."""
    engine = await open_postgres(f"{url}&pooler=transaction")
    try:
        drive = Driver(engine)
        ids = await drive.submit(3)
        worker = await drive.worker()
        for claim in await drive.claim(worker, 3):
            await drive.settle(worker, claim, Succeeded())
        assert await drive.states(ids) == [State.COMPLETED] * 3
        somebody = await asyncpg.connect(url)
        assert await somebody.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") == 0
        await somebody.close()
    finally:
        await engine.close()


@pytest.mark.parametrize("pooler", ["", "&pooler=transaction"])
async def test_what_a_database_is_set_to_changes_nothing(url: str, pooler: str) -> None:
    somebody = await asyncpg.connect(url)
    name = await somebody.fetchval("SELECT current_database()")
    for setting in ("standard_conforming_strings = off", "default_transaction_isolation = 'serializable'"):
        await somebody.execute(f"ALTER DATABASE {name} SET {setting}")
    engine = await open_postgres(url + pooler)
    try:
        drive = Driver(engine)
        (run_id,) = await drive.submit(inputs=b'{"n":"\\\\"}')
        worker = await drive.worker()
        (claim,) = await drive.claim(worker, 1)
        await drive.settle(worker, claim, Succeeded())
        assert await engine.runs.prune(0, 10) == 0
        assert await engine.runs._write(lambda tx: tx.value("SHOW transaction_isolation")) == "read committed"
        shown = await somebody.fetchval("SELECT inputs ->> 'n' FROM treadle_view.runs WHERE id = $1", run_id)
        assert shown == "\\"
    finally:
        await engine.close()
        await somebody.close()


async def test_enqueues_under_many_keys_at_once_end_in_one_run_each(engine: PostgresEngine) -> None:
    drive = Driver(engine)
    batches = [[new_run(drive.now) for _ in range(20)] for _ in range(6)]
    answers = await asyncio.gather(*(engine.runs.enqueue(batch, now=drive.now) for batch in batches))
    assert sum(len(answer) for answer in answers) == 120
    assert await engine.runs.counts("default") == {State.READY: 120}


async def test_a_server_that_is_not_there_is_said(url: str) -> None:
    with pytest.raises(Unavailable, match=r"at 127\.0\.0\.1:1 cannot be reached"):
        await open_postgres("postgresql://postgres:secret@127.0.0.1:1/postgres")
    with pytest.raises(Unavailable, match="has no such database"):
        await open_postgres(url.replace("/treadle_test", "/no_such"))


@pytest.mark.parametrize("option", ["pooler=session", "listen=db:5432", "connections=0", "connections=many"])
def test_an_option_that_cannot_be_is_refused(option: str) -> None:
    with pytest.raises(InvalidInput, match=option.split("=")[0]):
        read_url(f"postgresql://db/treadle?{option}")


@pytest.mark.parametrize("option", ["sslmode=nonsense", "lock_tmeout=5", "lock_timeout=soon"])
async def test_an_option_that_the_driver_or_the_server_does_not_know_is_refused(url: str, option: str) -> None:
    plain = urlunsplit(urlsplit(url)._replace(query=option))
    with pytest.raises(InvalidInput, match=f"asks for what cannot be: .*{option.split('=')[0]}"):
        await open_postgres(plain)


def test_a_driver_that_is_confused_over_a_connection_is_one_that_has_none() -> None:
    error = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert isinstance(error, DRIVER_ERRORS)
    assert isinstance(translate(error), Unavailable)


def test_an_option_that_is_misspelt_is_told_from_one_of_the_driver() -> None:
    with pytest.raises(InvalidInput, match="poolr=: do you mean pooler="):
        read_url("postgresql://db/treadle?poolr=transaction")
    assert read_url("postgresql://db/treadle?statement_timeout=5").dsn.endswith("?statement_timeout=5")


@pytest.mark.parametrize("option", ["connect_timeout=10", "channel_binding=require", "keepalives_idle=30"])
def test_an_option_of_another_library_is_told_from_one_that_is_misspelt(option: str) -> None:
    with pytest.raises(
        InvalidInput, match=f"{option.split('=')[0]}=, which is for programs that use libpq: leave it out"
    ):
        read_url(f"postgresql://db/treadle?sslmode=require&{option}")


@pytest.mark.parametrize("place", ["db:none", "[::1]:none", "db:5432,other:none", "me:secret/word@db"])
def test_a_port_that_is_none_is_refused_without_the_password(place: str) -> None:
    with pytest.raises(InvalidInput, match="the port is a number") as refused:
        read_url(f"postgresql://{place}/treadle")
    assert "secret" not in refused.value.message


def test_places_are_as_the_driver_reads_them() -> None:
    for place in ("db", "db:5432", "[::1]", "[::1]:5432", "me:secret@db:1,other:2"):
        assert read_url(f"postgresql://{place}/treadle").dsn == f"postgresql://{place}/treadle"


async def test_a_url_of_no_engine_is_refused_without_the_password() -> None:
    with pytest.raises(InvalidInput, match="'postgress://…' names no engine") as refused:
        await open_engine("postgress://me:secret@db/treadle", SystemClock())
    assert "secret" not in refused.value.message
    with pytest.raises(InvalidInput, match="--to 'postgress://…' is no URL") as refused:
        async with open_move("sqlite:///treadle.db", "postgress://me:secret@db/treadle"):
            pass
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("url", ["postgres:/me:secret@db/treadle", "postgresql:db", "sqlite:/data/treadle.db", "db"])
async def test_a_url_without_its_slashes_is_no_path_nearby(url: str) -> None:
    with pytest.raises(InvalidInput, match="begins with none of sqlite://, postgresql://") as refused:
        await open_engine(url, SystemClock())
    assert "secret" not in refused.value.message
    with pytest.raises(InvalidInput, match="is no URL such as postgresql://"):
        async with open_move("sqlite:///treadle.db", url):
            pass


def test_what_else_a_url_says_is_for_the_driver() -> None:
    options = read_url("postgresql://me:secret@pool:6432/jobs?sslmode=require&pooler=transaction&listen=db:5432")
    assert options.dsn == "postgresql://me:secret@pool:6432/jobs?sslmode=require"
    assert options.listen == "postgresql://me:secret@db:5432/jobs?sslmode=require"
    assert read_url("postgresql://db/jobs").listen == "postgresql://db/jobs"
    assert read_url("postgresql://pool/jobs?pooler=transaction").listen is None


async def test_who_stands_still_in_a_transaction_lets_go_of_what_it_has_locked(engine: PostgresEngine) -> None:
    drive = Driver(engine)
    (run_id,) = await drive.submit()
    write = engine.runs._write
    begun = asyncio.Event()

    async def stand_still(tx: Transaction) -> None:
        await tx.fetch("SELECT 1 FROM treadle.runs FOR UPDATE")
        begun.set()
        await asyncio.sleep(2 * SILENCE_SECONDS)
        await tx.fetch("SELECT 1")

    still = asyncio.create_task(write(stand_still))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await begun.wait()
    assert await engine.runs.cancel("default", [run_id], now=drive.now) == {run_id: State.CANCELLED}
    assert not still.done()
    with pytest.raises(Unavailable):
        await still


async def test_who_stands_still_between_preparing_a_statement_and_its_call_lets_go_too(engine: PostgresEngine) -> None:
    drive = Driver(engine)
    (run_id,) = await drive.submit()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def stand_still(tx: Transaction) -> None:
        await tx.fetch("SELECT 1 FROM treadle.runs FOR UPDATE")
        connection = tx._connection
        assert isinstance(connection, PoolConnectionProxy)
        await connection.prepare("SELECT 1")  # its answer is flushed, and the server waits for the call
        while await engine._connections.pool.fetchrow(_STATE) != ("active", "ClientRead"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        begun.set()
        await ended.wait()
        await tx.fetch("SELECT 1")

    still = asyncio.create_task(engine.runs._write(stand_still))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await begun.wait()
    assert await engine.runs.cancel("default", [run_id], now=drive.now) == {run_id: State.CANCELLED}
    ended.set()
    with pytest.raises(Unavailable):
        await still


async def test_a_trip_that_waited_for_a_lock_begins_runs_by_the_time_of_after(engine: PostgresEngine, url: str) -> None:
    drive = Driver(engine)
    worker = await drive.worker()
    (run_id,) = await drive.submit()
    async with transaction_of_somebody(url, f"{_WORKER} '{worker}', 0))") as somebody:
        trip = asyncio.create_task(engine.runs.step(worker, (), 1))
        while not await somebody.fetchval(_IS_WAITED_FOR):
            assert not trip.done()
        waited_for = await somebody.fetchval("SELECT treadle.now()")
    assert [claim.id for claim in (await trip).claims] == [run_id]
    assert await engine._connections.pool.fetchval("SELECT claimed_at FROM treadle.runs") >= waited_for


class StandsStill:
    """A connection of a process that stands still just before it asks."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetchval(self, statement: str) -> int:
        time.sleep(1)  # noqa: ASYNC251 - nothing else goes on
        return int(await self._connection.fetchval(statement))


async def test_the_servers_time_does_not_jump_for_a_process_that_stood_still(url: str) -> None:
    clock = ServerClock()
    connection = await asyncpg.connect(url)
    await clock.ask(connection)
    ahead = clock._ahead
    await clock.ask(StandsStill(connection))
    assert clock._ahead == ahead
    await connection.close()


async def test_nobody_waits_for_ever_for_a_lock_of_somebody_else(engine: PostgresEngine, url: str) -> None:
    write = Writer(engine._connections.pool, pooled=False, wake=engine._bell, patience=0)
    async with transaction_of_somebody(url, "LOCK TABLE treadle.kv"):
        with pytest.raises(Unavailable, match="in the way for too long; nothing was stored"):
            await write(lambda tx: tx.fetch("SELECT FROM treadle.kv"))


async def test_a_read_that_fails_leaves_nothing_behind_for_the_next(engine: PostgresEngine) -> None:
    with pytest.raises(InvalidInput, match="NUL"):
        await engine.runs.get(DEFAULT_DOMAIN, ["\0"])  # no text that a server takes
    assert await engine.runs.get(DEFAULT_DOMAIN, ["run_nowhere"]) == []
