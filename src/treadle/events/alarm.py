"""Waking many tasks, and letting them work in turn: in between the loop gets to whatever else there is to do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

_WOKEN_AT_ONCE: Final = 16
_TURNS: Final = 8
_PAUSE_SECONDS: Final = 0.002
"""After so many turns: for the threads of the process, which have to wait for the interpreter while there is work."""


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

    async def ring(self) -> None:
        """Wake all who wait."""
        self._rung += 1
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), _WOKEN_AT_ONCE):
            for waiter in waiting[start : start + _WOKEN_AT_ONCE]:
                if not waiter.done():
                    waiter.set_result(None)
            await asyncio.sleep(0)


class Turns:
    """Lets many tasks each do a little, in the order in which they come, and never two in one round of the loop."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._taken = 0

    async def take(self) -> None:
        """Return when it is the caller's turn."""
        async with self._lock:
            self._taken += 1
            await asyncio.sleep(0 if self._taken % _TURNS else _PAUSE_SECONDS)
