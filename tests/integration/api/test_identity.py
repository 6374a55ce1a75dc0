"""Tokens, users, sessions: what each may do, and where it ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.integration.api import contract
from tests.integration.api.server import Server, serving
from treadle.api.attempts import OF_ONE, OF_TOKENS
from treadle.api.auth import COOKIE, CSRF_HEADER
from treadle.api.scopes import NAMED
from treadle.domain.access import Scope
from treadle.domain.instants import DAY

PASSWORD: Final = "correct horse battery"


async def make_token(server: Server, **wanted: Any) -> dict[str, Any]:
    response = await server.client.post("/tokens", json={"name": "ci", **wanted})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def make_user(server: Server, **wanted: Any) -> dict[str, Any]:
    response = await server.client.post("/users", json={"name": "ana", "password": PASSWORD, **wanted})
    assert response.status_code == 201, response.text
    return dict(response.json())


@asynccontextmanager
async def caller(server: Server, secret: str | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of its own, with a token or with nothing yet."""
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    hooks = {"response": [contract.check]}
    async with httpx2.AsyncClient(
        base_url=server.listening.url, headers=headers, trust_env=False, event_hooks=hooks
    ) as client:
        yield client


def filled(path: str) -> str:
    """A path whose placeholders name what is not there."""
    return path.replace("{", "no-").replace("}", "")


@pytest.mark.parametrize("scope", list(Scope))
async def test_a_token_may_do_what_its_scope_says_and_nothing_else(server: Server, scope: Scope) -> None:
    secret = (await make_token(server, scopes=[scope]))["secret"]
    order = list(Scope)
    async with caller(server, secret) as client:
        for method, path, operation in contract.operations():
            if operation["security"] == [] or path in ("/session", "/session/link"):
                continue  # the latter takes a token of the start alone: test_links.py
            (needs,) = operation["security"][0]["token"] or [Scope.READ]
            if "text/event-stream" in str(operation["responses"]) and order.index(scope) >= order.index(needs):
                continue  # streams do not end
            response = await client.request(method, filled(path))
            allowed = order.index(scope) >= order.index(needs)
            assert (response.status_code != 403) is allowed, (method, path, needs, response.text)


async def test_the_tables_of_scopes_name_operations_that_there_are(server: Server) -> None:
    there = {operation["operationId"] for _, _, operation in contract.operations()}
    assert there >= NAMED


async def test_a_secret_is_told_once_and_kept_nowhere(server: Server, tmp_path: Path) -> None:
    made = await make_token(server, scopes=["read"])
    listed = await server.client.get("/tokens")
    secret = made["secret"].partition(".")[2]
    assert secret not in listed.text
    assert listed.json()["items"] == [made["token"]]
    assert made["token"]["last4"] == secret[-4:]
    await server.engine.ping()
    for file in (tmp_path / "data").iterdir():
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file


async def test_a_token_tells_when_it_was_used_last(server: Server) -> None:
    made = await make_token(server, scopes=["read"])
    path = f"/tokens/{made['token']['token_id']}"
    assert (await server.client.get(path)).json()["last_used_at"] is None
    async with caller(server, made["secret"]) as client:
        assert (await client.get("/jobs")).status_code == 200
    token = (await server.client.get(path)).json()
    assert token["last_used_at"] >= token["created_at"]


async def test_a_revoked_token_opens_nothing_any_more(server: Server) -> None:
    made = await make_token(server)
    async with caller(server, made["secret"]) as client:
        assert (await client.get("/jobs")).status_code == 200
        assert (await server.client.delete(f"/tokens/{made['token']['token_id']}")).json()["revoked_at"] is not None
        assert (await client.get("/jobs")).status_code == 401


