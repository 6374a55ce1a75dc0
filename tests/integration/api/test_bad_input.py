"""Input that is too much, unreadable or unknown: refused with a problem that says so, and nothing is stored."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.integration.api import contract
from tests.integration.api.server import HANDLER_JOB, Server, serving
from treadle.domain.errors import StorageFull, Unavailable

JSON: Final = {"Content-Type": "application/json"}
CAP: Final = 10_000


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, max_payload_bytes=CAP) as server:
        await server.create_job()
        yield server


async def nothing_was_stored(server: Server) -> bool:
    runs = (await server.client.get("/runs")).json()["items"]
    jobs = (await server.client.get("/jobs")).json()["items"]
    return runs == [] and [job["version"] for job in jobs] in ([], [1])


async def test_a_body_over_the_cap_is_refused(small: Server) -> None:
    body = b'{"inputs": {"x": "' + b"x" * CAP + b'"}}'
    for path in ("/jobs", "/jobs/report/run", "/jobs/validate"):
        response = await small.client.post(path, content=body, headers=JSON)
        assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    assert (await small.client.put("/jobs/report", content=body, headers=JSON)).status_code == 413
    assert await nothing_was_stored(small)


async def test_an_endless_body_is_refused_and_nothing_of_it_kept(small: Server) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"inputs": {"x": "'
        while sent < 100 * CAP:
            sent += CAP // 2
            yield b"x" * (CAP // 2)
            await asyncio.sleep(0)

    response = await small.client.post("/jobs/report/run", content=endless(), headers=JSON)
    assert response.status_code == 413
    assert await nothing_was_stored(small)


async def test_inputs_over_the_cap_once_merged_are_refused(small: Server) -> None:
    await small.client.put("/jobs/report", json={**HANDLER_JOB, "inputs": {"a": "x" * (CAP - 500)}})
    response = await small.client.post("/jobs/report/run", json={"inputs": {"b": "x" * 500}})
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    assert (await small.client.get("/runs")).json()["items"] == []


async def test_a_body_of_exactly_the_cap_is_taken(small: Server) -> None:
    start, end = b'{"delay_sec": 0, "inputs": {"x": "', b'"}}'
    body = start + b"x" * (CAP - len(start) - len(end) - 100) + end + b" " * 100
    assert len(body) == CAP
    assert (await small.client.post("/jobs/report/run", content=body, headers=JSON)).status_code == 202


MALFORMED: Final = [
    (b'{"inputs": {"x": NaN}}', "no JSON"),
    (b'{"inputs": {"x": -Infinity}}', "no JSON"),
    (b'{"inputs": {"x": 1e999}}', "no JSON"),
    (b'{"inputs": {"x": 1, "x": 2}}', "'x' stands twice"),
    (b'{"inputs": {}, "inputs": {}}', "'inputs' stands twice"),
    (b'{"inputs": {"x": ' + b"[" * 64 + b"]" * 64 + b"}}", "64"),
    (b"[" * 5_000 + b"]" * 5_000, "64"),
    (b'{"inputs": {"x": "\xff"}}', "no JSON"),
    (b'{"inputs": {"x": "\\ud800"}}', "no JSON"),
    (b"{", "no JSON"),
]


async def test_what_cannot_be_read_in_one_way_is_malformed(small: Server) -> None:
    for path in ("/jobs/report/run", "/jobs", "/jobs/validate"):
        for body, said in MALFORMED:
            response = await small.client.post(path, content=body, headers=JSON)
            assert (response.status_code, response.json()["code"]) == (400, "malformed_input"), body[:40]
            assert said in response.json()["detail"]
    assert await nothing_was_stored(small)


async def test_yaml_that_unfolds_is_malformed(small: Server) -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\njob_id: bomb\n"
    response = await small.client.post("/jobs", content=bomb, headers={"Content-Type": "application/yaml"})
    assert (response.status_code, response.json()["code"]) == (400, "malformed_input")


async def test_a_body_that_is_no_object_is_refused(small: Server) -> None:
    for value in (b"[]", b"null", b"1", b'"text"'):
        for method, path in (("POST", "/jobs/report/run"), ("POST", "/jobs"), ("PUT", "/jobs/report")):
            assert (await small.client.request(method, path, content=value, headers=JSON)).status_code == 422
    assert await nothing_was_stored(small)


async def test_a_body_of_another_type_is_refused(small: Server) -> None:
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {}):
        for path in ("/jobs/report/run", "/jobs"):
            response = await small.client.post(path, content=b"{}", headers=headers)
            assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")
            assert "application/json" in response.json()["detail"]


async def test_every_route_refuses_a_query_parameter_it_does_not_have(small: Server) -> None:
    for method, path, operation in contract.operations():
        response = await small.client.request(method, path.replace("{job_id}", "report"), params={"no_such": "1"})
        assert response.status_code == 422, operation["operationId"]
        assert response.json()["errors"][0]["pointer"] == "/query/no_such"


async def test_the_pages_refuse_a_query_parameter_too(small: Server) -> None:
    for path in ("/", "/docs", "/openapi.json", "/healthz"):
        response = await small.client.get(path, params={"no_such": "1"})
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/query/no_such"), path


async def test_what_is_not_there_and_what_is_not_taken_are_problems_too(small: Server) -> None:
    missing = await small.client.get("/no/such/path")
    assert (missing.status_code, missing.json()["detail"]) == (404, "there is nothing at /no/such/path")
    wrong = await small.client.patch("/jobs/report")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "DELETE, GET, PUT"
    for response in (missing, wrong):
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["trace_id"] == response.headers["x-trace-id"]


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (Unavailable("no"), 503, "unavailable"),
        (StorageFull("full"), 503, "storage_full"),
        (KeyError("x"), 500, "internal_error"),
    ],
)
async def test_a_fault_below_is_told_without_its_inside(
    small: Server, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(small.engine.runs, "find", fail)
    response = await small.client.get("/runs")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert ("retry-after" in response.headers) is (status == 503)
    assert "KeyError" not in response.text


async def test_a_callers_trace_id_is_taken_up(small: Server) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    for header, taken in ((f"00-{trace_id}-00f067aa0ba902b7-01", True), ("00-<script>", False)):
        response = await small.client.get("/jobs/nope", headers={"traceparent": header})
        assert (response.json()["trace_id"] == trace_id) is taken


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_that_cannot_be_told_in_utc_is_refused_and_spoils_no_list(small: Server, moment: str) -> None:
    document = {**HANDLER_JOB, "job_id": "never", "schedule": {"interval_sec": 1, "start_at": moment}}
    refused = [
        await small.client.post("/jobs", json=document),
        await small.client.post("/jobs/report/run", json={"at": moment}),
        await small.client.get("/runs", params={"created_after": moment}),
    ]
    assert [response.status_code for response in refused] == [422, 422, 422]
    assert await nothing_was_stored(small)


async def test_the_answer_reaches_a_caller_that_sends_all_before_it_reads(small: Server) -> None:
    body = b"x" * 8_000_000
    for _ in range(5):
        status = await asyncio.to_thread(_post, f"{small.listening.url}/jobs", body, small.listening.token.value)
        assert status == 413


def _post(url: str, body: bytes, token: str) -> int:
    headers = {**JSON, "Authorization": f"Bearer {token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
