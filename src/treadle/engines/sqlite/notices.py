"""Wake-ups between processes on one machine: a datagram socket per listener, in a folder beside the database.

A listener's file name ends in the topics it wants, so that nobody is woken for nothing:
`<pid>-<random>.<topic>.<topic>…`. A datagram holds the topics told. A lost one costs a poll's delay and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from treadle.engines.contract import Topic
from treadle.sockets import reachable

_TICK_NS: Final = 50_000_000
"""Surely more than the steps in which a file system tells time."""


def notice_folder(database: Path) -> Path:
    """Where the listeners of a database are."""
    return database.with_name(database.name + "-notices")


class Bell:
    """Tells listeners. Called from the writer's thread, after the commit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._lock = threading.Lock()
        self._names: list[str] = []
        self._listed_at = 0

    def __call__(self, topics: Iterable[Topic]) -> None:
        """Wake every listener that wants any of the topics."""
        told = set(topics)
        with self._lock, suppress(OSError):  # no folder, or no way to look into it: listeners poll
            wanted = [(name, told.intersection(name.split(".")[1:])) for name in self._listeners()]
            if not any(topics for _, topics in wanted):
                return
            with reachable(self._folder) as folder:
                for name, topics in wanted:
                    if topics:
                        self._send(f"{folder}/{name}", ",".join(sorted(topics)).encode())

    def close(self) -> None:
        """Let go of the socket."""
        with self._lock:
            self._socket.close()

    def _listeners(self) -> list[str]:
        """The names in the folder, listed anew when it has changed: this lies on the way of every commit."""
        changed_at = os.stat(self._folder).st_mtime_ns  # noqa: PTH116
        if changed_at != self._listed_at:
            self._names = os.listdir(self._folder)  # noqa: PTH208
            # Until the file system's clock has moved on, another may come without a trace.
            self._listed_at = changed_at if time.time_ns() - changed_at > _TICK_NS else 0
        return self._names

    def _send(self, path: str, message: bytes) -> None:
        try:
            self._socket.sendto(message, path)
        except (ConnectionRefusedError, FileNotFoundError):  # its process is gone
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108
        except OSError:
            return  # its buffer is full of wake-ups already, or it cannot be reached now


class SocketNotices:
    """A listener of one event loop."""

    def __init__(self, folder: Path, topics: Iterable[Topic]) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._place = folder / f"{os.getpid()}-{secrets.token_hex(4)}.{'.'.join(topics)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with reachable(folder) as short:
            self._socket.bind(f"{short}/{self._place.name}")
        self._told: set[str] = set()
        self._waiter: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._receive)

    async def wait(self, patience: float) -> frozenset[str]:
        """See `contract.Notices`."""
        if not self._told:
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(max(patience, 0.0), self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        told = frozenset(self._told)
        self._told.clear()
        return told

    async def close(self) -> None:
        """See `contract.Notices`."""
        if self._socket.fileno() < 0:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._place.unlink(missing_ok=True)
        self._wake()

    def _receive(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._told.update(self._socket.recv(256).decode().split(","))
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
