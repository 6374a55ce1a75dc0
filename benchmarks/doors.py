"""The ways by which runs are submitted: on the engine, over the client, over HTTP to an API's process."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from benchmarks.engines import NOOP, engine_url, new_runs, opened
from benchmarks.processes import service, stopped, until
from treadle.bootstrap import open_services
from treadle.client.asynchronous import AsyncClient
from treadle.domain.jobs import parse_job
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.settings import Settings

Call: TypeAlias = Callable[[], Awaitable[str]]
"""Submits one run; answers its id once the run is on disk."""

Door: TypeAlias = Callable[[], Call]
"""Makes a caller; each is used for one call at a time."""

TOKEN: Final = secrets.token_urlsafe(24)
"""That of the administrator of the API's processes."""

_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


async def define_job(engine: str, folder: Path) -> None:
    """Define the job of the no-op handler, which the client and HTTP submit by its id."""
    async with open_services(_settings(engine, folder)) as services:
        await services.jobs.create(DEFAULT_DOMAIN, parse_job({"job_id": NOOP, "type": NOOP}))


@asynccontextmanager
async def over_engine(engine: str, folder: Path) -> AsyncIterator[Door]:
    """On the engine, in this process."""
    async with opened(engine, folder) as store:

        async def call() -> str:
            (accepted,) = await store.runs.enqueue(new_runs(1))
            return accepted.run_id

        yield lambda: call


@asynccontextmanager
async def over_client(engine: str, folder: Path) -> AsyncIterator[Door]:
    """By the client of this process, which reads the job each time."""
    async with AsyncClient(_settings(engine, folder)) as client:

        async def call() -> str:
            return await client.enqueue(NOOP, {"n": 1})

        yield lambda: call


@asynccontextmanager
async def over_http(engine: str, folder: Path) -> AsyncIterator[Door]:
    """By an API in a process of its own; each caller keeps its connection."""
    async with api(engine, folder) as port:
        yield lambda: _Submitter(Caller(port, f"/jobs/{NOOP}/run", b'{"inputs":{"n":1}}'))


@asynccontextmanager
async def api(engine: str, folder: Path, settings: Mapping[str, str] | None = None) -> AsyncIterator[int]:
    """The port of an API in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    own = {"TREADLE_PORT": str(port), "TREADLE_ADMIN_TOKEN": TOKEN}
    process = service("api", folder, engine, {**own, **(settings or {})})
    async with stopped(process):
        await until(lambda: _answers(port), process)
        yield port


DOORS: Final[Mapping[str, Callable[[str, Path], AbstractAsyncContextManager[Door]]]] = {
    "engine": over_engine,
    "client": over_client,
    "http": over_http,
}


def request(path: str, body: bytes | None = None, accept: str = "application/json") -> bytes:
    """A call as it is sent: it posts a body, or reads where there is none."""
    head = (
        f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Accept: {accept}\r\n"
    )
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + (body or b"")


class Connection:
    """One connection with next to nothing in between: what is measured is the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __call__(self, call: bytes) -> bytes:
        """The body of an answer to a `request`, which says 200, 201 or 202."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(call)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length is not None
        body = await reader.readexactly(int(length[1]))
        assert head.startswith(b"HTTP/1.1 20"), body
        return body


class Caller:
    """Makes the same call again and again over a connection of its own."""

    def __init__(self, port: int, path: str, body: bytes | None = None) -> None:
        self._connection = Connection(port)
        self._request = request(path, body)

    async def __call__(self) -> bytes:
        """The body of an answer that says 200, 201 or 202."""
        return await self._connection(self._request)


class _Submitter:
    def __init__(self, post: Caller) -> None:
        self._post = post

    async def __call__(self) -> str:
        return str(msgspec.json.decode(await self._post())["run_id"])


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def _settings(engine: str, folder: Path) -> Settings:
    return Settings(data=str(folder), database_url=engine_url(engine, folder))
