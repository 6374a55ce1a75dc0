"""Submits within the caller's own transaction: a run is there if and only if that commits, whatever the library."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from inspect import isawaitable
from pathlib import Path
from typing import Any, Final, TypeAlias

import asyncpg
import psycopg
import psycopg2
import pytest
import sqlalchemy
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.support.postgres import Databases, databases
from tests.support.scheduling import define, sqlite
from treadle import AsyncClient, Client, job
from treadle.client.binding import Bound, bound
from treadle.domain.errors import InvalidInput, KeyReused, NotFound
from treadle.domain.instants import HOUR
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.engines.contract import Topic
from treadle.engines.postgres.engine import PostgresEngine, open_postgres
from treadle.settings import Settings
from treadle.system import SystemClock
from treadle.testing.driver import Driver

Door: TypeAlias = Callable[[str], AbstractAsyncContextManager[Any]]

GUIDE: Final = Path(__file__).parents[2] / "docs" / "transactions.md"

_SETTINGS: Final = "SELECT name, setting FROM pg_settings WHERE name NOT LIKE 'plpgsql.%' ORDER BY name"
"""All but those of the functions' language: they are there from the first call of one on."""

_COUNT: Final = "SELECT count(*) FROM orders"


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
    engine = await open_postgres(url)
    try:
        await define(engine, "report", executor=None, schedule=None, type="report")
        yield engine
    finally:
        await engine.close()


@pytest.fixture
def client(engine: PostgresEngine, url: str) -> AsyncClient:
    return AsyncClient.over(engine, Settings(database_url=url))


@pytest.fixture
async def connection(url: str, engine: PostgresEngine) -> AsyncIterator[asyncpg.Connection]:
    """One of asyncpg's, in a transaction."""
    async with open_asyncpg(url) as connection:
        yield connection


@contextmanager
def bound_to(client: AsyncClient) -> Iterator[None]:
    token = bound.set(Bound(lambda: client, asyncio.get_running_loop()))
    yield
    bound.reset(token)


@asynccontextmanager
async def open_asyncpg(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("BEGIN")
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def open_psycopg(url: str) -> AsyncIterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        yield connection


@asynccontextmanager
async def open_psycopg_raw(url: str) -> AsyncIterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, cursor_factory=psycopg.RawCursor) as connection:
        yield connection


