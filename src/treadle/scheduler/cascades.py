"""Goes on with cascades that were too long for the transaction that began them."""

from __future__ import annotations

from typing import Final

from treadle.engines.contract import Engine

POLL_SECONDS: Final = 1.0
"""How long the rest of a cascade may lie where its notice is lost; every trip of a worker goes on with it too."""


class Cascades:
    """Tells children how their parents ended, a part in each transaction. Any number may do so at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self) -> float:
        """Work off one part; answers the seconds until the next."""
        return 0.0 if await self._engine.runs.resolve() else POLL_SECONDS
