"""A TCP proxy that does to connections what networks do: delays, resets, silence, a cut at the worst moment."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from socket import SO_LINGER, SOL_SOCKET
from typing import Final
from urllib.parse import urlsplit, urlunsplit

_CHUNK: Final = 1 << 16
_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""Makes closing send RST."""


class Cut:
    """Resets the connection that carries the `at`-th message of clients from now on, counted from 1.

    Where it is `delivered`, the server has answered it by then, and only the answer is lost. `done` is set then.
    """

    def __init__(self, at: int, *, delivered: bool) -> None:
        self.done = asyncio.Event()
        self.delivered = delivered
        self._left = at

    def hits(self) -> bool:
        """Count a message; whether it is the one."""
        self._left -= 1
        return self._left == 0


class FaultProxy:
    """Between clients and one server. It is well-behaved until it is told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self.delay = 0.0
        """How long each message of the server is held back, in seconds."""
        self.cut: Cut | None = None
        self.answered = asyncio.Event()
        """Set by each message of the server, before it is held back."""
        self._server = (host, port)
        self._silent = False
        self._links: set[_Link] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, until it ends."""
        link = _Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.run(*self._server)
        finally:
            self._links.discard(link)

    @property
    def silent(self) -> bool:
        """Whether nothing is passed on."""
        return self._silent

    def hush(self) -> None:
        """Pass nothing on any more, and let neither side know: connections are half open, new ones get no answer."""
        self._silent = True

    def heal(self) -> None:
        """Be well-behaved again; the connections that were half open are reset."""
        self._silent = False
        self.reset()

    def reset(self) -> None:
        """Reset every connection."""
        for link in list(self._links):
            link.reset()


class _Link:
    """A connection of a client, and the one to the server that belongs to it."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._client = (reader, writer)
        self._writers = [writer]
        self._doomed: Cut | None = None

    async def run(self, host: str, port: int) -> None:
        with suppress(OSError):
            server = await asyncio.open_connection(host, port)
            self._writers.append(server[1])
            ways = [self._ask(self._client[0], server[1]), self._answer(server[0], self._client[1])]
            tasks = [asyncio.create_task(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()

    def reset(self) -> None:
        """End it so that both sides are told."""
        for writer in self._writers:
            sock = writer.get_extra_info("socket")
            if sock is not None and not writer.transport.is_closing():
                sock.setsockopt(SOL_SOCKET, SO_LINGER, _NO_LINGER)
            writer.transport.abort()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self._proxy.silent:
                continue
            cut = self._proxy.cut
            if cut is not None and cut.hits():
                self._proxy.cut = None
                if not cut.delivered:
                    self._end(cut)
                    return
                self._doomed = cut
            writer.write(data)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self._doomed is not None:
                self._end(self._doomed)
                return
            self._proxy.answered.set()
            await asyncio.sleep(self._proxy.delay)
            if not self._proxy.silent:
                writer.write(data)
                await writer.drain()

    def _end(self, cut: Cut) -> None:
        self.reset()
        cut.done.set()


@asynccontextmanager
async def fault_proxy(url: str, address: str = "127.0.0.1") -> AsyncIterator[tuple[FaultProxy, str]]:
    """A proxy before the server of a URL, listening on an address of this machine, and the URL by way of it."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = FaultProxy(parts.hostname, parts.port)
    listener = await asyncio.start_server(proxy.serve, address, 0)
    port = listener.sockets[0].getsockname()[1]
    login, at, _ = parts.netloc.rpartition("@")
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{login}{at}{address}:{port}"))
    finally:
        listener.close()
        proxy.reset()
