"""Server-sent events: one response that is written as things happen, until somebody ends it.

It ends when its source does, when the client leaves, when the client does not take what it is sent within
`patience_sec`, when the call would no longer be let through, and when the server stops. What a client has not taken is
never kept for it beyond one page: it comes back with the last id it saw.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, NamedTuple

import structlog
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from treadle.api.answers import EVENT_STREAM
from treadle.api.deps import Call, judge_again
from treadle.domain.access import Principal
from treadle.domain.errors import Forbidden, InvalidInput, Problem, TooMany, TreadleError, Unauthorized, Unavailable
from treadle.domain.json import Json, encode
from treadle.system import chance

CHUNK_BYTES: Final = 32 * 1024
"""How much is written at once where there is more. The server's buffer for a connection holds twice as much again."""

_RETRY_SECONDS: Final = 5
_LAST_WORDS_SECONDS: Final = 0.5
"""A server that stops does not wait longer, and nothing is lost with them."""

_logger = structlog.get_logger(__name__)


class StreamLimits(Struct, frozen=True, kw_only=True):
    """What streams may take, each and all of a process.

    After `keep_alive_sec` of silence a comment is sent; a client has `patience_sec` to take what is sent; every
    `recheck_sec` it is asked again whether its call would be let through. At most `most` are open at once, of one
    caller `most_each`.
    """

    keep_alive_sec: float = 15.0
    patience_sec: float = 10.0
    recheck_sec: float = 5.0
    most: int = 1_000
    most_each: int = 100


class Told(NamedTuple):
    """A part of a stream: its text, which may be empty, and the position up to which the client then knows all."""

    text: bytes
    position: int


class Streams:
    """The open streams of a process. `stopping` ends them when it is set."""

    def __init__(self, limits: StreamLimits, stopping: asyncio.Event) -> None:
        self.limits = limits
        self.stopping = stopping
        self._open: Counter[tuple[str, str | None]] = Counter()

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open.total()

    @contextmanager
    def seat(self, caller: Principal) -> Iterator[None]:
        """A place for one more stream of a caller. Raises TooMany."""
        who = caller.name, caller.domain
        if self._open[who] >= self.limits.most_each:
            raise TooMany(f"{caller.name} has {self._open[who]} streams open: close some", after=_RETRY_SECONDS)
        if self.count >= self.limits.most:
            raise TooMany(f"this server has {self.count} streams open, as many as it may", after=_RETRY_SECONDS)
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]


def streams_of(request: Request) -> Streams:
    """The streams of the process that serves a request."""
    streams: Streams = request.app.state.streams
    return streams


def check_stream(request: Request) -> None:
    """Raises InvalidInput where a stream is asked for what pages have."""
    if "limit" in request.query_params:
        raise InvalidInput([Problem("/query/limit", "is of a page: a stream goes on")])


class EventStream(StreamingResponse):
    """A response of what `parts` yields, for a client that knows everything up to `position`.

    It yields at least every `keep_alive_sec`, an empty text where there is nothing to say.
    """

    media_type = EVENT_STREAM

    def __init__(self, request: Request, call: Call, parts: AsyncIterator[Told], position: int) -> None:
        super().__init__(iter(()), headers={"X-Accel-Buffering": "no"})
        self._streams = streams_of(request)
        self._limits = self._streams.limits
        self._caller = call.caller
        self._judge_again = partial(judge_again, request, call)
        self._parts = parts
        self._position = position
        self._midway = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Raises TooMany before anything is sent."""
        with self._streams.seat(self._caller):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            writing = asyncio.create_task(self._write(send))
            watching = asyncio.create_task(self._watch())
            leaving = asyncio.create_task(_gone(receive))
            tasks = writing, watching, leaving
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            ended = next((task for task in (writing, watching) if not task.cancelled()), None)
            if ended is None:
                return  # the client has left
            try:
                last_words = ended.result()
                # Behind half an event they would be taken for the rest of it.
                await self._end(send, b"" if self._midway else last_words)
            except TimeoutError:
                _logger.info("evicted a slow reader", path=scope["path"], trace_id=scope["state"]["trace_id"])
                # unfinished: the server closes the connection

    async def _write(self, send: Send) -> bytes:
        """Write until there is nothing more; answers the last words. Raises TimeoutError for a slow client."""
        loop = asyncio.get_running_loop()
        await self._send(send, b"retry: 1000\nid: %d\n\n" % self._position)
        sent = loop.time()
        try:
            async for text, position in self._parts:
                if text or loop.time() - sent >= self._limits.keep_alive_sec:
                    await self._send(send, text or b": keep-alive\nid: %d\n\n" % position)
                    sent = loop.time()
        except TreadleError as error:
            return _problem(error)
        return b""

    async def _watch(self) -> bytes:
        """Return once the stream must end; answers the last words."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout((1 + chance()) / 2 * self._limits.recheck_sec):  # not all at once
                    await self._streams.stopping.wait()
                    return b""
            try:
                await self._judge_again()
            except Unavailable:
                continue  # nobody can be judged now
            except (Unauthorized, Forbidden) as error:
                return _problem(error)

    async def _end(self, send: Send, last_words: bytes) -> None:
        async with asyncio.timeout(_LAST_WORDS_SECONDS):
            await send({"type": "http.response.body", "body": last_words, "more_body": False})

    async def _send(self, send: Send, body: bytes) -> None:
        self._midway = True
        for start in range(0, len(body), CHUNK_BYTES):
            async with asyncio.timeout(self._limits.patience_sec):
                part = body[start : start + CHUNK_BYTES]
                await send({"type": "http.response.body", "body": part, "more_body": True})
        self._midway = False


def frame(event: str, data: Json, event_id: int | None = None) -> bytes:
    """One event. `data` is JSON, which has no line breaks."""
    head = b"" if event_id is None else b"id: %d\n" % event_id
    return head + b"event: %s\ndata: %s\n\n" % (event.encode(), data)


def parts(frames: Iterable[bytes], position: int) -> Iterator[Told]:
    """Frames as few parts, none much larger than a chunk; one empty part where there are no frames."""
    chunk: list[bytes] = []
    size = 0
    for each in frames:
        if chunk and size + len(each) > CHUNK_BYTES:
            yield Told(b"".join(chunk), position)
            chunk, size = [], 0
        chunk.append(each)
        size += len(each)
    yield Told(b"".join(chunk), position)


def _problem(error: TreadleError) -> bytes:
    return frame("error", encode({"code": error.code, "detail": error.message}))


async def _gone(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