async def test_a_token_ends_when_it_was_said_to(server: Server) -> None:
    made = await make_token(server, expires_in_days=1)
    access, now = server.services.access, server.engine.now()
    assert await access.by_token(made["secret"]) is not None
    token = await server.engine.access.get(made["token"]["token_id"])
    assert token is not None
    assert token.in_force(now + DAY - DAY // 100)
    assert not token.in_force(now + DAY + DAY // 100)


@pytest.mark.parametrize("forged", ["{id}.", "{id}", "{id}.wrong", "x{id}.{secret}", ".{secret}", "{secret}"])
async def test_half_a_secret_opens_nothing(server: Server, forged: str) -> None:
    id_, _, secret = (await make_token(server))["secret"].partition(".")
    async with caller(server, forged.format(id=id_, secret=secret)) as client:
        assert (await client.get("/jobs")).status_code == 401


async def test_nobody_gives_more_than_they_hold(server: Server) -> None:
    made = await make_token(server, scopes=["admin"], domain="a")
    async with caller(server, made["secret"]) as client:
        inherited = await client.post("/tokens", json={"name": "x", "scopes": ["admin"]})
        assert inherited.json()["token"]["domain"] == "a"
        for domain in ("b", None):
            response = await client.post("/tokens", json={"name": "x", "domain": domain})
            assert response.status_code == 403
            refused = await client.post("/users", json={"name": "x", "password": PASSWORD, "domain": domain})
            assert refused.status_code == 403


async def test_a_bound_administrator_sees_the_credentials_of_its_domain_alone(server: Server) -> None:
    bound = await make_token(server, scopes=["admin"], domain="a")
    other = await make_token(server, domain="b")
    user = await make_user(server, domain=None)
    async with caller(server, bound["secret"]) as client:
        assert [each["token_id"] for each in (await client.get("/tokens")).json()["items"]] == [
            bound["token"]["token_id"]
        ]
        assert (await client.get("/users")).json()["items"] == []
        for path in (
            f"/tokens/{other['token']['token_id']}",
            f"/users/{user['user_id']}",
            f"/tokens/{user['user_id']}",
        ):
            for method in ("GET", "DELETE"):
                assert (await client.request(method, path)).status_code == 404


async def test_a_caller_bound_to_no_domain_says_in_which_it_acts(server: Server) -> None:
    await server.create_job()
    elsewhere = {"Treadle-Domain": "a"}
    assert (await server.client.get("/jobs", headers=elsewhere)).json()["items"] == []
    assert (await server.client.get("/jobs", headers={"Treadle-Domain": "a b"})).status_code == 422
    made = await make_token(server, domain="a", scopes=["write"])
    async with caller(server, made["secret"]) as client:
        assert (await client.post("/jobs", json={"job_id": "theirs", "type": "x"})).status_code == 201
        assert (await client.get("/jobs", headers={"Treadle-Domain": "default"})).status_code == 403
    assert [job["job_id"] for job in (await server.client.get("/jobs", headers=elsewhere)).json()["items"]] == [
        "theirs"
    ]


async def test_a_user_logs_in_and_out(server: Server) -> None:
    await make_user(server, scopes=["operate"])
    async with caller(server) as browser:
        assert (await browser.get("/session")).status_code == 401
        opened = await browser.post("/session", json={"name": "ana", "password": PASSWORD})
        assert opened.status_code == 201
        cookie = opened.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        said = (await browser.get("/session")).json()
        assert (said["name"], said["scopes"], said["domain"]) == ("user:ana", ["operate"], None)
        assert said["csrf_token"] == opened.json()["csrf_token"]
        assert (await browser.get("/auth/me")).json() == said
        token = {CSRF_HEADER: said["csrf_token"]}
        kept = browser.cookies[COOKIE]
        assert (await browser.delete("/session", headers=token)).status_code == 200
        assert COOKIE not in browser.cookies
        browser.cookies.set(COOKIE, kept)
        assert (await browser.get("/session")).status_code == 401


async def test_a_page_that_does_not_know_the_session_changes_nothing(server: Server) -> None:
    await make_user(server, scopes=["write"])
    async with caller(server) as browser:
        await browser.post("/session", json={"name": "ana", "password": PASSWORD})
        for headers in ({}, {CSRF_HEADER: "0" * 64}, {CSRF_HEADER: ""}):
            response = await browser.post("/jobs", json={"job_id": "a", "type": "x"}, headers=headers)
            assert response.status_code == 403
        assert (await browser.get("/jobs")).json()["items"] == []
        origin = {"Origin": "https://evil.example.com"}
        assert (await browser.get("/jobs", headers=origin)).status_code == 403


async def test_a_token_becomes_a_session_for_a_browser(server: Server) -> None:
    async with caller(server) as browser:
        bearer = {"Authorization": f"Bearer {server.listening.token.value}"}
        opened = await browser.post("/session", json={}, headers=bearer)
        assert (opened.status_code, opened.json()["name"]) == (201, "admin")
        assert (await browser.get("/jobs")).status_code == 200
        assert (await browser.post("/session", json={}, headers={"Authorization": "Bearer x"})).status_code == 401
        assert (await browser.post("/session", json={})).status_code == 401


@pytest.mark.parametrize("whose", ["nobody's", "a user's own"])
async def test_a_session_stands_no_longer_than_the_token_that_became_it(server: Server, whose: str) -> None:
    user = await make_user(server)
    async with caller(server) as browser:
        made = await make_token(server)
        ended = f"/tokens/{made['token']['token_id']}"
        if whose == "a user's own":
            ended = f"/users/{user['user_id']}"
            csrf = (await browser.post("/session", json={"name": "ana", "password": PASSWORD})).json()["csrf_token"]
            made = (await browser.post("/session/token", json={}, headers={CSRF_HEADER: csrf})).json()
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        assert (await browser.post("/session", headers=bearer)).status_code == 201
        assert (await browser.get("/jobs")).status_code == 200
        assert (await server.client.delete(ended)).status_code == 200
        assert (await browser.get("/jobs")).status_code == 401


async def test_a_change_of_a_user_ends_their_sessions(server: Server) -> None:
    user = await make_user(server)
    async with caller(server) as browser:
        await browser.post("/session", json={"name": "ana", "password": PASSWORD})
        assert (await browser.get("/jobs")).status_code == 200
        changed = await server.client.patch(f"/users/{user['user_id']}", json={"password": "battery horse correct"})
        assert changed.status_code == 200
        (told,) = (await server.client.get("/audit-events", params={"action": "change_user"})).json()["items"]
        assert told["before"]["revision"] != told["after"]["revision"] == changed.headers["etag"].strip('"')
        assert (await browser.get("/jobs")).status_code == 401
        assert (await browser.post("/session", json={"name": "ana", "password": PASSWORD})).status_code == 401
        fresh = await browser.post("/session", json={"name": "ana", "password": "battery horse correct"})
        assert fresh.status_code == 201
        await server.client.delete(f"/users/{user['user_id']}")
        assert (await browser.get("/jobs")).status_code == 401


@pytest.mark.parametrize("change", [{"password": "battery horse correct"}, {"scopes": ["read"]}, None])
async def test_a_token_of_one_s_own_does_what_one_may_and_ends_with_one_s_sessions(
    server: Server, change: dict[str, Any] | None
) -> None:
    user = await make_user(server, scopes=["operate"], domain="team-b")
    async with caller(server) as browser:
        opened = (await browser.post("/session", json={"name": "ana", "password": PASSWORD})).json()
        csrf = {CSRF_HEADER: opened["csrf_token"]}
        made = (await browser.post("/session/token", json={"expires_in_days": 1}, headers=csrf)).json()
        assert (await browser.post("/session/token", json={"expires_in_days": 91}, headers=csrf)).status_code == 422
    assert (made["token"]["scopes"], made["token"]["domain"]) == (["operate"], "team-b")
    async with caller(server, made["secret"]) as client:
        assert (await client.get("/session")).json()["name"] == "user:ana"
        assert (await client.post("/session/token", json={})).status_code == 422
        if change is None:
            assert (await client.delete("/session")).status_code == 200
        else:
            assert (await server.client.patch(f"/users/{user['user_id']}", json=change)).status_code == 200
        assert (await client.get("/jobs")).status_code == 401


async def test_a_password_that_does_not_fit_is_not_told(server: Server) -> None:
    short, long = "Hunter2", "Hunter2" * 40
    answers = [
        await server.client.post("/users", json={"name": "ana", "password": short}),
        await server.client.post("/users", json={"name": "ana", "password": long}),
        await server.client.post("/session", json={"name": "ana", "password": long, "code": long}),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["message"].startswith("expected `str` of length")
        assert short not in answer.text


async def test_passwords_cannot_be_tried_at_will(server: Server) -> None:
    await make_user(server)
    await make_user(server, name="ben")
    async with caller(server) as stranger:
        for _ in range(OF_ONE):
            assert (await stranger.post("/session", json={"name": "ana", "password": "wrong"})).status_code == 401
        refused = await stranger.post("/session", json={"name": "ana", "password": PASSWORD})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert (await stranger.post("/session", json={"name": "ben", "password": PASSWORD})).status_code == 201


async def test_passwords_cannot_be_tried_at_once_either(server: Server) -> None:
    """Each takes a while to check: what is under way is counted too."""
    await make_user(server)
    async with caller(server) as stranger:
        tries = [stranger.post("/session", json={"name": "ana", "password": f"wrong {n}"}) for n in range(4 * OF_ONE)]
        answers = Counter([answer.status_code for answer in await asyncio.gather(*tries)])
    assert answers == {401: OF_ONE, 429: 3 * OF_ONE}


async def test_logins_that_are_right_are_not_counted(server: Server) -> None:
    await make_user(server)
    async with caller(server) as stranger:
        for _ in range(2 * OF_ONE):
            assert (await stranger.post("/session", json={"name": "ana", "password": PASSWORD})).status_code == 201


async def test_tokens_cannot_be_tried_at_will_and_who_was_in_before_stays_welcome(server: Server) -> None:
    fresh = (await make_token(server))["secret"]
    tried = []
    async with caller(server) as stranger:
        for number in range(1_000):
            answer = await stranger.get("/jobs", headers={"Authorization": f"Bearer tok_{number}.guess"})
            tried.append(answer.status_code)
        assert tried == [401] * OF_TOKENS + [429] * (1_000 - OF_TOKENS)
        # Not even one that is right is tried now: a guess must not be told from it.
        refused = await stranger.get("/jobs", headers={"Authorization": f"Bearer {fresh}"})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        told = await stranger.get("/health", headers={"Authorization": f"Bearer {fresh}"})
        assert told.json()["findings"] == []
    assert (await server.client.get("/jobs")).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"name": "ana", "password": "short"}, "/password"),
        ({"name": "ana", "password": "ana-ana-ana-ana"}, "/password"),
        ({"name": "ana", "password": "aaaaaaaaaaaaaaaa"}, "/password"),
        ({"name": "ana", "password": "passwordpassword"}, "/password"),
        ({"name": "ana", "password": "1234567890123"}, "/password"),
        ({"name": "a b", "password": PASSWORD}, "/name"),
        ({"name": "ben", "password": PASSWORD, "scopes": ["root"]}, "/scopes/0"),
        ({"name": "ben", "password": PASSWORD, "domain": "a b"}, "/domain"),
        ({"name": "ben", "password": PASSWORD, "role": "x"}, "/role"),
    ],
)
async def test_a_user_that_cannot_be_is_refused_with_the_place(
    server: Server, wanted: dict[str, Any], pointer: str
) -> None:
    response = await server.client.post("/users", json=wanted)
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]
    assert (await server.client.get("/users")).json()["items"] == []


