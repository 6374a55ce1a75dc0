"""The audit log: every change, who made it, and how it was before and after."""

from __future__ import annotations

from typing import Any

from tests.integration.api import contract
from tests.integration.api.server import Hands, Server
from tests.integration.api.test_identity import PASSWORD, caller, make_token, make_user
from treadle.api.deeds import DEEDS
from treadle.domain.audit import redact
from treadle.domain.outcomes import Failed, RunError


async def entries(server: Server, **filters: Any) -> list[dict[str, Any]]:
    response = await server.client.get("/audit-events", params=filters)
    assert response.status_code == 200, response.text
    return list(response.json()["items"])


async def test_a_change_is_told_with_who_what_before_and_after(server: Server) -> None:
    made = await make_token(server, name="deploy", scopes=["write"])
    async with caller(server, made["secret"]) as client:
        await client.post("/jobs", json={"job_id": "a", "type": "x"})
        await client.put("/jobs/a", json={"job_id": "a", "type": "x", "description": "new"})
        await client.post("/jobs/a/disable")
        await client.delete("/jobs/a")
    found = await entries(server, who="token:deploy")
    assert [each["action"] for each in found] == ["delete_job", "post_disable_job", "replace_job", "create_job"]
    deleted, disabled, replaced, created = found
    assert (created["target"], created["domain"], created["before"]) == ("/jobs", "default", None)
    assert created["after"]["job_id"] == "a"
    assert (replaced["before"]["description"], replaced["after"]["description"]) == ("", "new")
    assert (disabled["before"]["enabled"], disabled["after"]["enabled"]) == (True, False)
    assert (deleted["before"]["version"], deleted["after"]) == (3, None)


async def test_what_was_refused_changed_nothing_and_is_not_told(server: Server) -> None:
    await server.client.post("/jobs", json={"job_id": "a b"})
    await server.client.delete("/jobs/none")
    assert await entries(server) == []


async def test_reading_is_not_told(server: Server) -> None:
    await server.client.get("/jobs")
    await server.client.post("/jobs/validate", json={"job_id": "a", "type": "x"})
    assert await entries(server) == []


def test_what_stands_under_the_name_of_a_secret_is_redacted_and_the_login_of_a_url() -> None:
    names = (
        "password",
        "passphrase",
        "pwd",
        "PRIVATE_KEY",
        "api_key",
        "accessKey",
        "bearer",
        "Authorization",
        "cookie",
    )
    assert redact(dict.fromkeys(names, "canary")) == dict.fromkeys(names, "[redacted]")
    assert redact({"url": "postgres://u:canary@h/x?a=b", "plain": "http://h/x@y:z"}) == {
        "url": "postgres://[redacted]@h/x?a=b",
        "plain": "http://h/x@y:z",
    }


async def test_no_secret_is_told(server: Server) -> None:
    made = await make_token(server)
    user = await make_user(server)
    await server.client.patch(f"/users/{user['user_id']}", json={"password": "battery horse correct"})
    async with caller(server) as browser:
        await browser.post("/session", json={"name": "ana", "password": "battery horse correct"})
    told = (await server.client.get("/audit-events")).text
    for secret in (made["secret"].partition(".")[2], PASSWORD, "battery horse correct"):
        assert secret not in told
    (login,) = await entries(server, action="open_session")
    assert login["after"]["csrf_token"] == "[redacted]"


async def test_a_login_is_told_of_its_user_to_administrators_of_their_domain(server: Server) -> None:
    await make_user(server, name="admin", domain="theirs")
    async with caller(server) as browser:
        await browser.post("/session", json={"name": "admin", "password": PASSWORD})
    (login,) = await entries(server, who="user:admin")
    assert (login["action"], login["domain"]) == ("open_session", "theirs")


async def test_a_token_is_told_by_its_id(server: Server) -> None:
    token_id = (await make_token(server))["token"]["token_id"]
    await server.client.delete(f"/tokens/{token_id}")
    revoked, created = await entries(server)
    assert created["after"]["token"]["token_id"] == token_id
    assert (revoked["before"]["token_id"], revoked["before"]["revoked_at"]) == (token_id, None)


