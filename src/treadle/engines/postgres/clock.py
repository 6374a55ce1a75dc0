"""The server's clock, as far as it must be known without asking."""

from __future__ import annotations

import time
from typing import Final

import asyncpg

from treadle.domain.instants import SECOND, Instant, Micros

_NOW: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_TOLERANCE: Final[Micros] = SECOND // 4


class ServerClock:
    """The server's wall clock, carried on by this machine's steady one: whatever people set here, it stays right."""

    def __init__(self) -> None:
        self._ahead: Micros = 0

    def wall(self) -> Instant:
        """Now, in UTC, by the server's clock."""
        return _steady() + self._ahead

    async def ask(self, connection: asyncpg.Connection) -> None:
        """Compare the clocks. A difference that the answer's way may have made is let be: time does not jitter, nor
        jump for a process that stood still meanwhile."""
        before = _steady()
        told: Instant = await connection.fetchval(_NOW)
        after = _steady()
        ahead = told - (before + after) // 2
        if abs(ahead - self._ahead) > _TOLERANCE + (after - before) // 2:
            self._ahead = ahead


def _steady() -> Micros:
    return time.monotonic_ns() // 1_000