async def test_of_two_users_of_one_name_the_second_is_refused(server: Server) -> None:
    await make_user(server)
    response = await server.client.post("/users", json={"name": "ana", "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


async def test_domains_may_each_have_a_user_of_one_name_whose_password_tells_which(server: Server) -> None:
    passwords = {"a": PASSWORD, "b": "battery horse correct"}
    for domain, password in passwords.items():
        await make_user(server, domain=domain, password=password)
    for domain, password in passwords.items():
        async with caller(server) as browser:
            opened = await browser.post("/session", json={"name": "ana", "password": password})
            assert (opened.status_code, opened.json()["domain"]) == (201, domain)
    await make_user(server, domain="c", password=PASSWORD)
    async with caller(server) as browser:  # who has the password of another too says which of them it is
        for domain, status in (("a", 201), ("b", 401), ("c", 201)):
            opened = await browser.post("/session", json={"name": "ana", "password": PASSWORD, "domain": domain})
            assert opened.status_code == status
            assert status == 401 or opened.json()["domain"] == domain
        assert (await browser.post("/session", json={"domain": "a"})).status_code == 422
    async with caller(server) as browser:
        assert (await browser.post("/session", json={"name": "ana", "password": "wrong"})).status_code == 401


async def test_tokens_hold_on_every_process_and_over_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as first:
        made = await make_token(first, scopes=["read"])
    async with serving(tmp_path) as second, caller(second, made["secret"]) as client:
        assert (await client.get("/jobs")).status_code == 200
