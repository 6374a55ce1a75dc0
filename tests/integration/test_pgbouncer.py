"""A fleet behind the real PgBouncer in transaction mode: woken over a connection of its own, or by polling alone."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psycopg
import pytest

from tests.support.pgbouncer import Pooler, pooler
from tests.support.postgres import Databases, databases
from tests.support.up import TREADLE, environment
from treadle import AsyncClient, Client
from treadle.authoring.discovery import discover
from treadle.domain.errors import Unavailable
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.engines.postgres.engine import open_postgres
from treadle.services.jobs import Jobs
from treadle.settings import Settings

TASKS = """
from treadle import job

@job("add", max_retries=0)
async def add(ctx, a: int, b: int = 1) -> int:
    return await ctx.step("sum", lambda: a + b)
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture(scope="module")
def between(made: Databases) -> Iterator[Pooler]:
    with pooler(made.url("postgres")) as one:
        yield one


@pytest.mark.parametrize("listen", [True, False], ids=["listening", "polling"])
async def test_a_worker_behind_it_does_what_is_submitted_through_it(
    made: Databases, between: Pooler, tmp_path: Path, *, listen: bool
) -> None:
    database = made.url(await made.create())
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "sums.py").write_text(TASKS)
    url = between.url(database, listen=listen)
    engine = await open_postgres(url)
    for handler in discover(tmp_path / "tasks").registry:
        await Jobs(engine).define(DEFAULT_DOMAIN, handler.spec, source="tasks")
    await engine.close()
    with worker(url, tmp_path):
        async with AsyncClient(Settings(database_url=url)) as client, asyncio.timeout(60):
            ids = await client.enqueue_many("add", [{"a": n} for n in range(20)])
            ids.append(await asyncio.to_thread(_submit_by_psycopg, between.plain(database), url))
            assert [await client.result(run_id) for run_id in ids] == [*range(1, 21), 42]
            assert bool(await _listeners(database)) == listen


async def test_who_does_not_tell_of_it_is_told_how(made: Databases, between: Pooler) -> None:
    with pytest.raises(Unavailable, match="pooler=transaction"):
        await open_postgres(f"{between.plain(made.url('postgres'))}?sslmode=disable")


@contextmanager
def worker(url: str, folder: Path) -> Iterator[None]:
    """A worker process, until the block ends."""
    tasks = str(folder / "tasks")
    process = subprocess.Popen(
        [TREADLE, "worker"],
        env=environment(TREADLE_DATABASE_URL=url, TREADLE_DATA=str(folder), TREADLE_TASKS=tasks),
    )
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(60) == 0


def _submit_by_psycopg(database: str, url: str) -> str:
    """Submit within a transaction of one's own, through it."""
    with Client(Settings(database_url=url)) as client, psycopg.connect(database, prepare_threshold=None) as connection:
        return client.enqueue("add", {"a": 40, "b": 2}, connection=connection)


async def _listeners(database: str) -> int:
    connection = await asyncpg.connect(database)
    try:
        statement = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        return int(await connection.fetchval(statement))
    finally:
        await connection.close()
