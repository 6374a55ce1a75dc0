"""Carries log lines of all attempts of a worker to the log store, beside the way of the runs."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Self

import structlog
from msgspec import structs

from treadle.domain.errors import Moved, Unavailable
from treadle.domain.logs import Level, LogLine, Stream, line_size

CHUNK_BYTES: Final = 64 * 1024
FLUSH_SECONDS: Final = 0.2
CAPACITY_BYTES: Final = 8 * 1024 * 1024
_HIGH_WATER_CHUNKS: Final = 4
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_CLOSING_SECONDS: Final = 5.0

_logger = structlog.get_logger(__name__)

Append = Callable[[list[LogLine]], Awaitable[None]]


class LogBuffer:
    """Collects lines and stores them in chunks of at most 64 KiB, each at most 200 ms after its first line.

    `add` never waits. While the store takes lines, `drain` holds a fast writer back; while it refuses them, chunks are
    tried again, lines beyond `capacity` bytes are dropped, and a line in the log of each run concerned says how many.
    """

    def __init__(self, append: Append, *, capacity: int = CAPACITY_BYTES, flush_seconds: float = FLUSH_SECONDS) -> None:
        self._append = append
        self._capacity = capacity
        self._flush_seconds = flush_seconds
        self._lines: deque[LogLine] = deque()
        self._size = 0
        self._lost: dict[tuple[str, int], tuple[LogLine, int]] = {}
        self._lock = threading.Lock()
        self._waiting = asyncio.Event()
        self._urgent = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._refused = False
        self._closing = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._flusher = asyncio.create_task(self._run(), name="log buffer")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stores what is left; gives up after five seconds of a store that refuses."""
        self._closing = True
        self._waiting.set()
        self._urgent.set()
        try:
            await asyncio.wait_for(self._flusher, _CLOSING_SECONDS)
        except TimeoutError:
            _logger.error("log lines lost: the log store did not take them", lines=len(self._lines), bytes=self._size)

    def add(self, line: LogLine) -> None:
        """Takes one line, from any thread."""
        size = line_size(line)
        with self._lock:
            if self._size + size > self._capacity:
                self._lose(line)
                return
            first = not self._lines
            self._lines.append(line)
            before, self._size = self._size, self._size + size
            if self._size >= _HIGH_WATER_CHUNKS * CHUNK_BYTES and not self._refused:
                self._room.clear()
        if first:
            self._loop.call_soon_threadsafe(self._waiting.set)
        if before < CHUNK_BYTES <= self._size:
            self._loop.call_soon_threadsafe(self._urgent.set)

    async def drain(self) -> None:
        """Waits until there is room again, unless the store refuses lines: a run does not wait for that to end."""
        await self._room.wait()

    async def _run(self) -> None:
        while not (self._closing and not self._lines):
            await self._waiting.wait()
            try:
                async with asyncio.timeout(self._flush_seconds):
                    await self._urgent.wait()
            except TimeoutError:
                pass  # the time is up: what is there goes now
            while chunk := self._next_chunk():
                await self._store(chunk)
                self._forget(chunk)

    def _next_chunk(self) -> list[LogLine]:
        """The oldest lines, still counted and kept until they are stored."""
        chunk: list[LogLine] = []
        size = 0
        with self._lock:
            for line in self._lines:
                size += line_size(line)
                if chunk and size > CHUNK_BYTES:
                    break
                chunk.append(line)
            if not chunk and not self._closing:
                self._waiting.clear()
                self._urgent.clear()
        return chunk

    async def _store(self, chunk: list[LogLine]) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._append(chunk)
            except Unavailable as error:
                _logger.warning("log store unavailable, trying again", error=error.message, seconds=pause)
                self._refused = True
                self._room.set()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            except Moved as error:
                _logger.error("log lines lost: the installation has moved", lines=len(chunk), error=error.message)
                return  # and no remark, which would not be taken either
            except Exception:
                # Logs lie beside the way of the runs: a fault of the store costs its lines, never the worker.
                _logger.exception("log lines lost: the log store failed", lines=len(chunk))
                with self._lock:
                    for line in chunk:
                        self._lose(line)
                return
            else:
                self._refused = False
                return

    def _forget(self, chunk: list[LogLine]) -> None:
        with self._lock:
            for _ in chunk:
                self._size -= line_size(self._lines.popleft())
            if self._size < _HIGH_WATER_CHUNKS * CHUNK_BYTES:
                self._room.set()
            lost, self._lost = self._lost, {}
        for line, count in lost.values():
            self.add(_remark(line, count))

    def _lose(self, line: LogLine) -> None:
        first, count = self._lost.get((line.run_id, line.token), (line, 0))
        self._lost[line.run_id, line.token] = first, count + 1


def _remark(line: LogLine, count: int) -> LogLine:
    message = f"lines lost here because the log store could not take them: {count}"
    return structs.replace(line, stream=Stream.SYSTEM, level=Level.WARNING, message=message, fields=None)
