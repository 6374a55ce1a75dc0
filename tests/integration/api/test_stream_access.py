"""A stream lasts as long as what let it in, shows its own domain alone, and is one of a bounded number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.integration.api.server import Hands, Server, serving
from tests.integration.api.streams import Message, parse, read_all, stalled, stream, take
from tests.integration.api.test_identity import PASSWORD, caller, make_token, make_user
from treadle.api.auth import CSRF_HEADER
from treadle.api.sse import StreamLimits
from treadle.domain.events import NewEvent
from treadle.domain.json import encode

PATIENCE = 20
"""Seconds in which a stream must have ended that should within a fraction of one."""


@pytest.fixture
async def watchful(tmp_path: Path) -> AsyncIterator[Server]:
    """A server that looks at credentials again all the time."""
    async with serving(tmp_path, StreamLimits(recheck_sec=0.1)) as server:
        yield server


async def end_of(messages: AsyncIterator[Message]) -> Message:
    """The last message of a stream that is to end."""
    async with asyncio.timeout(PATIENCE):
        return [message async for message in messages][-1]


async def ended_by(server: Server, secret: str, end: Callable[[], Awaitable[Any]]) -> list[Message]:
    """The last words of a stream of events and of one of a log that a token opened, once `end` has come to pass."""
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    async with (
        caller(server, secret) as client,
        stream(client, "/events", after=0) as events,
        stream(client, f"/runs/{run_id}/logs", follow=1) as logs,
    ):
        await take(events, 1)
        await end()
        return [await end_of(events), await end_of(logs)]


async def test_streams_end_with_the_token_that_was_revoked(watchful: Server) -> None:
    made = await make_token(watchful)
    path = f"/tokens/{made['token']['token_id']}"
    last = await ended_by(watchful, made["secret"], lambda: watchful.client.delete(path))
    assert [(message.event, message.data["code"]) for message in last] == [("error", "unauthorized")] * 2


async def test_a_stream_that_ends_in_the_middle_of_an_event_leaves_it_to_the_next(watchful: Server) -> None:
    made = await make_token(watchful)
    count, data = 40, encode({"x": "x" * 200_000})  # more than the connection holds
    await watchful.engine.events.append(
        [NewEvent(domain="default", type="user.noise", subject=f"s{n}", at=n, data=data) for n in range(count)]
    )
    reader = await stalled(watchful.listening.url, made["secret"])
    ended = watchful.services.access.by_token
    refused = asyncio.Event()

    async def told(text: str) -> Any:
        principal = await ended(text)
        if principal is None:
            refused.set()
        return principal

    watchful.services.access.by_token = told  # type: ignore[method-assign]
    await watchful.client.delete(f"/tokens/{made['token']['token_id']}")
    await refused.wait()
    got = [message for message in parse(await read_all(reader)) if message.event == "user.noise"]
    assert 0 < len(got) < count
    async with stream(watchful.client, "/events", last=got[-1].id) as messages:
        got += await take(messages, count - len(got))
    assert [message.id for message in got] == list(range(1, count + 1))
    assert [encode(message.data["data"]) for message in got] == [data] * count


async def test_streams_end_when_their_token_expires(watchful: Server) -> None:
    made = await make_token(watchful, expires_in_days=1)
    access = watchful.engine.access

    async def expire() -> None:
        token = await access.get(made["token"]["token_id"])
        assert token is not None
        await access.replace(structs.replace(token, expires_at=watchful.engine.now()))

    last = await ended_by(watchful, made["secret"], expire)
    assert [(message.event, message.data["code"]) for message in last] == [("error", "unauthorized")] * 2


async def test_a_stream_ends_when_its_user_logs_out(watchful: Server) -> None:
    await make_user(watchful)
    async with caller(watchful) as browser:
        session = (await browser.post("/session", json={"name": "ana", "password": PASSWORD})).json()
        async with stream(browser, "/events") as messages:
            await browser.delete("/session", headers={CSRF_HEADER: session["csrf_token"]})
            last = await end_of(messages)
    assert (last.event, last.data["code"]) == ("error", "unauthorized")


async def test_a_stream_ends_when_its_user_is_removed(watchful: Server) -> None:
    user = await make_user(watchful)
    async with caller(watchful) as browser:
        await browser.post("/session", json={"name": "ana", "password": PASSWORD})
        async with stream(browser, "/events") as messages:
            await watchful.client.delete(f"/users/{user['user_id']}")
            last = await end_of(messages)
    assert (last.event, last.data["code"]) == ("error", "unauthorized")


async def test_a_stream_ends_when_what_its_caller_may_do_has_changed(watchful: Server) -> None:
    made = await make_token(watchful, scopes=["write"])
    access = watchful.engine.access

    async def bind() -> None:
        token = await access.get(made["token"]["token_id"])
        assert token is not None
        await access.replace(structs.replace(token, domain="theirs"))

    last = await ended_by(watchful, made["secret"], bind)
    assert [(message.event, message.data["code"]) for message in last] == [("error", "forbidden")] * 2


async def test_streams_of_a_domain_end_when_it_is_disabled(watchful: Server) -> None:
    secret = (await make_token(watchful, domain="default", scopes=["read"]))["secret"]
    last = await ended_by(watchful, secret, lambda: watchful.client.post("/domains/default/disable"))
    assert [(message.event, message.data["code"]) for message in last] == [("error", "forbidden")] * 2


async def test_a_stream_whose_token_holds_goes_on(watchful: Server) -> None:
    made = await make_token(watchful)
    checked = 0
    often = asyncio.Event()
    by_token = watchful.services.access.by_token

    async def counted(text: str) -> Any:
        nonlocal checked
        checked += 1
        if checked == 4:  # once to open it
            often.set()
        return await by_token(text)

    watchful.services.access.by_token = counted  # type: ignore[method-assign]
    async with caller(watchful, made["secret"]) as client, stream(client, "/events") as messages:
        await often.wait()
        await watchful.create_job()
        assert (await take(messages, 1))[0].event == "job.created"


async def test_streams_of_two_domains_show_nothing_of_each_other(server: Server) -> None:
    domains = ("team-a", "team-b")
    secrets = {domain: (await make_token(server, domain=domain, scopes=["write"]))["secret"] for domain in domains}
    async with AsyncExitStack() as stack:
        clients = {d: await stack.enter_async_context(caller(server, secrets[d])) for d in domains}
        begun = {d: await stack.enter_async_context(stream(clients[d], "/events", after=0)) for d in domains}
        live = {d: await stack.enter_async_context(stream(clients[d], "/events")) for d in domains}
        for domain in domains:
            await clients[domain].post("/jobs", json={"job_id": f"of-{domain}", "type": "report.daily"})
        runs = {d: (await clients[d].post(f"/jobs/of-{d}/run")).json()["run_id"] for d in domains}
        for number in range(20):  # in turns, so that they lie between each other
            await server.engine.events.append(
                [NewEvent(domain=domain, type="user.noise", subject=domain, at=number) for domain in domains]
            )
        for domain in domains:
            for messages in (begun[domain], live[domain]):
                told = await take(messages, 22)
                assert {message.data["job_id"] or message.data["subject"] for message in told} == {
                    f"of-{domain}",
                    domain,
                }
                assert other(domain) not in str(told)
            assert other(domain) not in (await clients[domain].get("/events")).text
        for domain in domains:
            foreign = runs[other(domain)]
            for asked in ({"Accept": "text/event-stream"}, {}):
                answer = await clients[domain].get(f"/runs/{foreign}/logs", params={"follow": 1}, headers=asked)
                nobodys = await clients[domain].get("/runs/run_none/logs", params={"follow": 1}, headers=asked)
                assert answer.status_code == nobodys.status_code == 404
                assert answer.json()["detail"].replace(foreign, "") == nobodys.json()["detail"].replace("run_none", "")
            filtered = await clients[domain].get("/events", params={"run": foreign})
            assert filtered.json()["items"] == []
            refused = await clients[domain].get("/events", headers={"Treadle-Domain": other(domain)})
            assert refused.status_code == 403


async def test_the_log_of_a_run_goes_to_followers_of_its_domain_alone(server: Server) -> None:
    secret = (await make_token(server, domain="theirs"))["secret"]
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    (claim,) = await hands.claim()
    async with (
        caller(server, secret) as stranger,
        stream(server.client, f"/runs/{run_id}/logs", follow=1) as logs,
        stream(stranger, "/events", after=0) as events,
    ):
        await hands.say(claim, "for us")
        assert (await take(logs, 1))[0].data["message"] == "for us"
        await hands.settle(claim)
        assert [message.event async for message in logs] == ["end"]
        own = NewEvent(domain="theirs", type="user.noise", subject="theirs", at=1)
        await server.engine.events.append([own])
        assert (await take(events, 1))[0].data["subject"] == "theirs"  # the first that it is told at all


def other(domain: str) -> str:
    return "team-b" if domain == "team-a" else "team-a"


async def test_no_more_streams_are_opened_than_a_caller_may_have(tmp_path: Path) -> None:
    async with serving(tmp_path, max_streams_per_caller=2, max_streams=3) as server:
        one, another = [(await make_token(server, name=name))["secret"] for name in ("one", "another")]
        await server.create_job()
        run_id = (await server.submit())["run_id"]
        async with AsyncExitStack() as stack:
            mine = await stack.enter_async_context(caller(server, one))
            first = AsyncExitStack()
            await first.enter_async_context(stream(mine, "/events"))
            await stack.enter_async_context(stream(mine, f"/runs/{run_id}/logs", follow=1))
            await refused(mine, "/events", "token:one has 2 streams open")
            await refused(mine, f"/runs/{run_id}/logs?follow=1", "token:one has 2 streams open")
            assert (await mine.get("/events")).status_code == 200  # pages are no streams
            theirs = await stack.enter_async_context(caller(server, another))
            await stack.enter_async_context(stream(theirs, "/events"))
            await refused(theirs, "/events", "this server has 3 streams open")
            await first.aclose()
            async with asyncio.timeout(PATIENCE):  # the seat is free again, once the server has noticed
                while (await status(mine, "/events")) == 429:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)


async def refused(client: Any, path: str, because: str) -> None:
    answer = await client.get(path, headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert int(answer.headers["retry-after"]) > 0
    assert because in answer.json()["detail"]


async def status(client: Any, path: str) -> int:
    async with client.stream("GET", path, headers={"Accept": "text/event-stream"}) as answer:
        return int(answer.status_code)
