"""Migrations of the PostgreSQL engine: once, whoever comes first; and the release before runs on what adds only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.support.postgres import Databases, databases
from treadle.domain.errors import SchemaTooNew
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.engines.postgres.clock import ServerClock
from treadle.engines.postgres.engine import open_postgres
from treadle.engines.postgres.migrate import Migration, migrate_database, shipped
from treadle.engines.postgres.options import read_url
from treadle.engines.postgres.pool import open_pool
from treadle.testing.driver import Driver


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture
async def pool(made: Databases) -> AsyncIterator[asyncpg.Pool]:
    """Connections to a database in which there is nothing."""
    pool = await asyncpg.create_pool(made.url(await made.create()), min_size=0)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
async def url(pool: asyncpg.Pool, made: Databases) -> str:
    return made.url(await pool.fetchval("SELECT current_database()"))


async def versions(pool: asyncpg.Pool) -> list[int]:
    return [row[0] for row in await pool.fetch("SELECT version FROM treadle.schema_versions ORDER BY version")]


async def test_many_that_start_at_once_migrate_once(pool: asyncpg.Pool) -> None:
    await asyncio.gather(*(migrate_database(pool) for _ in range(5)))
    assert await versions(pool) == sorted(shipped())


async def test_a_file_is_applied_whole_or_not_at_all(pool: asyncpg.Pool) -> None:
    broken = Migration("CREATE TABLE treadle.half (id bigint); SELECT 1 / 0", serves=1)
    migrations = {**shipped(), max(shipped()) + 1: broken}
    with pytest.raises(Exception, match="division by zero"):
        await migrate_database(pool, migrations)
    assert await pool.fetchval("SELECT to_regclass('treadle.half')") is None


async def test_this_release_runs_on_a_newer_schema_that_only_adds(pool: asyncpg.Pool, url: str) -> None:
    newest = max(shipped())
    more = "ALTER TABLE treadle.runs ADD COLUMN mood text; CREATE TABLE treadle.moods (name text)"
    await migrate_database(pool, {**shipped(), newest + 1: Migration(more, serves=newest)})
    engine = await open_postgres(url)
    try:
        drive = Driver(engine)
        (run_id,) = await drive.submit()
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        assert await drive.states([run_id]) == [State.COMPLETED]
    finally:
        await engine.close()
    assert await versions(pool) == [*sorted(shipped()), newest + 1]


async def test_a_schema_that_serves_only_newer_releases_is_refused(pool: asyncpg.Pool, url: str) -> None:
    newest = max(shipped())
    await migrate_database(pool, {**shipped(), newest + 1: Migration("SELECT 1", serves=newest + 1)})
    with pytest.raises(SchemaTooNew, match=f"schema {newest + 1}"):
        await open_postgres(url)


async def test_a_migration_may_take_longer_than_a_statement_and_who_comes_meanwhile_waits(url: str) -> None:
    slow = shipped() | {max(shipped()) + 1: Migration("SELECT pg_sleep(1)", serves=1)}
    hasty = await open_pool(read_url(url), ServerClock(), size=2, patience=0.5)
    await asyncio.gather(*(migrate_database(hasty, slow) for _ in range(2)))
    assert await versions(hasty) == sorted(slow)
    await hasty.close()
