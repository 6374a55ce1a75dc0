"""The PostgreSQL engine through the real PgBouncer in transaction mode: the verbs on which all else rests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.support.pgbouncer import Pooler, pooler
from tests.support.postgres import Databases, databases
from treadle.engines.contract import Engine
from treadle.engines.postgres.engine import open_postgres
from treadle.testing.conformance import (
    Opener,
    TestClaim,
    TestEnqueue,
    TestEvents,
    TestKeys,
    TestLeases,
    TestNotices,
    TestProcesses,
    TestPruning,
    TestSettle,
    TestUnchanged,
    TestUnique,
    drive,
    engine,
)

__all__ = [
    "TestClaim",
    "TestEnqueue",
    "TestEvents",
    "TestKeys",
    "TestLeases",
    "TestNotices",
    "TestProcesses",
    "TestPruning",
    "TestSettle",
    "TestUnchanged",
    "TestUnique",
    "drive",
    "engine",
]


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture(scope="module")
def between(made: Databases) -> Iterator[Pooler]:
    with pooler(made.url("postgres")) as one:
        yield one


@pytest.fixture
async def database(made: Databases) -> AsyncIterator[str]:
    async with made.database() as url:
        yield url


@pytest.fixture
def opener(database: str, between: Pooler) -> Opener:
    @asynccontextmanager
    async def open_engine() -> AsyncIterator[Engine]:
        engine = await open_postgres(between.url(database, listen=True))
        try:
            yield engine
        finally:
            await engine.close()

    return open_engine
