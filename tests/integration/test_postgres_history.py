"""History by weeks: each has a table, which is made ahead and dropped as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.support.postgres import Databases, databases
from tests.support.scheduling import MovedClock
from treadle.domain.instants import DAY, SECOND, from_iso
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.engines.postgres.engine import PostgresEngine, open_postgres
from treadle.engines.postgres.periods import AHEAD, WEEK, Period, period_of
from treadle.testing.driver import BOOM, Driver


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture
async def url(made: Databases) -> str:
    """A database of the test's own: another would find its tables gone."""
    return made.url(await made.create())


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
def clock() -> MovedClock:
    """The engine's clock. The server's own says for which weeks there are tables at first."""
    return MovedClock(0)


@pytest.fixture
async def engine(url: str, clock: MovedClock) -> AsyncIterator[PostgresEngine]:
    engine = await open_postgres(url, clock)
    connection = await asyncpg.connect(url)
    clock.now = await connection.fetchval("SELECT treadle.now()")
    await connection.close()
    yield engine
    await engine.close()


@pytest.fixture
async def drive(engine: PostgresEngine) -> Driver:
    return Driver(engine)


@pytest.fixture
async def worker(drive: Driver) -> str:
    return await drive.worker(lease=1000 * WEEK)


async def finish(drive: Driver, worker: str, count: int = 1, **fields: object) -> list[str]:
    """Let runs come to their ends, after a try that failed and a second one; their ids."""
    ids = await drive.submit(count, **fields)
    for outcome in (BOOM, Succeeded()):
        drive.now += 2 * SECOND
        for claim in await drive.claim(worker, count):
            await drive.settle(worker, claim, outcome)
    return ids


async def tables(connection: asyncpg.Connection) -> list[str]:
    found = await connection.fetch(
        "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'treadle.history'::regclass"
    )
    return sorted(str(name).removeprefix("treadle.history_") for (name,) in found)


async def rows(connection: asyncpg.Connection, table: str) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM treadle.{table}"))  # noqa: S608 - names of the test


def weeks(first: Period, count: int) -> list[str]:
    return [Period(first.start + n * WEEK).table.removeprefix("history_") for n in range(count)]


def test_a_week_begins_on_monday() -> None:
    sunday, monday = from_iso("2026-11-22T23:59:59Z"), from_iso("2026-11-23T00:00:00Z")
    assert (period_of(sunday).table, period_of(monday).table) == ("history_20261116", "history_20261123")
    assert period_of(monday).start == period_of(sunday).end == monday


async def test_weeks_have_tables_ahead_and_the_scheduler_sees_to_it(
    connection: asyncpg.Connection, engine: PostgresEngine, clock: MovedClock
) -> None:
    first = period_of(clock.now)
    assert await tables(connection) == [*weeks(first, AHEAD + 1), "rest"]
    clock.now += 2 * WEEK
    assert await engine.runs.prune(0, 10) == 0
    assert await tables(connection) == [*weeks(first, AHEAD + 3), "rest"]


async def test_a_week_that_is_old_goes_as_a_whole_with_all_that_belongs_to_its_runs(
    connection: asyncpg.Connection, engine: PostgresEngine, clock: MovedClock, drive: Driver, worker: str
) -> None:
    week = period_of(clock.now)
    old = await finish(drive, worker, 5)
    drive.now = clock.now = week.end + DAY
    young = await finish(drive, worker)
    assert await rows(connection, week.table) == 5
    clock.now = week.end + 5 * WEEK
    assert await engine.runs.prune(week.end - 1, 3) == 0  # of some of it the time has not come
    assert [await engine.runs.prune(week.end, 3) for _ in range(2)] == [3, 2]
    assert await connection.fetchval("SELECT to_regclass($1)", f"treadle.{week.table}") is None
    assert [run.id for run in await engine.runs.get("default", [*old, *young])] == young
    assert await rows(connection, "attempts") == 2  # both tries of the young one
    assert await engine.runs.prune(week.end, 3) == 0


async def test_the_week_that_is_not_over_is_pruned_run_by_run(
    connection: asyncpg.Connection, engine: PostgresEngine, drive: Driver, worker: str
) -> None:
    await finish(drive, worker, 3)
    kept = await drive.submit()
    assert [await engine.runs.prune(drive.now + 1, 2) for _ in range(2)] == [2, 1]
    assert await drive.states(kept) == [State.READY]


async def test_what_finishes_in_a_week_without_a_table_is_found_and_pruned_all_the_same(
    connection: asyncpg.Connection, engine: PostgresEngine, clock: MovedClock, drive: Driver, worker: str
) -> None:
    """Nobody was there for weeks to make tables."""
    first = period_of(clock.now)
    drive.now = clock.now = first.start + (AHEAD + 2) * WEEK + DAY
    ids = await finish(drive, worker, 2)
    assert await rows(connection, "history_rest") == 2
    assert await engine.runs.prune(0, 9) == 0
    assert [name in await tables(connection) for name in weeks(period_of(clock.now), 2)] == [False, True]
    assert await drive.states(ids) == [State.COMPLETED] * 2
    clock.now += WEEK
    assert await engine.runs.prune(clock.now, 9) == 2
    assert await engine.runs.get("default", ids) == []
    assert (await tables(connection))[0] == weeks(period_of(clock.now), 1)[0]


async def test_nobody_waits_for_a_week_that_somebody_reads(
    url: str, connection: asyncpg.Connection, engine: PostgresEngine, clock: MovedClock, drive: Driver, worker: str
) -> None:
    week = period_of(clock.now)
    await finish(drive, worker)
    drive.now = clock.now = week.end + 5 * WEEK
    await connection.execute("BEGIN; SELECT count(*) FROM treadle.history")
    assert await engine.runs.prune(week.end, 9) == 1
    await finish(drive, worker)
    assert await rows(connection, week.table) == 1
    await connection.execute("COMMIT")
    await engine.runs.prune(week.end, 9)
    assert await connection.fetchval("SELECT to_regclass($1)", f"treadle.{week.table}") is None
