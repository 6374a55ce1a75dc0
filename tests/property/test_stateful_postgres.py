"""The PostgreSQL engine against the model, through anything that clients, workers and faults may do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from hypothesis import Phase, settings

from tests.support.postgres import Databases, databases
from treadle.engines.contract import Engine
from treadle.engines.postgres.engine import open_postgres
from treadle.system import Clock
from treadle.testing.stateful import machine

SOAKING: Final = settings.get_current_profile_name() == "soak"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200 if SOAKING else 600), pytest.mark.usefixtures("made")]

_made: list[Databases] = []


@pytest.fixture(scope="module")
def made() -> Iterator[None]:
    with databases() as one:
        _made.append(one)
        yield


@asynccontextmanager
async def postgres(clock: Clock) -> AsyncIterator[Engine]:
    async with _made[-1].database() as url:
        engine = await open_postgres(url, clock)
        try:
            yield engine
        finally:
            await engine.close()


TestStateful = machine(postgres).TestCase
# About a minute, and the same one each time; a soak is half an hour and never the same.
BOUNDED: Final = settings(derandomize=True, max_examples=20, stateful_step_count=50)
TestStateful.settings = settings(
    settings(max_examples=500) if SOAKING else BOUNDED,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # explaining takes minutes
)
