"""Answers that are given again for a while, to whoever asks: however many ask, one question is under way at most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """What `ask` answers, at most `seconds` old."""

    def __init__(self, ask: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._asking = asyncio.Lock()
        self._answer: tuple[float, T] | None = None

    async def __call__(self) -> T:
        """The answer."""
        async with self._asking:
            if self._answer is None or time.monotonic() - self._answer[0] > self._seconds:
                answer = await self._ask()
                self._answer = time.monotonic(), answer
            return self._answer[1]
