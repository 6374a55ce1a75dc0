"""What is looked up again and again costs the same however long the log is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.support.postgres import Databases, databases
from treadle.engines.postgres.migrate import migrate_database
from treadle.engines.postgres.queries import STATEMENTS


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture
async def pool(made: Databases) -> AsyncIterator[asyncpg.Pool]:
    """Connections to a database with a log, and a few events of it on their way."""
    async with made.database() as url, asyncpg.create_pool(url) as pool:
        await migrate_database(pool)
        await pool.execute(
            """INSERT INTO treadle.event_batches (id, position) SELECT n, n FROM generate_series(1, 20000) AS n;
            INSERT INTO treadle.deliveries (batch, ordinal) SELECT n, 1 FROM generate_series(19990, 20000) AS n"""
        )
        yield pool


@pytest.mark.parametrize("first", ["SELECT 1", "ANALYZE treadle.event_batches, treadle.deliveries"])
@pytest.mark.parametrize("name", ["steps.next_delivery", "steps.end_deliveries"])
async def test_events_on_their_way_are_found_without_a_walk_along_the_log(
    pool: asyncpg.Pool, name: str, first: str
) -> None:
    await pool.execute(first)
    plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN {STATEMENTS[name]}".replace("$1", "1")))
    assert "using event_batches_pkey" in plan
    assert "Seq Scan on event_batches" not in plan
    assert "event_batches_position" not in plan
