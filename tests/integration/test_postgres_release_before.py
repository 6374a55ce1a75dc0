"""The release before this one works on this one's schema, before, while and after it is brought up to it.

What it said to its server in a day is said again, and is to be answered as it was then: see `tests.support.before`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import asyncpg
import pytest

from tests.support.before import Before, load, replay
from tests.support.postgres import Databases, databases
from treadle.domain.instants import DAY
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.engines.postgres.engine import open_postgres
from treadle.engines.postgres.migrate import Migration, migrate_database, shipped
from treadle.testing.driver import Driver

AGAIN: Final = "of the first release nothing is out: record it anew with `.venv/bin/python -m tests.support.before`"
NEXT: Final = max(shipped()) + 1


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture(scope="module")
def before() -> Before:
    return load()


@pytest.fixture
async def pool(made: Databases, before: Before) -> AsyncIterator[asyncpg.Pool]:
    """Connections to a database with the schema of the release before."""
    pool = await asyncpg.create_pool(made.url(await made.create()), min_size=0)
    await pool.execute(before.schema)
    yield pool
    await pool.close()


async def url_of(pool: asyncpg.Pool, made: Databases) -> str:
    return made.url(await pool.fetchval("SELECT current_database()"))


async def say(pool: asyncpg.Pool, before: Before, *parts: str) -> None:
    async with pool.acquire() as connection:
        for part in parts:
            await replay(connection, before.day, getattr(before.day, part))


async def signatures(pool: asyncpg.Pool, before: Before) -> dict[str, Any]:
    """What each statement takes and answers. Those with a place for a name are left out."""
    found = {}
    async with pool.acquire() as connection:
        for name, text in before.statements.items():
            if "{" not in text.replace("'{", ""):
                prepared = await connection.prepare(text)
                types = [kind.name for kind in prepared.get_parameters()]
                found[name] = types, [(column.name, column.type.name) for column in prepared.get_attributes()]
    return found


def test_the_release_before_is_let_work_on_this_schema(before: Before) -> None:
    assert before.version in shipped(), AGAIN
    assert max(migration.serves for migration in shipped().values()) <= before.version


def test_migrations_that_were_published_are_as_they_were(before: Before) -> None:
    published = {number: step for number, step in shipped().items() if number <= before.version}
    for step in published.values():
        assert step.statements in before.schema, AGAIN


async def test_each_of_its_statements_takes_and_answers_what_it_did(pool: asyncpg.Pool, before: Before) -> None:
    then = await signatures(pool, before)
    await migrate_database(pool)
    assert await signatures(pool, before) == then


@pytest.mark.parametrize(
    "noon", [0, 1], ids=["on the new schema from the morning on", "on the new schema from noon on"]
)
async def test_its_day_of_work_goes_as_it_went_and_this_release_carries_on(
    pool: asyncpg.Pool, made: Databases, before: Before, noon: int
) -> None:
    parts = ("morning", "afternoon")
    await say(pool, before, *parts[:noon])
    await migrate_database(pool)
    await say(pool, before, *parts[noon:])
    engine = await open_postgres(await url_of(pool, made))
    try:
        drive = Driver(engine)
        evening = before.day.evening
        assert dict(zip(evening, await drive.states(list(evening)), strict=True)) == evening
        for run_id in evening:
            await drive.told(run_id)
        worker = await drive.worker(lease=1_000 * DAY)
        while claims := await drive.claim(worker, 9):
            for claim in claims:
                assert await drive.settle(worker, claim, Succeeded()) == ()
            drive.now += DAY
        assert State.READY not in await engine.runs.counts("default")
    finally:
        await engine.close()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE treadle.history ADD COLUMN mood text NOT NULL DEFAULT ''",
        "CREATE TABLE treadle.moods (name text); CREATE INDEX runs_mood ON treadle.runs (worker_id)",
    ],
)
async def test_what_adds_is_borne(pool: asyncpg.Pool, before: Before, change: str) -> None:
    await migrate_database(pool, {**shipped(), NEXT: Migration(change, before.version)})
    await say(pool, before, "morning", "afternoon")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE treadle.runs DROP COLUMN losses CASCADE",
        "ALTER TABLE treadle.runs ADD COLUMN mood text NOT NULL",
        "ALTER TABLE treadle.events RENAME subject TO about",
        "ALTER TABLE treadle.lanes ADD CHECK (declared > 100)",
    ],
)
async def test_what_takes_away_is_found(pool: asyncpg.Pool, before: Before, change: str) -> None:
    await migrate_database(pool, {**shipped(), NEXT: Migration(change, before.version)})
    with pytest.raises((asyncpg.PostgresError, AssertionError)):
        await say(pool, before, "morning", "afternoon")
