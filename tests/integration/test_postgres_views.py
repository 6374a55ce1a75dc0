"""What people see who look at the database with SQL."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from tests.support.postgres import Databases, databases
from tests.support.scheduling import define
from treadle import AsyncClient
from treadle.domain.events import NewEvent
from treadle.domain.instants import SECOND
from treadle.domain.outcomes import Failed, RunError, Succeeded
from treadle.engines.postgres.engine import PostgresEngine, open_postgres
from treadle.settings import Settings
from treadle.testing.driver import BOOM, Driver

GUIDE: Final = Path(__file__).parents[2] / "docs" / "sql.md"

TAIAT_JOBS: Final = {
    "id": "character varying",
    "job_type": "character varying",
    "name": "character varying",
    "description": "text",
    "payload": "jsonb",
    "dependencies": "jsonb",
    "max_retries": "integer",
    "retry_count": "integer",
    "status": "character varying",
    "error_message": "text",
    "result": "jsonb",
    "started_at": "timestamp without time zone",
    "completed_at": "timestamp without time zone",
    "created_at": "timestamp without time zone",
    "updated_at": "timestamp without time zone",
}
TAIAT_HISTORY: Final = {
    "id": "character varying",
    "job_id": "character varying",
    **{
        name: kind
        for name, kind in TAIAT_JOBS.items()
        if name not in ("id", "max_retries", "retry_count", "updated_at")
    },
    "duration_seconds": "integer",
}


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
    yield engine
    await engine.close()


@pytest.fixture
async def connection(url: str, engine: PostgresEngine) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def ids(url: str, engine: PostgresEngine) -> dict[str, str]:
    """A run that completed, one that failed, one that runs and one that waits for it."""
    document = {"type": "report", "name": "Report", "description": "What was sold", "retry_policy": {"max_retry": 2}}
    await define(engine, "sales", executor=None, **document)
    client = AsyncClient.over(engine, Settings(database_url=url))
    drive = Driver(engine)
    worker = await drive.worker(lease=1000 * SECOND)
    names = ["completed", "failed", "running"]
    ids = {name: await client.enqueue("sales", {"name": f"{name}\0"}) for name in names}
    ids["waiting"] = await client.enqueue("sales", depends_on=[ids["running"]])
    drive.now = engine.now()
    claims = {claim.id: claim for claim in await drive.claim(worker, 9)}
    drive.now += 90 * SECOND
    await drive.settle(worker, claims[ids["completed"]], Succeeded(b'{"sum":3}'))
    await drive.settle(worker, claims[ids["failed"]], BOOM)
    drive.now += 90 * SECOND
    retried = await drive.claim_one(worker)
    await drive.settle(worker, retried, Failed(RunError("exception", "no \0 more"), retry=False))
    await engine.events.append([NewEvent(domain="default", type="job.changed", subject="sales", at=drive.now)])
    return ids


async def rows(connection: asyncpg.Connection, view: str, key: str = "id") -> dict[str, asyncpg.Record]:
    return {row[key]: row for row in await connection.fetch(f"SELECT * FROM treadle_view.{view}")}  # noqa: S608 - names of the test


async def test_live_and_finished_runs_are_one(connection: asyncpg.Connection, ids: dict[str, str]) -> None:
    found = await rows(connection, "runs")
    states = {name: found[run_id]["state"] for name, run_id in ids.items()}
    assert states == {"completed": "completed", "failed": "failed", "running": "running", "waiting": "blocked"}
    done = found[ids["completed"]]
    assert (done["result"], done["attempt"]) == ('{"sum": 3}', 1)
    assert (done["finished_at"] - done["started_at"]).total_seconds() == 90
    assert list(await rows(connection, "dead_letters")) == [ids["failed"]]
    assert list(await rows(connection, "attempts", "run_id")) == [ids["failed"]]


async def test_taiats_tables_are_there_by_name_and_column(connection: asyncpg.Connection, ids: dict[str, str]) -> None:
    for view, expected in (("taiat_jobs", TAIAT_JOBS), ("taiat_job_history", TAIAT_HISTORY)):
        columns = await connection.fetch(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1", view
        )
        assert {str(name): str(kind) for name, kind in columns} == expected
    live, ended = await rows(connection, "taiat_jobs"), await rows(connection, "taiat_job_history")
    waiting, failed = live[ids["waiting"]], ended[ids["failed"]]
    assert live.keys() | ended.keys() == set(ids.values())
    assert (live[ids["running"]]["status"], waiting["status"]) == ("running", "pending")
    assert waiting["dependencies"] == f'["{ids["running"]}"]'
    assert (waiting["job_type"], waiting["name"], waiting["max_retries"]) == ("report", "Report", 2)
    assert (failed["status"], failed["description"], failed["error_message"]) == (
        "failed",
        "What was sold",
        "no \N{REPLACEMENT CHARACTER} more",
    )
    assert ended[ids["completed"]]["duration_seconds"] == 90


async def test_every_view_and_every_statement_of_the_guide_works_for_a_reader(
    connection: asyncpg.Connection, ids: dict[str, str]
) -> None:
    guide = GUIDE.read_text()
    views = await connection.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'treadle_view'")
    assert all(f"`{view}`" in guide for (view,) in views)
    async with connection.transaction():
        for block in re.findall(r"```sql\n(.*?)```", guide, re.DOTALL):
            await connection.execute(block)
        await connection.execute("GRANT watcher TO CURRENT_USER; SET LOCAL ROLE watcher")
        for (view,) in views:
            await connection.fetch(f"SELECT * FROM treadle_view.{view}")  # noqa: S608 - a name of the schema's
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.fetch("SELECT * FROM treadle.runs")
        await connection.execute("RESET ROLE; DROP OWNED BY watcher; DROP ROLE watcher")
