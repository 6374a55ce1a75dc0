"""The model engine against what any engine must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from treadle.engines.contract import Engine
from treadle.testing.clock import VirtualClock
from treadle.testing.conformance import *  # noqa: F403 - the suite
from treadle.testing.conformance import Opener
from treadle.testing.model import Data, ModelEngine


@pytest.fixture
def opener() -> Opener:
    data, clock = Data(), VirtualClock()

    @asynccontextmanager
    async def open_engine() -> AsyncIterator[Engine]:
        yield ModelEngine(data, clock)

    return open_engine
