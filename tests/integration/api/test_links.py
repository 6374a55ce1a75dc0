"""Links of `treadle up` and `treadle console`: into the console once, soon, and from here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.integration.api.server import Server, serving
from treadle.api.app import create_app
from treadle.api.attempts import OF_ALL
from treadle.api.auth import CSRF_HEADER
from treadle.domain.access import ADMIN
from treadle.domain.instants import HOUR, from_datetime
from treadle.services import access
from treadle.settings import Settings

FIRST: Final = "3kq9-Vd7w-Zr2m-Tx8p"
SECOND: Final = "8pTx-Zr2m-Vd7w-3kq9"


@asynccontextmanager
async def browser(server: Server, client: str = "127.0.0.1") -> AsyncIterator[httpx2.AsyncClient]:
    """A browser of nobody's at an address."""
    app = create_app(server.services, server.listening.token, asyncio.Event())
    transport = httpx2.ASGITransport(app, client=(client, 5))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as opened:
        yield opened


async def code_for(server: Server) -> dict[str, str]:
    return {"code": (await server.services.access.make_link(ADMIN)).secret}


async def test_a_link_logs_in_once_and_never_again(server: Server) -> None:
    code = await code_for(server)
    async with browser(server) as one, browser(server) as other:
        answers = await asyncio.gather(*(each.post("/session", json=code) for each in (one, other, one, other)))
        assert sorted(each.status_code for each in answers) == [201, 401, 401, 401]
        opened = next(each for each in answers if each.status_code == 201).json()
        assert (opened["name"], opened["scopes"], opened["domain"]) == ("admin", ["admin"], None)
        refused = await one.post("/session", json=code)
        assert (refused.status_code, "followed before" in refused.json()["detail"]) == (401, True)


async def test_a_link_that_has_expired_opens_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LINK_LENGTH", 0)
    async with browser(server) as late:
        assert (await late.post("/session", json=await code_for(server))).status_code == 401
        assert (await late.get("/session")).status_code == 401


async def test_a_link_opens_nothing_from_another_machine(server: Server) -> None:
    code = await code_for(server)
    async with browser(server, "192.168.1.7") as elsewhere:
        refused = await elsewhere.post("/session", json=code)
        assert (refused.status_code, "own machine" in refused.json()["detail"]) == (401, True)
    async with browser(server) as here:
        assert (await here.post("/session", json=code)).status_code == 201


async def test_a_link_is_made_on_the_servers_own_machine_with_its_own_token_alone(server: Server) -> None:
    bearer = {"Authorization": f"Bearer {server.listening.token.local}"}
    given = (await server.client.post("/tokens", json={"name": "ci", "scopes": ["admin"]})).json()["secret"]
    async with browser(server) as here, browser(server, "192.168.1.7") as elsewhere:
        assert (await here.post("/session/link", headers={"Authorization": f"Bearer {given}"})).status_code == 403
        assert (await here.post("/session/link")).status_code == 401
        chosen = {"Authorization": f"Bearer {server.listening.token.value}"}
        assert (await elsewhere.post("/session/link", headers=chosen)).status_code in (401, 403)
        made = await here.post("/session/link", headers=bearer)
        opened = await here.post("/session", json={"code": made.json()["secret"]})
        assert (made.status_code, opened.status_code, opened.json()["name"]) == (201, 201, "admin")
        csrf = {CSRF_HEADER: opened.json()["csrf_token"]}
        assert (await here.post("/session/link", headers=csrf)).status_code == 403
    told = (await server.client.get("/audit-events", params={"action": "create_link"})).json()["items"]
    assert [entry["after"]["secret"] for entry in told] == ["[redacted]"]


async def test_nothing_but_a_code_alone_is_taken_for_one(server: Server) -> None:
    token = (await server.client.post("/tokens", json={"name": "ci"})).json()["secret"]
    code = (await code_for(server))["code"]
    tried = [({"code": token}, 401), ({"code": code.partition(".")[0]}, 401), ({"code": code, "name": "ana"}, 422)]
    async with browser(server) as stranger:
        for body, status in tried:
            assert (await stranger.post("/session", json=body)).status_code == status
        assert (await stranger.get("/jobs", headers={"Authorization": f"Bearer {code}"})).status_code == 401


async def test_codes_cannot_be_tried_at_will(server: Server) -> None:
    code = await code_for(server)
    async with browser(server) as stranger:
        tried = [(await stranger.post("/session", json={"code": f"lnk_{n}.guess"})).status_code for n in range(60)]
        assert tried == [401] * OF_ALL + [429] * (60 - OF_ALL)
        assert (await stranger.post("/session", json=code)).status_code == 429


async def test_a_session_tells_when_it_ends(server: Server) -> None:
    async with browser(server) as opened:
        told = (await opened.post("/session", json=await code_for(server))).json()
        assert (await opened.get("/session")).json() == told
    left = from_datetime(datetime.fromisoformat(told["expires_at"])) - server.engine.now()
    assert 0 < left <= Settings().session_hours * HOUR
    assert (await server.client.get("/session")).json()["expires_at"] is None


@pytest.mark.parametrize("whose", ["admin_token", "api_token"])
async def test_a_session_of_a_start_token_ends_when_that_token_changes(tmp_path: Path, whose: str) -> None:
    def started_with(token: str) -> AbstractAsyncContextManager[Server]:
        given: dict[str, Any] = {whose: token}
        return serving(tmp_path, **given)

    async with started_with(FIRST) as server, browser(server) as opened:
        bearer = {"Authorization": f"Bearer {FIRST}"}
        assert (await opened.post("/session", headers=bearer)).status_code == 201
        cookies = opened.cookies
    for token, status in ((FIRST, 200), (SECOND, 401), ("", 401)):
        async with started_with(token) as server, browser(server) as later:
            later.cookies = cookies
            assert (await later.get("/jobs")).status_code == status, token


async def test_the_session_of_a_link_ends_with_the_local_token(tmp_path: Path) -> None:
    async with serving(tmp_path, admin_token=FIRST) as server, browser(server) as opened:
        csrf = (await opened.post("/session", json=await code_for(server))).json()["csrf_token"]
        made = await opened.post("/jobs", json={"job_id": "a", "type": "x"}, headers={CSRF_HEADER: csrf})
        assert made.status_code == 201
        cookies = opened.cookies
    (tmp_path / "data" / "local-token").unlink()
    async with serving(tmp_path, admin_token=FIRST) as server, browser(server) as later:
        later.cookies = cookies
        assert (await later.get("/jobs")).status_code == 401
