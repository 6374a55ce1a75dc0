"""Reads a pipe in the event loop."""

from __future__ import annotations

import asyncio
import os
from typing import IO


class PipeReader:
    """The bytes of a pipe as they come.

    The loops' own pipe transports are opened in a coroutine, and cancelled in there uvloop (0.23) closes the descriptor
    twice. This reader opens nothing: the pipe stays its owner's, who closes it once nobody reads.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        """`pipe` is an unbuffered file."""
        os.set_blocking(pipe.fileno(), False)
        self._pipe = pipe

    async def read(self, size: int) -> bytes:
        """The next bytes, at most `size` and never without a turn of the loop; none when the other end is closed."""
        while True:
            await self._readable()
            data: bytes | None = self._pipe.read(size)
            if data is not None:
                return data

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._pipe.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._pipe.fileno())
