"""What a test gets of the engine under test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import pytest

from treadle.engines.contract import Engine
from treadle.testing.driver import Driver

Opener: TypeAlias = Callable[[], AbstractAsyncContextManager[Engine]]
"""Opens an engine on the data of one test, which are empty at first. Several may be open at once."""


@pytest.fixture
async def engine(opener: Opener) -> AsyncIterator[Engine]:
    """An open engine on the test's data."""
    async with opener() as opened:
        yield opened


@pytest.fixture
def drive(engine: Engine) -> Driver:
    """The engine, driven."""
    return Driver(engine)


def needs(engine: Engine, capability: str) -> None:
    """Skip the rest of a test on engines without a capability."""
    if capability not in engine.capabilities:
        pytest.skip(f"needs capability {capability!r}")
