"""One listener of the engine's notices for all readers of a process, and the event log read once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, Self

from treadle.domain.events import Event
from treadle.engines.contract import Engine, Topic

PAGE: Final = 500
POLL_SECONDS: Final = 1.0
"""How long a reader waits for a notice before it looks by itself: a notice may be lost."""

_REST_SECONDS: Final = 0.02
"""Between two wake-ups: what happens meanwhile is read together."""


class Hub:
    """Wakes whoever waits for something new to read. Used as an async context manager."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._notices_heard = 0
        self._news = asyncio.Event()
        self._reading: dict[tuple[str, int], asyncio.Task[list[Event]]] = {}

    async def __aenter__(self) -> Self:
        self._notices = self._engine.listen(Topic.EVENTS, Topic.LOGS)
        self._listener = asyncio.create_task(self._listen(), name="event hub")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.cancel()
        with suppress(asyncio.CancelledError):
            await self._listener
        await self._notices.close()

    @property
    def mark(self) -> int:
        """What to hand to `wait`; taken before reading, so that nothing written meanwhile is slept through."""
        return self._notices_heard

    async def wait(self, mark: int, patience: float = POLL_SECONDS) -> None:
        """Return once anything was written since `mark`, or after `patience` seconds."""
        if self._notices_heard == mark:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), patience)

    async def follow(self, domain: str, after: int) -> AsyncIterator[list[Event]]:
        """All events of a domain beyond a position, in order, for ever.

        Yields at least once in `POLL_SECONDS`: an empty list where nothing has happened.
        """
        while True:
            mark = self.mark
            events = await self._read(domain, after)
            if events:
                after = events[-1].seq
            yield events
            if len(events) < PAGE:
                await self.wait(mark)

    async def _read(self, domain: str, after: int) -> list[Event]:
        """A page of the log. Live readers stand at the same position: those that come together share one read."""
        position = (domain, after)
        if (reading := self._reading.get(position)) is None:
            reading = asyncio.create_task(self._engine.events.read(domain, after=after, limit=PAGE))
            self._reading[position] = reading
            reading.add_done_callback(lambda _: self._reading.pop(position))
        return await asyncio.shield(reading)

    async def _listen(self) -> None:
        while True:
            if await self._notices.wait(60.0):
                self._notices_heard += 1
                news, self._news = self._news, asyncio.Event()
                news.set()
                await asyncio.sleep(_REST_SECONDS)
