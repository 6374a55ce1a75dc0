"""The calls of sync code: carried out by the async ones, in a loop of another thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Final

from treadle.client.portal import Portal
from treadle.client.remote.calls import Call, Page, Pages, Way

_OVER: Final = object()


class SyncWay:
    """An async client's way for the threads of sync code."""

    def __init__(self, portal: Portal, way: Way) -> None:
        self._portal = portal
        self._way = way

    def call(self, call: Call[Any]) -> Any:
        """What a call is answered."""
        return self._portal(self._way.call(call))

    def answer(self, call: Call[Any]) -> Any:
        """The same with the headers."""
        return self._portal(self._way.answer(call))

    def pages(self, call: Call[Page[Any]]) -> Pages[Any]:
        """A list."""
        return Pages(self.call, call)

    def follow(self, call: Call[Any]) -> Iterator[Any]:
        """What a stream tells."""
        reader = _Reader(self._way.follow(call))
        try:
            while (item := self._portal(reader.next())) is not _OVER:
                yield item
        finally:
            self._portal(reader.close())


class _Reader:
    """Takes one thing after the other out of a stream, until it is closed: also while it waits for the next."""

    def __init__(self, stream: AsyncGenerator[Any, None]) -> None:
        self._stream = stream
        self._taking: asyncio.Future[Any] | None = None

    async def next(self) -> Any:
        """The next thing, or `_OVER`."""
        self._taking = asyncio.ensure_future(anext(self._stream, _OVER))
        return await self._taking

    async def close(self) -> None:
        """Let go of the stream."""
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.wait([self._taking])
        await self._stream.aclose()
