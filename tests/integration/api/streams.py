"""Reading server-sent events."""

from __future__ import annotations

import asyncio
import json
import select
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2


@dataclass(frozen=True)
class Message:
    """One event of a stream. A comment has the event `:`; what tells only with which id to come back has none."""

    event: str
    id: int | None
    data: Any


@asynccontextmanager
async def stream(
    client: httpx2.AsyncClient, path: str, *, last: int | None = None, **params: str | int
) -> AsyncIterator[AsyncIterator[Message]]:
    """The messages of a stream beyond its opening, as long as the block runs."""
    headers = {"Accept": "text/event-stream", **({} if last is None else {"Last-Event-ID": str(last)})}
    async with client.stream("GET", path, params=params or None, headers=headers) as response:
        assert response.status_code == 200, (await response.aread()).decode()
        async with aclosing(read_messages(response)) as messages:
            opening = await anext(messages)
            assert opening == Message("", opening.id, None)
            yield messages


async def take(messages: AsyncIterator[Message], count: int) -> list[Message]:
    """The next messages."""
    return [await anext(messages) for _ in range(count)]


async def read_on(client: httpx2.AsyncClient, path: str, last: int | None, count: int) -> list[Message]:
    """The first messages that a connection tells, its opening among them, which is then cut whatever is on its way."""
    headers = {"Accept": "text/event-stream", **({} if last is None else {"Last-Event-ID": str(last)})}
    async with client.stream("GET", path, headers=headers) as response, aclosing(read_messages(response)) as messages:
        return await take(messages, count)


def parse(text: str) -> list[Message]:
    """The whole messages in a text."""
    *blocks, _ = text.split("\n\n")
    return list(map(_parse, blocks))


async def read_messages(response: httpx2.Response) -> AsyncGenerator[Message]:
    block: list[str] = []
    async for line in response.aiter_lines():
        if line:
            block.append(line)
            continue
        yield _parse("\n".join(block))
        block = []


def _parse(block: str) -> Message:
    lines = block.splitlines()
    comments = [line[1:].strip() for line in lines if line.startswith(":")]
    fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
    id_ = int(fields["id"]) if "id" in fields else None
    if comments:
        return Message(":", id_, comments[0])
    return Message(fields.get("event", ""), id_, json.loads(fields.get("data", "null")))


async def stalled(url: str, secret: str) -> socket.socket:
    """A connection on which all events were asked for and the answer has begun, and nothing is read."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname or "", address.port or 0))
    connection.setblocking(False)
    request = (
        f"GET /events?after=0 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {secret}\r\nConnection: close\r\n\r\n"
    )
    await asyncio.get_running_loop().sock_sendall(connection, request.encode())
    await asyncio.to_thread(select.select, [connection], [], [])
    return connection


async def read_all(connection: socket.socket) -> str:
    """The body of what comes until the other side closes, without what the transfer encoding puts between."""
    loop = asyncio.get_running_loop()
    chunks = []
    while chunk := await loop.sock_recv(connection, 1 << 20):
        chunks.append(chunk)
    connection.close()
    body = b"".join(chunks).partition(b"\r\n\r\n")[2]
    whole = b""
    while body:
        length, _, body = body.partition(b"\r\n")
        size = int(length, 16)
        whole, body = whole + body[:size], body[size + 2 :]
    return whole.decode()
