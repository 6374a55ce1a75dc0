"""Reading server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True)
class Message:
    """One event of a stream; a comment has the event `:`."""

    event: str
    id: int | None
    data: Any


@asynccontextmanager
async def stream(
    client: httpx2.AsyncClient, path: str, *, last: int | None = None, **params: str | int
) -> AsyncIterator[AsyncIterator[Message]]:
    """The messages of a stream, as long as the block runs."""
    headers = {"Accept": "text/event-stream", **({} if last is None else {"Last-Event-ID": str(last)})}
    async with client.stream("GET", path, params=params, headers=headers) as response:
        assert response.status_code == 200, (await response.aread()).decode()
        async with aclosing(read_messages(response)) as messages:
            yield messages


async def take(messages: AsyncIterator[Message], count: int) -> list[Message]:
    """The next messages."""
    return [await anext(messages) for _ in range(count)]


def parse(text: str) -> list[Message]:
    """The whole messages in a text."""
    *blocks, _ = text.split("\n\n")
    return [message for block in blocks if (message := _parse(block)) is not None]


async def read_messages(response: httpx2.Response) -> AsyncGenerator[Message]:
    block: list[str] = []
    async for line in response.aiter_lines():
        if line:
            block.append(line)
            continue
        if (message := _parse("\n".join(block))) is not None:
            yield message
        block = []


def _parse(block: str) -> Message | None:
    lines = block.splitlines()
    comments = [line[1:].strip() for line in lines if line.startswith(":")]
    fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
    id_ = int(fields["id"]) if "id" in fields else None
    if comments:
        return Message(":", id_, comments[0])
    if "event" not in fields:
        return None  # how long to wait before coming back, and with which id
    return Message(fields["event"], id_, json.loads(fields["data"]))
