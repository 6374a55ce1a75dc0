"""Readers of the log while somebody's transactions stay open: nothing is skipped, and nobody waits for them.

They stay open for as long as others take to commit so often; `TREADLE_TEST_HOLD_SEC` makes it longer (`scripts/full`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import asyncpg
import pytest

from tests.support.postgres import Databases, databases
from tests.support.scheduling import define
from treadle import AsyncClient
from treadle.domain.events import Event
from treadle.engines.contract import Topic
from treadle.engines.postgres.engine import PostgresEngine, open_postgres
from treadle.engines.postgres.queries import STATEMENTS
from treadle.settings import Settings

COMMITS: Final = 150
HOLD_SECONDS: Final = float(os.environ.get("TREADLE_TEST_HOLD_SEC", "0"))


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[PostgresEngine]:
    engine = await open_postgres(url)
    try:
        yield engine
    finally:
        await engine.close()


class Follower:
    """Reads the log as it grows, from where it stopped."""

    def __init__(self, engine: PostgresEngine) -> None:
        self._engine = engine
        self.seen: list[Event] = []
        self.told: Counter[str] = Counter()
        self._looked = asyncio.Event()

    async def follow(self) -> None:
        """Read for ever."""
        listener = self._engine.listen(Topic.EVENTS)
        while True:
            await self.catch_up()
            self._looked.set()
            await listener.wait(0.05)

    async def next_look(self) -> None:
        """Wait until it has looked once more."""
        self._looked.clear()
        await self._looked.wait()

    async def catch_up(self) -> None:
        """Read what is there."""
        while page := await self._engine.events.read("default", after=self.last, limit=100):
            self.seen += page
            self.told.update(event.subject for event in page)

    @property
    def last(self) -> int:
        return self.seen[-1].seq if self.seen else 0


@pytest.mark.timeout(60 + 2 * HOLD_SECONDS)
async def test_readers_are_told_of_late_commits_and_of_all_others_meanwhile(made: Databases) -> None:
    url = made.url(await made.create())
    async with opened(url) as engine, opened(url) as other, AsyncExitStack() as stack:
        await define(engine, "report")
        client = AsyncClient.over(engine, Settings(database_url=url))
        follower = Follower(other)
        following = asyncio.create_task(follower.follow())
        late = [await asyncpg.connect(url) for _ in range(3)]
        for connection in late:
            stack.push_async_callback(connection.close)
            await connection.execute("BEGIN")
        held = [await client.enqueue("report", connection=connection) for connection in late]

        begun = time.monotonic()
        others: list[str] = []
        while len(others) < COMMITS or time.monotonic() - begun < HOLD_SECONDS:
            others += await asyncio.gather(*(client.enqueue("report") for _ in range(10)))
        async with asyncio.timeout(60):
            while len(follower.told) < len(others):
                await follower.next_look()
        assert not any(follower.told[run_id] for run_id in held)

        for connection in reversed(late):
            await connection.execute("COMMIT")
            others.append(await client.enqueue("report"))
        following.cancel()
        await asyncio.wait([following])
        await follower.catch_up()
        assert [follower.told[run_id] for run_id in (*others, *held)] == [1] * (len(others) + len(held))
        whole = await engine.events.read("default", after=0, limit=1_000_000)
        assert [event.seq for event in follower.seen] == [event.seq for event in whole]


@pytest.mark.parametrize("known", [0, 1, 300])
async def test_positions_go_by_the_order_of_commits_whatever_is_known_of_the_table(made: Databases, known: int) -> None:
    """What the server knows of the table decides which way it takes."""
    async with made.database() as url, opened(url):
        connection = await asyncpg.connect(url)
        put = "INSERT INTO treadle.event_batches (id, ended, position) VALUES ($1, $1, $2)"
        await connection.executemany(put, [(-number, -number) for number in range(1, known + 1)])
        await connection.execute("ANALYZE treadle.event_batches")
        await connection.executemany(put, [(ended, None) for ended in (50, 20, 40, 10, 30)])
        await connection.execute(STATEMENTS["events.sequence"])
        rows = await connection.fetch("SELECT ended FROM treadle.event_batches WHERE ended > 0 ORDER BY position")
        assert [ended for (ended,) in rows] == [10, 20, 30, 40, 50]
        await connection.close()
