"""The SQLite engine against the model, through anything that clients, workers and faults may do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import Phase, settings

from treadle.engines.contract import Engine
from treadle.engines.sqlite.engine import open_sqlite
from treadle.system import Clock
from treadle.testing.stateful import machine

SOAKING: Final = settings.get_current_profile_name() == "soak"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200 if SOAKING else 600)]


@asynccontextmanager
async def sqlite(clock: Clock) -> AsyncIterator[Engine]:
    with TemporaryDirectory() as folder:
        engine = await open_sqlite(Path(folder) / "treadle.db", clock, synchronous="NORMAL")
        try:
            yield engine
        finally:
            await engine.close()


TestStateful = machine(sqlite).TestCase
# Two minutes at most, and the same ones each time; a soak is half an hour and never the same.
BOUNDED: Final = settings(derandomize=True, max_examples=200, stateful_step_count=50)
TestStateful.settings = settings(
    settings(max_examples=1_000) if SOAKING else BOUNDED,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # explaining takes minutes
)