@asynccontextmanager
async def open_psycopg_async(url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        yield connection


@asynccontextmanager
async def open_psycopg2(url: str) -> AsyncIterator[Any]:
    connection = psycopg2.connect(url)
    try:
        yield connection
    finally:
        connection.close()


def open_session(driver: str) -> Door:
    @asynccontextmanager
    async def door(url: str) -> AsyncIterator[Session]:
        made = sqlalchemy.create_engine(url.replace("postgresql", f"postgresql+{driver}", 1))
        with Session(made) as session:
            yield session
        made.dispose()

    return door


def open_async_session(driver: str, query: str) -> Door:
    @asynccontextmanager
    async def door(url: str) -> AsyncIterator[AsyncSession]:
        bare = url.partition("?")[0]
        made = create_async_engine(bare.replace("postgresql", f"postgresql+{driver}", 1) + query)
        async with AsyncSession(made) as session:
            yield session
        await made.dispose()

    return door


@asynccontextmanager
async def open_sqlalchemy(url: str) -> AsyncIterator[sqlalchemy.Connection]:
    made = sqlalchemy.create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
    with made.connect() as connection:
        yield connection
    made.dispose()


@asynccontextmanager
async def open_async_sqlalchemy(url: str) -> AsyncIterator[AsyncConnection]:
    made = create_async_engine(url.partition("?")[0].replace("postgresql", "postgresql+asyncpg", 1))
    async with made.connect() as connection:
        yield connection
    await made.dispose()


DOORS: Final[dict[str, Door]] = {
    "asyncpg": open_asyncpg,
    "psycopg": open_psycopg,
    "psycopg by raw cursors": open_psycopg_raw,
    "psycopg async": open_psycopg_async,
    "psycopg2": open_psycopg2,
    "Session on psycopg": open_session("psycopg"),
    "Session on psycopg2": open_session("psycopg2"),
    "AsyncSession on asyncpg": open_async_session("asyncpg", "?ssl=disable"),
    "AsyncSession on psycopg": open_async_session("psycopg", "?sslmode=disable"),
    "Connection": open_sqlalchemy,
    "AsyncConnection": open_async_sqlalchemy,
}


@pytest.fixture(params=DOORS.values(), ids=list(DOORS))
def door(request: pytest.FixtureRequest) -> Door:
    found: Door = request.param
    return found


async def end(connection: Any, how: str) -> None:
    """Commit or roll back, by whatever library."""
    if isinstance(connection, asyncpg.Connection):
        await connection.execute(how)
    elif isawaitable(ending := getattr(connection, how)()):
        await ending


async def test_a_run_is_there_if_and_only_if_the_caller_commits(
    door: Door, url: str, client: AsyncClient, engine: PostgresEngine
) -> None:
    drive = Driver(engine)
    worker = await drive.worker()
    (parent,) = await drive.submit(delay=HOUR)
    async with door(url) as connection:
        gone = await client.enqueue("report", {"org": "x"}, connection=connection)
        with pytest.raises(NotFound):
            await client.get(gone)
        await end(connection, "rollback")
    async with door(url) as connection:
        run_id = await client.enqueue("report", key="100% 'sure'", connection=connection)
        assert await client.enqueue("report", key="100% 'sure'", connection=connection) == run_id
        with pytest.raises(KeyReused):
            await client.enqueue("report", {"other": 1}, key="100% 'sure'", connection=connection)
        held = await client.enqueue(
            "report", delay=60, priority="high", unique={}, depends_on=[parent], connection=connection
        )
        assert await client.enqueue("report", unique={}, connection=connection) == held
        many = await client.enqueue_many("report", [{"n": n} for n in range(3)], connection=connection)
        assert not await drive.claim(worker, 9)
        await end(connection, "commit")
    with pytest.raises(NotFound):
        await client.get(gone)
    states = [(await client.get(one)).state for one in (run_id, held, *many)]
    assert states == [State.READY, State.BLOCKED, *[State.READY] * 3]
    assert [event.type for event in await engine.events.read("default", after=0, limit=99)].count("run.queued") == 6


async def test_a_handler_submits_in_the_transaction_of_its_caller(
    url: str, engine: PostgresEngine, client: AsyncClient, connection: asyncpg.Connection
) -> None:
    @job("report")
    async def report(n: int) -> None: ...

    with bound_to(client):
        run = await report.enqueue(n=1, connection=connection)
        many = await report.enqueue_many([{"n": 2}], connection=connection)
        assert await engine.runs.get("default", [run.id, many[0].id]) == []
        await connection.execute("COMMIT")
        assert len(await engine.runs.get("default", [run.id, many[0].id])) == 2


async def test_sync_code_submits_by_a_sync_connection_only(
    url: str, engine: PostgresEngine, connection: asyncpg.Connection
) -> None:
    @job("report")
    def report(n: int) -> None: ...

    def submit() -> list[str]:
        with Client(Settings(database_url=url)) as client, psycopg.connect(url) as own:
            made = [client.enqueue("report", connection=own), report.sync.enqueue(n=1, connection=own).id]
            made += client.enqueue_many("report", [{}], connection=own)
            with pytest.raises(InvalidInput, match="async one"):
                client.enqueue("report", connection=connection)
            with pytest.raises(InvalidInput, match="async one"):
                report.sync.enqueue(n=1, connection=connection)
            with pytest.raises(NotFound):
                client.get(made[0])
            own.commit()
            return [client.get(run_id).id for run_id in made]

    assert len(await asyncio.to_thread(submit)) == 3


async def test_a_scoped_session_is_that_of_the_caller(url: str, engine: PostgresEngine, client: AsyncClient) -> None:
    @job("report")
    def report(n: int) -> None: ...

    made = sqlalchemy.create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
    scoped = scoped_session(sessionmaker(made))

    def submit() -> list[str]:
        with Client(Settings(database_url=url)) as own:
            ids = [own.enqueue("report", connection=scoped), *own.enqueue_many("report", [{}], connection=scoped)]
        ids += [report.sync.enqueue(n=1, connection=scoped).id]
        ids += [run.id for run in report.sync.enqueue_many([{"n": 2}], connection=scoped)]
        scoped.commit()
        scoped.remove()
        return ids

    with bound_to(client):
        ids = await asyncio.to_thread(submit)
    ids.append(await client.enqueue("report", connection=scoped))
    scoped.commit()
    scoped.remove()
    made.dispose()
    assert len(await engine.runs.get("default", ids)) == 5


async def test_others_hear_of_a_run_with_the_commit_and_not_before(
    client: AsyncClient, engine: PostgresEngine, connection: asyncpg.Connection
) -> None:
    await client.enqueue("report", connection=connection)
    listener = engine.listen(Topic.RUNS)
    await client.enqueue_many("report", [{}, {}], connection=connection)
    assert not await listener.wait(0.05)
    await connection.execute("COMMIT")
    assert await listener.wait(60) == {Topic.RUNS}
    await listener.close()


async def test_what_fails_leaves_the_transaction_of_the_caller_as_it_was(
    client: AsyncClient, engine: PostgresEngine, connection: asyncpg.Connection
) -> None:
    await connection.execute("CREATE TEMPORARY TABLE orders (id int); INSERT INTO orders VALUES (1)")
    settings = await connection.fetch(_SETTINGS)
    with pytest.raises(InvalidInput, match="there is no run run_none"):
        await client.enqueue("report", depends_on=["run_none"], key="k", connection=connection)
    with pytest.raises(InvalidInput):
        await client.enqueue_many("report", [{}, {"queue": 1, "flow_group": 3}], connection=connection)
    run_id = await client.enqueue("report", key="k", connection=connection)
    assert await connection.fetch(_SETTINGS) == settings
    await connection.execute("COMMIT")
    assert await connection.fetchval(_COUNT) == 1
    assert (await client.get(run_id)).state is State.READY


async def test_an_open_transaction_holds_up_neither_parents_nor_unique_runs_nor_lanes_nor_new_queues(
    client: AsyncClient, engine: PostgresEngine, connection: asyncpg.Connection
) -> None:
    drive = Driver(engine)
    worker = await drive.worker()
    await define(engine, "single", executor=None, schedule=None, type="report", max_concurrent=1, queue="narrow")
    parent = await client.enqueue("report")
    holder = await client.enqueue("report", {"a": 1}, unique={})
    claims = {claim.id: claim for claim in await drive.claim(worker, 9)}
    child = await client.enqueue("report", depends_on=[parent], connection=connection)
    assert await client.enqueue("report", {"a": 1}, unique={}, connection=connection) == holder
    first = await client.enqueue("single", connection=connection)
    for run_id in (parent, holder):
        await drive.settle(worker, claims[run_id], Succeeded())
    second = await client.enqueue("single")
    assert [claim.id for claim in await drive.claim(worker, 9)] == [second]
    await connection.execute("COMMIT")
    drive.now = engine.now()
    assert [claim.id for claim in await drive.claim(worker, 9)] == [child]
    assert (await client.get(first)).state is State.BLOCKED


async def test_a_parent_that_lives_on_lets_its_children_of_a_transaction_go_at_its_end(
    client: AsyncClient, engine: PostgresEngine, connection: asyncpg.Connection
) -> None:
    drive = Driver(engine)
    worker = await drive.worker()
    parent = await client.enqueue("report")
    (claim,) = await drive.claim(worker, 1)
    child = await client.enqueue("report", depends_on=[parent], connection=connection)
    await connection.execute("COMMIT")
    while await engine.runs.resolve():
        pass
    assert (await client.get(child)).state is State.BLOCKED
    drive.now = engine.now()
    await drive.settle(worker, claim, Succeeded())
    assert (await client.get(child)).state is State.READY


@pytest.mark.parametrize("how", ["asyncpg", "psycopg", "psycopg async", "psycopg2", "Connection", "AsyncConnection"])
async def test_a_connection_that_commits_by_itself_is_refused(how: str, url: str, client: AsyncClient) -> None:
    async with DOORS[how](url) as connection:
        await end(connection, "rollback")
        if isinstance(connection, psycopg.AsyncConnection):
            await connection.set_autocommit(True)
        elif isinstance(connection, sqlalchemy.Connection):
            connection.execution_options(isolation_level="AUTOCOMMIT")
        elif isinstance(connection, AsyncConnection):
            await connection.execution_options(isolation_level="AUTOCOMMIT")
        elif not isinstance(connection, asyncpg.Connection):
            connection.autocommit = True
        with pytest.raises(InvalidInput, match="in no transaction"):
            await client.enqueue("report", connection=connection)


async def test_a_connection_to_elsewhere_is_refused(made: Databases, client: AsyncClient) -> None:
    async with open_asyncpg(made.url("postgres")) as connection:
        with pytest.raises(InvalidInput, match="another database"):
            await client.enqueue("report", connection=connection)
        assert await connection.fetchval("SELECT 1") == 1
    async with made.database() as url:
        other = await open_postgres(url)
        async with open_asyncpg(url) as connection:
            with pytest.raises(InvalidInput, match="another database"):
                await client.enqueue("report", connection=connection)
        await other.close()
    with pytest.raises(InvalidInput, match=r"connection= is a builtins.str: .* psycopg"):
        await client.enqueue("report", connection=url)
    elsewhere = Session(sqlalchemy.create_engine("sqlite://"))
    with pytest.raises(InvalidInput, match="connection= is to a sqlite database"):
        await client.enqueue("report", connection=elsewhere)


async def test_a_pipeline_is_refused_and_goes_on(url: str, client: AsyncClient) -> None:
    async with open_psycopg(url) as connection:
        connection.execute("CREATE TEMPORARY TABLE orders (id int)")
        with connection.pipeline():
            connection.execute("INSERT INTO orders VALUES (1)")
            with pytest.raises(InvalidInput, match="pipeline mode"):
                await client.enqueue("report", connection=connection)
        await client.enqueue("report", connection=connection)
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == {"count": 1}


async def test_a_session_whose_driver_would_spoil_bytes_is_refused(
    url: str, client: AsyncClient, engine: PostgresEngine
) -> None:
    for open_one in (open_psycopg, open_psycopg2, open_asyncpg):
        async with open_one(url) as connection:
            if isinstance(connection, asyncpg.Connection):
                await connection.execute("SET LOCAL standard_conforming_strings = off")
            else:
                connection.cursor().execute("SET LOCAL standard_conforming_strings = off")
            if isinstance(connection, psycopg.Connection):
                with pytest.raises(InvalidInput, match="standard_conforming_strings off"):
                    await client.enqueue("report", {"org": "x"}, connection=connection)
                continue
            run_id = await client.enqueue("report", {"org": "x"}, connection=connection)
            await end(connection, "commit")
        (run,) = await engine.runs.get("default", [run_id])
        assert run.inputs == b'{"org":"x"}'


async def test_what_is_no_connection_is_refused(url: str, client: AsyncClient) -> None:
    said = r"connection= is a .*(cursor|Cursor|Pool): it is to be a connection of"
    async with (
        open_psycopg(url) as one,
        open_psycopg_async(url) as other,
        open_psycopg2(url) as old,
        asyncpg.create_pool(url, min_size=1) as pool,
    ):
        for given in (one.cursor(), other.cursor(), old.cursor(), pool):
            with pytest.raises(InvalidInput, match=said):
                await client.enqueue("report", connection=given)
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with pytest.raises(InvalidInput, match="of SQLAlchemy it is a session or a connection"):
        await client.enqueue("report", connection=engine)


async def test_a_role_with_the_rights_of_the_guide_may_submit(
    url: str, client: AsyncClient, connection: asyncpg.Connection
) -> None:
    (grants,) = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    await connection.execute(f"CREATE ROLE shop; GRANT shop TO CURRENT_USER; {grants}; SET LOCAL ROLE shop")
    parent = await client.enqueue("report", unique={}, key="k", connection=connection)
    run_id = await client.enqueue("report", depends_on=[parent], connection=connection)
    await connection.execute("RESET ROLE; DROP OWNED BY shop; DROP ROLE shop; COMMIT")
    assert (await client.get(run_id)).state is State.BLOCKED


async def test_sqlite_refuses_a_connection(tmp_path: Path) -> None:
    """Before the job is looked for: who forgot TREADLE_DATABASE_URL has none there."""
    async with sqlite(tmp_path, SystemClock()) as engine:
        client = AsyncClient.over(engine, Settings())
        with pytest.raises(InvalidInput, match=r"the engine here is SQLite .* TREADLE_DATABASE_URL"):
            await client.enqueue("report", connection=object())
        with pytest.raises(InvalidInput, match="the engine here is SQLite"):
            await client.enqueue_many("report", [{}], connection=object())
