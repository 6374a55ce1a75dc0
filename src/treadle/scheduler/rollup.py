"""Counts the runs that have ended, and puts their failures into groups, along the event log."""

from __future__ import annotations

import asyncio
from typing import Final

from treadle.engines.contract import Engine

EVERY_SECONDS: Final = 1.0
"""How far figures are behind what happens."""

CHUNK: Final = 1_000
"""Events of one transaction: others write too."""

_BREATH_SECONDS: Final = 0.005


class Rollup:
    """Goes on with the count where it stands. Any number may do so at once: each run is counted once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self) -> float:
        """Count what has ended since; answers the seconds until the next time."""
        await self.catch_up()
        return EVERY_SECONDS

    async def catch_up(self) -> None:
        """Returns once nothing is left to count."""
        passed = await self._engine.stats.roll_up(CHUNK)
        while passed == CHUNK:
            await asyncio.sleep(_BREATH_SECONDS)
            passed = await self._engine.stats.roll_up(CHUNK)
