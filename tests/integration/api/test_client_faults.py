"""What clients make of a bad network and of a busy server: nothing is done twice, and nothing is left out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from tests.integration.api.server import Hands, Server
from tests.support.fault_proxy import Cut, FaultProxy, fault_proxy
from treadle import AsyncClient, EventsLost
from treadle.domain.errors import Moved, StaleVersion, StorageFull, TooMany, Unavailable

Work = Callable[[AsyncClient], Awaitable[Any]]

SUBMITS: Final[dict[str, tuple[Work, int]]] = {
    "one": (lambda client: client.enqueue("report"), 1),
    "many": (lambda client: client.enqueue_many("report", [{"a": 1}, {"a": 2}]), 2),
    "a group": (lambda client: client.enqueue_group("report", [{}, {}], then="report"), 3),
    "by its noun": (lambda client: client.runs.run_job("report"), 1),
}


@asynccontextmanager
async def through_proxy(server: Server) -> AsyncIterator[tuple[AsyncClient, FaultProxy]]:
    async with (
        fault_proxy(server.listening.url) as (proxy, url),
        AsyncClient(url, token=server.listening.token.value) as client,
    ):
        yield client, proxy


@pytest.mark.parametrize("delivered", [True, False], ids=["the answer was lost", "the call was lost"])
@pytest.mark.parametrize("what", SUBMITS)
async def test_a_submit_that_was_cut_off_is_made_once(server: Server, what: str, *, delivered: bool) -> None:
    submit, count = SUBMITS[what]
    await server.create_job()
    async with through_proxy(server) as (client, proxy):
        cut = proxy.cut = Cut(1, delivered=delivered)
        await submit(client)
        assert cut.done.is_set()
        assert len([run async for run in client.runs.list()]) == count


async def test_what_would_be_done_twice_is_not_made_again(server: Server) -> None:
    async with through_proxy(server) as (client, proxy):
        message_id = await client.put_message("mail", None)
        proxy.cut = Cut(1, delivered=True)
        with pytest.raises(Unavailable, match="no answer from http"):
            await client.messages.discard(message_id)
        assert [message async for message in client.messages.list()] == []


async def test_what_comes_to_the_same_is_made_again(server: Server) -> None:
    async with through_proxy(server) as (client, proxy):
        for work in (client.queues.pause, client.queues.get, client.queues.resume):
            cut = proxy.cut = Cut(1, delivered=True)
            assert (await work("default")).name == "default"
            assert cut.done.is_set()


async def test_a_state_that_was_read_is_what_is_changed(server: Server) -> None:
    async with through_proxy(server) as (client, _):
        assert (await client.queues.set("default", {"runs": 7, "window_sec": 1})).rate is not None
        read = await client.queues.get.answer("default")
        assert read.value.name == "default"
        await client.queues.set("default", {"runs": 5, "window_sec": 1}, if_match=read.etag)
        with pytest.raises(StaleVersion):
            await client.queues.set("default", None, if_match=read.etag)


async def test_what_never_reached_a_server_is_made_again_whatever_it_is(server: Server) -> None:
    """The first tries find nobody at the address; then a server listens there."""
    put = await server.client.post("/messages", json={"type": "mail", "payload": None})
    message_id = put.json()["items"][0]["message_id"]
    async with fault_proxy(server.listening.url) as (_, url):
        port = int(url.rpartition(":")[2])
    async with AsyncClient(url, token=server.listening.token.value, retries=20) as client:
        discarding = asyncio.create_task(client.messages.discard(message_id))
        proxy = FaultProxy("127.0.0.1", int(server.listening.url.rpartition(":")[2]))
        await asyncio.wait([discarding], timeout=0.05)  # let it try; were it too slow for that, less is tested
        async with await asyncio.start_server(proxy.serve, "127.0.0.1", port):
            await discarding
        assert (await server.client.get(f"/messages/{message_id}")).status_code == 404


async def test_a_stream_goes_on_where_it_broke_off(server: Server) -> None:
    total = 60
    async with through_proxy(server) as (client, proxy):
        seen = []
        writing = asyncio.create_task(publish(server, total))
        async for event in client.events.follow(topics=["user"], after=0):
            seen.append(event.data["n"])
            if len(seen) % 10 == 0:
                proxy.reset()
            if len(seen) == total:
                break
        await writing
    assert seen == list(range(total))


async def publish(server: Server, total: int) -> None:
    for n in range(total):
        answer = await server.client.post("/events", json={"name": "step", "data": {"n": n}})
        assert answer.status_code == 201, answer.text


async def test_the_log_of_a_run_is_followed_to_its_end_over_broken_connections(server: Server) -> None:
    await server.create_job()
    hands = Hands(server.engine)
    await hands.register()
    run_id = (await server.submit())["run_id"]
    (claim,) = await hands.claim()
    await hands.say(claim, "one", "two")
    said = []
    async with through_proxy(server) as (client, proxy):
        async for line in client.logs.follow(run_id):
            said.append(line.message)
            if line.message == "two":
                proxy.reset()
                await hands.say(claim, "three")
                await hands.settle(claim)
        assert (await client.wait(run_id)).state == "completed"
    assert said == ["one", "two", "three"]


async def test_events_that_are_no_longer_kept_are_missed_aloud(server: Server) -> None:
    await publish(server, 10)
    await server.engine.events.prune(server.engine.now() + 1, 5)
    oldest = (await server.engine.events.read("default", after=0, limit=1))[0].seq
    async with through_proxy(server) as (client, _):
        with pytest.raises(EventsLost) as lost:
            await anext(client.events.follow(after=1))
        assert (await anext(client.events.follow(after=lost.value.after))).seq == oldest


@asynccontextmanager
async def scripted(*answers: str) -> AsyncIterator[tuple[AsyncClient, list[bytes]]]:
    """A client of a server that gives these answers, one after the other, and the last one from then on."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head)
        writer.write(answers[min(len(asked), len(answers)) - 1].encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        async with AsyncClient(f"http://127.0.0.1:{port}", token="0" * 20, retries=2) as client:
            yield client, asked


def refusal(status: int, code: str, *headers: str) -> str:
    body = f'{{"detail": "no", "code": "{code}"}}'
    lines = [f"HTTP/1.1 {status} No", "Content-Type: application/problem+json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", body])


BUSY: Final = refusal(503, "unavailable", "Retry-After: 0")
FINE: Final = 'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'


async def test_a_busy_server_is_asked_again() -> None:
    async with scripted(BUSY, refusal(429, "too_many_requests", "Retry-After: 0"), FINE) as (client, asked):
        assert (await client.health.get()).status == "ok"
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("answer", "error", "tries"),
    [
        (refusal(429, "too_many_requests", "Retry-After: 60"), TooMany, 1),
        (refusal(503, "moved", "Retry-After: 1"), Moved, 1),
        (refusal(503, "storage_full", "Retry-After: 0"), StorageFull, 3),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Unavailable, 1),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", Unavailable, 3),
    ],
)
async def test_a_server_that_will_not_is_asked_no_more(answer: str, error: type[Exception], tries: int) -> None:
    async with scripted(answer) as (client, asked):
        with pytest.raises(error):
            await client.jobs.get("a")
    assert len(asked) == tries


async def test_a_key_is_the_same_at_each_try() -> None:
    async with scripted(BUSY) as (client, asked):
        with pytest.raises(Unavailable):
            await client.enqueue("report")
    keys = {line for head in asked for line in head.lower().split(b"\r\n") if line.startswith(b"idempotency-key: ")}
    assert (len(asked), len(keys)) == (3, 1)
