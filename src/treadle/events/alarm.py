"""Waking many tasks, a few at a time: in between the loop gets to whatever else there is to do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

_AT_ONCE: Final = 16


class Alarm:
    """Wakes those who wait for something new to read."""

    def __init__(self) -> None:
        self._rung = 0
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def mark(self) -> int:
        """What to hand to `wait`; taken before reading, so that nothing written meanwhile is slept through."""
        return self._rung

    async def wait(self, mark: int, patience: float) -> None:
        """Return once it was rung since `mark`, or after `patience` seconds."""
        if self._rung != mark:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await waiter

    async def ring(self) -> int:
        """Wake all who wait; answers how many there were."""
        self._rung += 1
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), _AT_ONCE):
            for waiter in waiting[start : start + _AT_ONCE]:
                if not waiter.done():
                    waiter.set_result(None)
            await asyncio.sleep(0)
        return len(waiting)