async def test_a_rollback_is_told_with_what_it_took_the_place_of(server: Server) -> None:
    await server.client.post("/jobs", json={"job_id": "a", "type": "x", "description": "old"})
    await server.client.put("/jobs/a", json={"job_id": "a", "type": "x", "description": "new"})
    await server.client.post("/jobs/a/rollback/1")
    (told,) = await entries(server, action="roll_back_job")
    assert (told["before"]["description"], told["after"]["description"]) == ("new", "old")


async def test_entries_are_found_by_filter_and_page(server: Server) -> None:
    for name in ("a", "b", "c"):
        await server.client.post("/jobs", json={"job_id": name, "type": "x"})
        await server.client.delete(f"/jobs/{name}")
    assert [each["target"] for each in await entries(server, action="delete_job")] == ["/jobs/c", "/jobs/b", "/jobs/a"]
    assert [each["action"] for each in await entries(server, target="/jobs/b")] == ["delete_job"]
    first = (await server.client.get("/audit/logs", params={"limit": 4})).json()
    rest = (await server.client.get("/audit/logs", params={"cursor": first["next_cursor"]})).json()
    assert len(first["items"]) + len(rest["items"]) == 6
    assert rest["next_cursor"] is None


async def test_an_administrator_of_one_domain_sees_its_changes_alone(server: Server) -> None:
    await server.client.post("/jobs", json={"job_id": "a", "type": "x"})
    made = await make_token(server, scopes=["admin"], domain="theirs")
    async with caller(server, made["secret"]) as client:
        await client.post("/jobs", json={"job_id": "b", "type": "x"})
        found = (await client.get("/audit-events")).json()["items"]
    assert [(each["action"], each["domain"]) for each in found] == [("create_job", "theirs")]


async def test_every_operation_that_changes_something_passes_the_audit_and_is_told_in_words(server: Server) -> None:
    """None is served beside it: the document names every route, and each but reads is told where it succeeds."""
    changing = {"open_session"}
    for method, path, operation in contract.operations():
        if method != "GET" and operation["operationId"] not in ("validate_job", "check_job", "open_session"):
            (needs,) = operation["security"][0]["token"] or ["session"]
            assert needs != "read", (method, path)
            changing.add(operation["operationId"])
    assert changing == DEEDS.keys()
    await server.create_job()
    (entry,) = await entries(server)
    assert (entry["action"], entry["what"]) == ("create_job", {"en": "created a job", "id": "membuat pekerjaan"})


async def test_what_is_judged_by_an_etag_is_told_as_it_was_too(server: Server) -> None:
    await server.create_job()
    headers = {"If-Match": '"1"'}
    assert (await server.client.post("/jobs/report/disable", headers=headers)).status_code == 200
    (told,) = await entries(server, action="post_disable_job")
    assert (told["before"]["enabled"], told["after"]["enabled"]) == (True, False)


async def test_what_becomes_of_a_run_is_told_with_how_it_was(server: Server) -> None:
    await server.create_job()
    hands = Hands(server.engine)
    await hands.register()
    waiting = (await server.submit())["run_id"]
    await server.client.post(f"/runs/{waiting}/cancel")
    for verb in ("retry", "discard"):
        run_id = (await server.submit())["run_id"]
        (claim,) = await hands.claim()
        await hands.settle(claim, Failed(RunError("exception", "boom"), retry=False))
        answer = await server.client.post(f"/dead-letters/{run_id}/{verb}", json={})
        assert answer.is_success, answer.text
        if verb == "retry":
            (claim,) = await hands.claim()
            await hands.settle(claim)
        (told,) = await entries(server, action=f"{verb}_dead_letter")
        assert (told["before"]["run_id"], told["before"]["status"]) == (run_id, "failed")
        assert told["before"]["resolution"] is None
    (told,) = await entries(server, action="cancel_run")
    assert (told["before"]["status"], told["after"]["status"]) == ("ready", "cancelled")
