"""The PostgreSQL engine against what any engine must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.support.postgres import Databases, databases
from treadle.engines.contract import Engine
from treadle.engines.postgres.engine import open_postgres
from treadle.testing.conformance import *  # noqa: F403 - the suite
from treadle.testing.conformance import Opener


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture
async def database(made: Databases) -> AsyncIterator[str]:
    async with made.database() as url:
        yield url


@pytest.fixture
def opener(database: str) -> Opener:
    @asynccontextmanager
    async def open_engine() -> AsyncIterator[Engine]:
        engine = await open_postgres(database)
        try:
            yield engine
        finally:
            await engine.close()

    return open_engine
