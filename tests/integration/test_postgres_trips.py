"""The short ways of the PostgreSQL engine: what they spare, and that nobody pays for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.support.postgres import Databases, databases
from treadle.domain.errors import Unavailable
from treadle.domain.instants import DAY
from treadle.domain.outcomes import Outcome, Succeeded
from treadle.domain.priority import Priority
from treadle.domain.runs import DEFAULT_DOMAIN, State
from treadle.domain.states import TABLE, Change
from treadle.domain.workers import LEASE
from treadle.engines.contract import Admission
from treadle.engines.postgres import marks
from treadle.engines.postgres.engine import PostgresEngine, open_postgres
from treadle.testing.driver import BOOM, Driver, new_run

TRANSACTIONS = "SELECT count(*) FROM treadle.event_batches"
CLAIM_ONE = """
SELECT (claimed).ids FROM treadle.step(
  0, $1, $2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
  1, ARRAY (SELECT id FROM treadle.lines WHERE NOT solo), '{}', '{}', '{}', '{}'
)
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
LATEST = """
SELECT type FROM treadle.events
WHERE batch = (SELECT id FROM treadle.event_batches ORDER BY ended DESC LIMIT 1) ORDER BY ordinal
"""


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
        yield engine
    finally:
        await engine.close()


@pytest.fixture
async def look(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def test_submits_that_come_during_a_trip_share_the_next(engine: PostgresEngine, look: asyncpg.Connection) -> None:
    drive = Driver(engine)
    await drive.submit()  # its line is known from now on
    before = await look.fetchval(TRANSACTIONS)
    async with look.transaction():
        await look.execute("LOCK TABLE treadle.queues")
        first = asyncio.create_task(drive.submit())
        await look.fetchval("SELECT 1")  # meanwhile it sets out, and has to wait
        others = [asyncio.create_task(drive.submit()) for _ in range(50)]
        await asyncio.sleep(0)
    ids = {(await task)[0] for task in (first, *others)}
    assert {run.id for run in await engine.runs.get(DEFAULT_DOMAIN, sorted(ids))} == ids
    assert await look.fetchval(TRANSACTIONS) - before <= 2


async def test_a_submit_that_cannot_be_stored_takes_none_of_its_fellows_with_it(engine: PostgresEngine) -> None:
    drive = Driver(engine)
    (standing,) = await drive.submit()
    again, other = new_run(drive.now, id=standing), new_run(drive.now)
    answers = await asyncio.gather(engine.runs.enqueue([again]), engine.runs.enqueue([other]), return_exceptions=True)
    assert isinstance(answers[0], Unavailable)
    assert not isinstance(answers[1], BaseException)
    assert answers[1][0].admission is Admission.CREATED


async def test_a_trip_of_ordinary_runs_is_one_transaction(engine: PostgresEngine, look: asyncpg.Connection) -> None:
    drive = Driver(engine)
    worker = await drive.worker()
    await drive.submit()
    claims = await drive.claim(worker, 1)  # from now on it is known what the worker takes
    await drive.submit(3)
    before = await look.fetchval(TRANSACTIONS)
    step = await engine.runs.step(worker, [drive.outcome(claims[0], Succeeded(), worker)], 3, now=drive.now)
    assert len(step.claims) == 3
    assert await look.fetchval(TRANSACTIONS) - before == 1
    events = await look.fetch(LATEST)
    assert [row[0] for row in events] == [
        TABLE[State.RUNNING, Change.SUCCEED].event,
        *[TABLE[State.READY, Change.CLAIM].event] * 3,
    ]


async def test_while_a_trip_of_a_worker_is_under_way_no_other_gives_it_a_suspect(
    engine: PostgresEngine, look: asyncpg.Connection
) -> None:
    drive = Driver(engine)
    await drive.submit()
    await drive.claim(await drive.worker(), 1)
    drive.now += LEASE
    worker = await drive.worker(lease=DAY)
    await engine.runs.step(worker, (), 1, now=drive.now)  # from now on it is known what the worker takes
    await drive.submit()
    async with look.transaction():
        assert len(await look.fetchval(CLAIM_ONE, worker, drive.now)) == 1
        await drive.sweep()
        other = asyncio.create_task(engine.runs.step(worker, (), 1, now=drive.now))
        while not await look.fetchval(WAITING):
            assert not other.done()
    step = await other
    assert (step.claims, step.solo_waiting) == ((), True)


async def test_one_run_that_is_not_ordinary_keeps_no_other_from_being_settled(engine: PostgresEngine) -> None:
    drive = Driver(engine)
    worker = await drive.worker()
    ids = await drive.submit(4)
    claims = {claim.id: claim for claim in await drive.claim(worker, 4)}
    await engine.runs.cancel(DEFAULT_DOMAIN, ids[1:2], now=drive.now)
    outcomes: list[Outcome] = [Succeeded(), BOOM, BOOM, Succeeded()]
    done = [drive.outcome(claims[run_id], outcome, worker) for run_id, outcome in zip(ids, outcomes, strict=True)]
    step = await engine.runs.step(worker, done, 0, now=drive.now)
    assert step.refused == ()
    found = {run.id: run.state for run in await engine.runs.get(DEFAULT_DOMAIN, ids)}
    assert [found[run_id] for run_id in ids] == [
        State.COMPLETED,
        State.CANCELLED,
        State.SCHEDULED,
        State.COMPLETED,
    ]


@pytest.fixture
def always_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "SLOW", 0)
    monkeypatch.setattr(marks, "REST", 10**9)


@pytest.mark.usefixtures("always_slow")
async def test_where_looking_is_slow_the_order_across_queues_holds(engine: PostgresEngine) -> None:
    drive = Driver(engine)
    worker = await drive.worker()
    ids = []
    for queue in ("a", "b", "a", "c", "b", "c", "a"):
        ids += await drive.submit(queue=queue)
        drive.now += 1
    assert (await drive.claim_one(worker)).id == ids[0]
    for first in range(1, 7, 2):  # the first looks; from "c" it takes nothing
        assert [claim.id for claim in await drive.claim(worker, 2)] == ids[first : first + 2]


@pytest.mark.usefixtures("always_slow")
async def test_where_looking_is_slow_claims_go_on_from_where_they_were_and_look_again_in_time(
    engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr(marks, "monotonic", lambda: seconds)
    drive = Driver(engine)
    worker = await drive.worker()
    first, *others = await drive.submit(5)
    assert (await drive.claim_one(worker)).id == first  # from now on it is known what the worker takes
    assert (await drive.claim_one(worker)).id == others[0]  # by a look that was slow
    (urgent,) = await drive.submit(priority=Priority.CRITICAL)
    assert (await drive.claim_one(worker)).id == others[1]
    step = await engine.runs.step(worker, [], 10, now=drive.now)
    assert [claim.id for claim in step.claims] == [*others[2:], urgent]
    await drive.submit(3)
    await drive.claim_one(worker)
    (urgent,) = await drive.submit(priority=Priority.CRITICAL)
    seconds = 10.0**9
    assert (await drive.claim_one(worker)).id == urgent
