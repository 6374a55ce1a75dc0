"""Nothing of a stream is lost or told twice: over cut connections, and while the engine is away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.api.server import Hands, serving
from tests.integration.api.streams import Message, read_on, stream, take
from tests.support.postgres import server as postgres_server
from treadle.domain.errors import Unavailable
from treadle.domain.events import Event, NewEvent
from treadle.engines.contract import Engine

RECONNECTS = 100


def noise(count: int, domain: str = "default") -> list[NewEvent]:
    return [NewEvent(domain=domain, type="user.noise", subject=f"s{n}", at=n) for n in range(count)]


@asynccontextmanager
async def meanwhile(*writers: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Each of them again and again, until the block ends."""

    async def repeat(write: Callable[[], Awaitable[object]]) -> None:
        while not over:
            await write()
            await asyncio.sleep(0.005)

    over = False
    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(repeat(writer))
        yield
        over = True


async def log(engine: Engine, after: int) -> list[Event]:
    """All events of the domain beyond a position."""
    found: list[Event] = []
    while page := await engine.events.read("default", after=found[-1].seq if found else after, limit=1_000):
        found += page
    return found


async def test_over_a_hundred_reconnects_at_any_moment_a_reader_is_told_the_log_exactly(
    tmp_path: Path, any_url: str
) -> None:
    rng = random.Random(6)
    async with serving(tmp_path, database_url=any_url) as server:
        await server.engine.events.append(noise(50))  # before it comes
        await server.create_job()
        writers: list[Callable[[], Awaitable[object]]] = [
            lambda: server.engine.events.append(noise(rng.randint(1, 40))),
            lambda: server.engine.events.append(noise(3, "theirs")),
            server.submit,
        ]
        told: list[Message] = []
        begin = last = None
        async with meanwhile(*writers):
            for _ in range(RECONNECTS):
                if messages := await read_on(server.client, "/events", last, rng.choice((0, 1, 2, 7, 40))):
                    begin = messages[0].id if begin is None else begin
                    told += messages[1:]
                    last = messages[-1].id
        assert begin is not None
        expected = await log(server.engine, begin)
        async with stream(server.client, "/events", last=last) as rest:
            told += await take(rest, len(expected) - len(told))
    assert [(message.id, message.event, message.data["subject"]) for message in told] == [
        (event.seq, event.type, event.subject) for event in expected
    ]


async def test_over_reconnects_at_any_moment_a_reader_is_told_a_runs_log_exactly(tmp_path: Path, any_url: str) -> None:
    rng = random.Random(6)
    async with serving(tmp_path, database_url=any_url) as server:
        await server.create_job()
        path = f"/runs/{(await server.submit())['run_id']}/logs?follow=1"
        hands = Hands(server.engine)
        await hands.register()
        (claim,) = await hands.claim()
        said: list[str] = []

        async def speak() -> None:
            lines = [f"line {len(said) + n}" for n in range(rng.randint(1, 20))]
            said.extend(lines)
            await hands.say(claim, *lines)

        told: list[Message] = []
        async with meanwhile(speak):
            for _ in range(RECONNECTS // 4):
                last = told[-1].id if told else None
                told += (await read_on(server.client, path, last, rng.choice((0, 1, 2, 7, 30))))[1:]
        await hands.settle(claim)
        async with stream(server.client, path, last=told[-1].id) as rest:
            told += [message async for message in rest]
    assert told.pop().event == "end"
    assert [message.data["message"] for message in told] == said


@pytest.mark.slow
async def test_streams_go_on_without_loss_after_the_database_was_away(tmp_path: Path) -> None:
    with postgres_server(durable=True) as database:
        async with serving(tmp_path, database_url=database.url) as server:
            await server.create_job()
            run_id = (await server.submit())["run_id"]
            hands = Hands(server.engine)
            await hands.register()
            (claim,) = await hands.claim()
            begin = (await server.engine.events.bounds())[1]
            async with (
                stream(server.client, "/events", after=begin) as events,
                stream(server.client, f"/runs/{run_id}/logs", follow=1) as logs,
            ):
                await server.engine.events.append(noise(5))
                await hands.say(claim, "before")
                told, said = await take(events, 5), await take(logs, 1)
                await asyncio.to_thread(database.restart)
                await insist(lambda: server.engine.events.append(noise(5)))
                await insist(lambda: hands.say(claim, "after"))
                await hands.settle(claim)
                told += await take(events, 6)
                said += [message async for message in logs]
            expected = await log(server.engine, begin)
    assert [message.id for message in told] == [event.seq for event in expected]
    assert told[-1].event == "run.completed"
    assert [message.data.get("message") for message in said] == ["before", "after", None]


async def insist(call: Callable[[], Awaitable[None]]) -> None:
    """Call until it is taken."""
    while True:
        try:
            return await call()
        except Unavailable:
            await asyncio.sleep(0.1)
