"""The SQLite engine against what any engine must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from treadle.engines.contract import Engine
from treadle.engines.sqlite.engine import open_sqlite
from treadle.system import SystemClock
from treadle.testing.conformance import *  # noqa: F403 - the suite
from treadle.testing.conformance import Opener


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    @asynccontextmanager
    async def open_engine() -> AsyncIterator[Engine]:
        engine = await open_sqlite(tmp_path / "treadle.db", SystemClock())
        try:
            yield engine
        finally:
            await engine.close()

    return open_engine
