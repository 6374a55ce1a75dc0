"""Hundreds of readers that take nothing, at a `treadle api` over real sockets, cost the others nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.support.services import PATIENCE_SECONDS, TOKEN, fleet, until
from treadle.cli.server import Server

READERS = 500
EVENTS = 160
SIZE = 250_000

MEMORY = 300 * 1024 * 1024
"""What so many may take of the process, in bytes. What they have not taken comes to 60 times as much."""


@contextmanager
def stalled(url: str, count: int) -> Iterator[None]:
    """Readers that are let in and then read nothing more."""
    address = urlsplit(url)
    request = (
        f"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    ).encode()
    with ExitStack() as stack:
        for _ in range(count):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            reader.connect((address.hostname, address.port))
            reader.sendall(request)
            assert reader.recv(12) == b"HTTP/1.1 200"
        yield


def read(server: Server, after: int, told: list[int]) -> None:
    """What a reader is told that takes all of it."""
    told.extend(int(event.id) for event in islice(server.stream("/events", topics="user", after=after), EVENTS))


@pytest.mark.slow
def test_readers_that_stall_are_cut_off_hold_little_and_keep_nothing_from_the_others(
    tmp_path: Path, sqlite_url: str
) -> None:
    with fleet(tmp_path, sqlite_url, TREADLE_MAX_STREAMS_PER_CALLER=str(READERS + 1)) as machines:
        server, process = machines.server, psutil.Process(machines.api.process.pid)
        server.patience = PATIENCE_SECONDS
        before = process.memory_info().rss
        told: list[int] = []
        reading = threading.Thread(target=read, args=(server, server.get("/events")["next_cursor"], told))
        reading.start()
        with stalled(server.url, READERS):
            most = before
            published = []
            for _ in range(EVENTS):
                published.append(server.post("/events", {"name": "noise", "data": {"x": "x" * SIZE}})["seq"])
                most = max(most, process.memory_info().rss)
            until(lambda: len(told) == EVENTS, "all that the others are told")
            assert told == published
            until(lambda: machines.api.said.count("evicted a slow reader") >= READERS, "the end of all that stall")
            most = max(most, process.memory_info().rss)
        reading.join()
    assert most - before < MEMORY
