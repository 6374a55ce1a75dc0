"""Idempotency-Key on what makes something, ETag and If-Match on what is edited: each by one rule for all routes."""

from __future__ import annotations

import asyncio
import re
from itertools import count
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2
import pytest

from tests.integration.api import contract
from tests.integration.api.server import Hands, Server, serving
from treadle.domain.errors import Unavailable
from treadle.domain.instants import DAY
from treadle.domain.submitting import run_key

_NUMBERS: Final = count(1)
KEY: Final = {"Idempotency-Key": "call-1"}

JOB: Final = {"job_id": "made", "type": "report.daily"}
MAKES: Final[dict[str, tuple[str, Any, Any]]] = {
    "create_job": ("/jobs", JOB, {**JOB, "job_id": "other"}),
    "run_job": ("/jobs/report/run", {"inputs": {"n": 1}}, {"inputs": {"n": 2}}),
    "run_adhoc_job": ("/jobs/adhoc", {"type": "report.daily"}, {"type": "report.hourly"}),
    "submit_runs": ("/runs", {"job_id": "report"}, {"runs": [{"job_id": "report"}]}),
    "run_group": (
        "/runs/groups",
        {"job_id": "report", "inputs": [{}], "then": "report"},
        {"job_id": "report", "inputs": [{}, {}], "then": "report"},
    ),
    "put_messages": ("/messages", {"type": "mail", "payload": 1}, {"type": "mail", "payload": 2}),
    "publish_event": ("/events", {"name": "paid", "data": {"n": 1}}, {"name": "paid", "data": {"n": 2}}),
    "create_user": (
        "/users",
        {"name": "ana", "password": "correct horse battery"},
        {"name": "bea", "password": "correct horse battery"},
    ),
    "trigger_schedule": ("/schedules/report/trigger", None, None),
}


async def post(server: Server, path: str, body: Any, **headers: str) -> httpx2.Response:
    return await server.client.post(path, json=body, headers={**KEY, **headers})


@pytest.fixture
async def jobs(server: Server) -> Server:
    await server.create_job(schedule={"cron": "0 3 1 1 *"})
    return server


async def test_everything_that_is_made_by_a_post_takes_a_key(server: Server) -> None:
    for method, _, operation in contract.operations():
        makes = {"201", "202"} & operation["responses"].keys() and operation["operationId"] != "open_session"
        if method == "POST" and makes:
            headers = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
            assert "idempotency-key" in headers, operation["operationId"]


async def test_a_call_that_comes_again_is_answered_as_the_first_was_to_the_byte(jobs: Server) -> None:
    for operation, (path, body, other) in MAKES.items():
        headers = {"Idempotency-Key": operation}
        first = await post(jobs, path, body, **headers)
        assert first.status_code in (201, 202), first.text
        assert "idempotency-replayed" not in first.headers
        await _work(jobs)
        again = await post(jobs, path, body, **headers)
        assert (again.status_code, again.content) == (first.status_code, first.content), operation
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers.get("location") == first.headers.get("location")
        assert again.headers.get("etag") == first.headers.get("etag")
        if other is not None:
            refused = await post(jobs, path, other, **headers)
            assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused"), operation


async def test_a_replay_changes_nothing_and_is_not_in_the_audit_log(jobs: Server) -> None:
    for _ in range(3):
        await post(jobs, "/jobs/report/run", {})
    logged = (await jobs.client.get("/audit-events", params={"action": "run_job"})).json()["items"]
    assert len(logged) == len((await jobs.client.get("/runs")).json()["items"]) == 1


async def test_a_key_is_kept_for_a_day(jobs: Server) -> None:
    await post(jobs, "/jobs/report/run", {})
    now = jobs.engine.now()
    key = run_key("call-1", now, scope="answer run_job admin")
    assert await jobs.engine.keys.get("default", key, now=now + DAY - 60_000_000) is not None
    assert await jobs.engine.keys.get("default", key, now=now + DAY) is None


