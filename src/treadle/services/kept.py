"""Answers that are given again for a while, to whoever asks: however many ask, one question is under way at most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
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


class KeptEach(Generic[T]):
    """The same for questions that differ: what each was answered is let go of once it is `seconds` old."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[Hashable, Kept[T]] = {}

    async def __call__(self, question: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to a question, by `ask` where nobody has just asked it."""
        kept = self._kept.get(question)
        if kept is None:
            kept = self._kept[question] = Kept(ask, self._seconds)
            asyncio.get_running_loop().call_later(self._seconds, self._kept.pop, question, None)
        return await kept()
