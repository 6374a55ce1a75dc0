"""Two domains see nothing of each other by any operation of the OpenAPI document, and change nothing of each other.

What is asked comes from the document: see `filling`, where a new operation is told what it names.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from tests.integration.api import contract
from tests.integration.api.filling import Ask, asks, streams
from tests.integration.api.rows import rows_of
from tests.integration.api.server import Hands, Server, serving
from tests.integration.api.world import KEY, World, administrator, empty, world

pytestmark = pytest.mark.timeout(600)  # some two thousand requests


@pytest.fixture
async def shared(tmp_path: Path, any_url: str) -> AsyncIterator[Server]:
    async with serving(tmp_path, database_url=any_url) as server:
        yield server


async def test_a_domain_sees_nothing_of_another_and_nothing_changes_when_another_comes(shared: Server) -> None:
    await Hands(shared.engine, "wkr_both").register(domains=("alpha", "bravo"))
    async with world(shared, "alpha") as alpha:
        before = await alpha.read_all()
        async with world(shared, "bravo") as bravo:
            theirs = await bravo.read_all()
            assert_whole(theirs, bravo)
            after = await alpha.read_all()
            assert not bravo.traces_in(str(after))
            assert not alpha.traces_in(str(theirs))
            assert after == before
            kept = await rows_of(shared, bravo)
            await no_change_of_things_of_the_same_name_reaches_the_other(alpha, bravo)
            await no_request_tells_anything(alpha, bravo)
            await no_header_leads_there(alpha, bravo)
            assert await bravo.read_all() == theirs
            assert await rows_of(shared, bravo) == kept


async def test_a_worker_of_several_domains_is_stopped_by_nobody_who_is_bound_to_one(server: Server) -> None:
    await Hands(server.engine, "wkr_both").register(domains=("alpha", "bravo"))
    async with administrator(server, "alpha") as alpha:
        found = (await alpha.get("/workers/wkr_both")).json()
        assert (found["domains"], found["status"]) == (["alpha"], "online")
        for verb in ("drain", "disable", "enable"):
            assert (await alpha.post(f"/workers/wkr_both/{verb}")).status_code == 403
        headers = {"Treadle-Domain": "alpha"}
        found = (await server.client.get("/workers/wkr_both", headers=headers)).json()
        assert (found["domains"], found["status"]) == (["alpha", "bravo"], "online")
        disabled = await server.client.post("/workers/wkr_both/disable", headers=headers)
        assert disabled.json()["status"] == "disabled"


async def test_a_stream_tells_nothing_of_what_happens_in_another(shared: Server) -> None:
    """The other domain comes about while every stream is open, and what the streams wait for happens after it."""
    async with world(shared, "alpha") as alpha, AsyncExitStack() as stack:
        own = {**alpha.things, "run": (alpha.live.id,)}
        asked = [ask for ask in asks(own) if streams(ask.operation) and not ask.params]
        told = [await stack.enter_async_context(opened(alpha, ask)) for ask in asked]
        assert {ask.operation for ask in asked} >= {"read_events", "read_run_logs"}
        bravo = await stack.enter_async_context(world(shared, "bravo"))
        await alpha.post("/events", {"name": "alpha-last", "data": {}})
        await alpha.hands.say(alpha.live, "alpha-last")
        for ask, lines in zip(asked, told, strict=True):
            text = await until_last(lines)
            assert not bravo.traces_in(text), ask


@asynccontextmanager
async def opened(there: World, ask: Ask) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream, from the beginning."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": "0"}
    params = {**ask.params, **({"follow": "1"} if ask.operation == "read_run_logs" else {})}
    async with there.client.stream(ask.method, ask.path, params=params, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream"), ask
        yield response.aiter_lines()


async def until_last(lines: AsyncIterator[str]) -> str:
    read = []
    async with asyncio.timeout(30):
        async for line in lines:
            read.append(line)
            if "alpha-last" in line:
                break
    return "\n".join(read)


def assert_whole(read: dict[str, tuple[int, object]], there: World) -> None:
    """Without something of every kind nothing would be proved."""
    told: dict[str, bool] = {}
    for ask, (status, answer) in read.items():
        operation = ask.partition(":")[0]
        told[operation] = told.get(operation, False) or (status == 200 and not empty(answer))
    bare = [operation for operation, anything in told.items() if not anything]
    assert not bare, f"world.py has nothing that these would tell: {bare}"
    assert there.traces_in(str(read))


async def no_request_tells_anything(alpha: World, bravo: World) -> None:
    """What names things of the other domain is answered as what names things that never were."""
    said = set[str]()  # it may make things of its own by these names, and is told of them
    for ask, ghost in zip(asks(bravo.own, key=KEY), asks(bravo.ghosts, key=KEY), strict=True):
        said |= bravo.traces_in(str(ask))
        answer, of_nobody = await ask.send(alpha.client), await ghost.send(alpha.client)
        assert answer.status_code == of_nobody.status_code, (ask, answer.text, of_nobody.text)
        assert answer.status_code < 500, (ask, answer.text)
        assert bravo.traces_in(told(of_nobody)) <= said, ask
        if answer.is_success:
            assert bravo.traces_in(told(answer)) <= said, ask
        else:
            assert bravo.ghost(told(answer)) == told(of_nobody), ask


async def no_change_of_things_of_the_same_name_reaches_the_other(alpha: World, bravo: World) -> None:
    of_names = {kind for kind, ids in alpha.shared.items() if ids}
    done, named = set(), set()
    for ask in asks(alpha.things, key=KEY):
        answer = await ask.send(alpha.client)
        assert answer.status_code < 500, (ask, answer.text)
        assert not bravo.traces_in(told(answer)), ask
        named |= {ask.operation} if ask.names & of_names else set()
        done |= {ask.operation} if answer.is_success else set()
    assert named - done == set(), "these were never carried out, so nothing is proved of them"


async def no_header_leads_there(alpha: World, bravo: World) -> None:
    for ask in {ask.operation: ask for ask in asks(bravo.own)}.values():
        if "treadle-domain" in str(contract.by_id(ask.operation)):
            answer = await ask.send(alpha.client, **{"Treadle-Domain": "bravo"})
            of_nobody = await ask.send(alpha.client, **{"Treadle-Domain": "nobody"})
            assert answer.status_code == 403, (ask, answer.text)
            assert bravo.ghost(told(answer)) == told(of_nobody), ask


def told(answer: httpx2.Response) -> str:
    """All that an answer says, but for the id of its trace, and which of the caller's own things is spelt alike."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("content-length", "date")}
    said = f"{answer.text} {headers}".replace(answer.headers["x-trace-id"], "")
    own = r' \(did you mean \\"alpha-[^)]*\)'
    return re.sub(own, "", said)