async def test_a_refused_call_leaves_its_key_free(jobs: Server) -> None:
    for path, wrong, right in (
        ("/jobs", {"job_id": "made"}, JOB),
        ("/users", {"name": "ana", "password": "ana"}, {"name": "ana", "password": "correct horse battery"}),
    ):
        headers = {"Idempotency-Key": path}
        assert (await post(jobs, path, wrong, **headers)).status_code == 422
        assert (await post(jobs, path, right, **headers)).status_code == 201


async def test_calls_at_once_make_one_thing_and_are_answered_alike(jobs: Server) -> None:
    answers = await asyncio.gather(*(post(jobs, "/jobs/report/run", {}) for _ in range(20)))
    assert len({answer.content for answer in answers}) == 1
    answers = await asyncio.gather(
        *(post(jobs, "/schedules/report/trigger", None, **{"Idempotency-Key": "t"}) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    assert len((await jobs.client.get("/runs")).json()["items"]) == 2


async def test_a_secret_is_told_once_and_kept_nowhere(jobs: Server) -> None:
    first = await post(jobs, "/tokens", {"name": "ci"})
    assert first.status_code == 201
    again = await post(jobs, "/tokens", {"name": "ci"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert len((await jobs.client.get("/tokens")).json()["items"]) == 1


async def test_nobody_is_told_what_another_was(jobs: Server) -> None:
    await post(jobs, "/users", {"name": "ana", "password": "correct horse battery"})
    token = (await jobs.client.post("/tokens", json={"name": "eve", "scopes": ["read"]})).json()["secret"]
    eve = {"Authorization": f"Bearer {token}"}
    refused = await post(jobs, "/users", {"name": "ana", "password": "correct horse battery"}, **eve)
    assert refused.status_code == 403


async def test_a_key_of_a_submit_is_everybodys_in_the_domain(jobs: Server) -> None:
    first = await post(jobs, "/jobs/report/run", {})
    token = (await jobs.client.post("/tokens", json={"name": "eve", "scopes": ["operate"]})).json()["secret"]
    second = await post(jobs, "/jobs/report/run", {}, Authorization=f"Bearer {token}")
    assert (second.json()["run_id"], second.headers["idempotency-replayed"]) == (first.json()["run_id"], "true")


async def test_every_document_that_is_replaced_has_an_etag_and_heeds_if_match(server: Server) -> None:
    paths: dict[str, set[str]] = {}
    for method, path, _ in contract.operations():
        paths.setdefault(path, set()).add(method)
    for method, path, operation in contract.operations():
        if method in ("PUT", "PATCH") and "GET" in paths[path]:
            headers = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
            assert "if-match" in headers, operation["operationId"]
            assert "412" in operation["responses"], operation["operationId"]


@pytest.mark.parametrize(
    ("method", "path", "documents"),
    [
        ("PUT", "/queues/default", ({"rate": {"runs": 5, "window_sec": 1}}, {"rate": None})),
        ("PUT", "/lanes/key:a", ({"limit": 2}, {"limit": 3})),
        ("PUT", "/domains/default", ({"weight": 2}, {"weight": 3})),
        ("PATCH", "/users/{user}", ({"scopes": ["write"]}, {"scopes": ["read"]})),
    ],
)
async def test_what_was_changed_meanwhile_is_not_written_over(
    jobs: Server, method: str, path: str, documents: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    await jobs.submit()
    await jobs.client.put("/lanes/key:a", json={"limit": 1})
    user = await jobs.client.post("/users", json={"name": "ana", "password": "correct horse battery"})
    path = path.format(user=user.json()["user_id"])
    read = (await jobs.client.get(path)).headers["etag"]
    changed = await jobs.client.request(method, path, json=documents[0], headers={"If-Match": read})
    assert (changed.status_code, changed.headers["etag"] != read) == (200, True)
    stale = await jobs.client.request(method, path, json=documents[1], headers={"If-Match": read})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert stale.headers["etag"] == changed.headers["etag"] == (await jobs.client.get(path)).headers["etag"]
    again = await jobs.client.request(method, path, json=documents[1], headers={"If-Match": stale.headers["etag"]})
    assert again.status_code == 200
    for any_will_do in ("*", None):
        headers = {} if any_will_do is None else {"If-Match": any_will_do}
        assert (await jobs.client.request(method, path, json=documents[0], headers=headers)).status_code == 200
    wrong = await jobs.client.request(method, path, json=documents[1], headers={"If-Match": "3"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/header/if-match")


async def test_a_stale_job_is_told_its_version(jobs: Server) -> None:
    await jobs.client.post("/jobs/report/disable")
    for method, path in (("POST", "/jobs/report/enable"), ("DELETE", "/jobs/report")):
        stale = await jobs.client.request(method, path, headers={"If-Match": '"1"'})
        assert (stale.status_code, stale.headers["etag"]) == (412, '"2"')


async def test_of_two_that_write_over_the_same_one_is_refused(jobs: Server) -> None:
    await jobs.submit()
    for path, document in (("/queues/default", {"rate": {"runs": 5, "window_sec": 1}}), ("/lanes/key:b", {"limit": 2})):
        if path.startswith("/lanes"):
            await jobs.client.put(path, json={"limit": 1})
        read = (await jobs.client.get(path)).headers["etag"]
        answers = await asyncio.gather(
            *(jobs.client.put(path, json=document, headers={"If-Match": read}) for _ in range(8))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def _work(server: Server) -> None:
    """Let a worker end what is ready, so that a second look would show something else."""
    hands = Hands(server.engine, f"wkr_{next(_NUMBERS)}")
    await hands.register()
    for claim in await hands.claim(10):
        await hands.settle(claim)


@pytest.mark.parametrize(
    ("name", "verb"),
    [("run_job", "INSERT"), ("create_job", "INSERT"), ("trigger_schedule", "UPDATE"), ("create_user", "UPDATE")],
)
async def test_what_was_done_is_answered_so_where_its_answer_cannot_be_kept(
    tmp_path: Path, postgres_url: str, name: str, verb: str
) -> None:
    async with serving(tmp_path, database_url=postgres_url) as server:
        await server.create_job(schedule={"cron": "0 3 1 1 *"})
        path, body, _ = MAKES[name]
        connection = await asyncpg.connect(postgres_url)
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE 'away' USING ERRCODE = '57P01'; END$$;"
            f"CREATE TRIGGER refuse BEFORE {verb} ON treadle.keys FOR EACH ROW WHEN (NEW.scope LIKE 'answer%') "
            "EXECUTE FUNCTION refuse()"
        )
        first = await post(server, path, body)
        assert first.is_success, first.text
        await connection.execute("DROP TRIGGER refuse ON treadle.keys")
        await connection.close()
        again = await post(server, path, body)
        if verb == "INSERT":
            assert (again.status_code, again.json()) == (first.status_code, first.json())
        else:
            assert (again.status_code, "was cut off" in again.text) == (409, True)


async def test_a_refusal_is_told_where_its_key_cannot_be_given_back(
    jobs: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(jobs.engine.keys, "free", away)
    refused = await post(jobs, "/jobs", {"job_id": "bad id", "type": "x"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/job_id")


async def test_an_if_match_is_heeded_or_refused_and_never_passed_over(jobs: Server) -> None:
    for method, path, operation in contract.operations():
        taken = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
        if "if-match" in taken:
            continue
        answer = await jobs.client.request(method, re.sub(r"\{\w+\}", "report", path), headers={"If-Match": '"1"'})
        assert answer.status_code == 422, (method, path, answer.text)
        assert "not_taken" in {each["code"] for each in answer.json()["errors"]}, (method, path)
    for method, path in (("POST", "/domains/team-a/disable"), ("DELETE", "/domains/team-a")):
        await jobs.client.post("/domains", json={"name": "team-a"})
        read = (await jobs.client.get("/domains/team-a")).headers["etag"]
        stale = await jobs.client.request(method, path, headers={"If-Match": '"stale"'})
        assert (stale.status_code, stale.headers["etag"]) == (412, read)
        assert (await jobs.client.get("/domains/team-a")).headers["etag"] == read
        assert (await jobs.client.request(method, path, headers={"If-Match": read})).is_success
