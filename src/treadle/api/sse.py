"""Server-sent events: one response that is written as things happen, until somebody ends it.

It ends when its source does, when the client leaves, when the client does not take what it is sent within
`patience_sec`, and when the server stops. What a client has not taken is never kept for it beyond one page: it reads on
from the last id it saw.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import structlog
from msgspec import Struct
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from treadle.api.answers import EVENT_STREAM
from treadle.domain.errors import TreadleError
from treadle.domain.json import Json, encode

KEEP_ALIVE: Final = b": keep-alive\n\n"
_OPENING: Final = b"retry: 1000\n\n"

_logger = structlog.get_logger(__name__)


class StreamLimits(Struct, frozen=True):
    """After how many seconds of silence a comment is sent, and how long a client may take to take what is sent."""

    keep_alive_sec: float = 15.0
    patience_sec: float = 10.0


def frame(event: str, data: Json, event_id: int | None = None) -> bytes:
    """One event. `data` is JSON, which has no line breaks."""
    head = b"" if event_id is None else b"id: %d\n" % event_id
    return head + b"event: %s\ndata: %s\n\n" % (event.encode(), data)


class EventStream(StreamingResponse):
    """A response of what `frames` yields; it yields often, and an empty text where there is nothing to say."""

    media_type = EVENT_STREAM

    def __init__(self, frames: AsyncIterator[bytes], limits: StreamLimits, stopping: asyncio.Event) -> None:
        super().__init__(frames, headers={"X-Accel-Buffering": "no"})
        self._frames = frames
        self._limits = limits
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        writing = asyncio.create_task(self._write(send))
        ending = [asyncio.create_task(_gone(receive)), asyncio.create_task(self._stopping.wait())]
        try:
            await asyncio.wait([writing, *ending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, *ending):
                task.cancel()
            await asyncio.wait([writing, *ending])
        if not writing.cancelled():
            try:
                writing.result()
            except TimeoutError:
                _logger.info("evicted a slow reader", path=scope["path"], trace_id=scope["state"]["trace_id"])
                return  # unfinished: the server closes the connection
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        await self._send(send, _OPENING)
        sent = loop.time()
        try:
            async for chunk in self._frames:
                if chunk or loop.time() - sent >= self._limits.keep_alive_sec:
                    await self._send(send, chunk or KEEP_ALIVE)
                    sent = loop.time()
        except TreadleError as error:
            await self._send(send, frame("error", encode({"code": error.code, "detail": error.message})))

    async def _send(self, send: Send, body: bytes) -> None:
        await asyncio.wait_for(
            send({"type": "http.response.body", "body": body, "more_body": True}), self._limits.patience_sec
        )


async def _gone(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
