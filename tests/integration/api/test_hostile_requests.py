"""What no honest client sends, to every operation that takes it: refused with a problem, and nothing is changed."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.integration.api import contract
from tests.integration.api.filling import Ask, asks, parameters
from tests.integration.api.rows import rows_of
from tests.integration.api.server import Server, serving
from tests.integration.api.world import World, world
from treadle.api import errors, wire
from treadle.api.body import JSON, YAML
from treadle.api.errors import MEDIA_TYPE

CAP: Final = 20_000

STRANGE_IDS: Final = (
    "%00",
    "a%00b",
    "%2e%2e%2fjobs",
    "%0d%0aX-Evil:%201",
    "%ED%A0%80",
    "%E2%80%AE",
    "'%3B--",
    "x" * 5_000,
)
STRANGE_TEXTS: Final = ("\0", "a\0b", "' OR 1=1 --", "\u202e", "%", "{}", "x" * 5_000)

UNREADABLE: Final = [
    (JSON, b'{"a": NaN}', 400),
    (JSON, b'{"a": 1, "a": 2}', 400),
    (JSON, b"[" * 9_000 + b"]" * 9_000, 400),
    (JSON, b'{"a": "\xff"}', 400),
    (JSON, b'{"a": ', 400),
    (JSON, b'{"a": "' + b"x" * CAP + b'"}', 413),
    ("text/plain", b"{}", 415),
    ("application/x-www-form-urlencoded", b"a=1", 415),
    ("multipart/form-data; boundary=x", b"--x--", 415),
]
UNREADABLE_YAML: Final = [
    b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    b'job_id: !!python/object/apply:os.system ["kill $PPID"]\n',
    b"!!python/name:os.system",
    b"a: !!binary aGVsbG8=\n",
    b"<<: &a {b: 1}\n",
    b"{" * 9_000,
    b"a: 1\na: 2\n",
    b"a: 1\n---\nb: 2\n",
]


@pytest.fixture
async def alpha(tmp_path: Path) -> AsyncIterator[World]:
    async with serving(tmp_path, max_payload_bytes=CAP) as server, world(server, "alpha") as alpha:
        yield alpha


@pytest.fixture
async def either(tmp_path: Path, any_url: str) -> AsyncIterator[Server]:
    async with serving(tmp_path, database_url=any_url) as server:
        await server.create_job()
        yield server


def assert_refused(answer: httpx2.Response, *statuses: int) -> None:
    request = f"{answer.request.method} {answer.request.url!s:.200} {answer.text:.300}"
    assert answer.status_code in statuses, request
    assert answer.headers["content-type"] == MEDIA_TYPE, request
    assert answer.json()["trace_id"] == answer.headers["x-trace-id"]


async def test_ids_of_any_letters_name_nothing_and_break_nothing(either: Server) -> None:
    for method, path, told in contract.operations():
        for strange in STRANGE_IDS if "{" in path else ():
            body: dict[str, Any] | None = {} if "requestBody" in told else None
            answer = await either.client.request(method, re.sub(r"\{\w+\}", strange, path), json=body)
            assert answer.status_code < 500, (method, path, strange, answer.text)
            assert "x-evil" not in answer.headers
            if "%00" in strange:
                assert_refused(answer, 422)
            elif not answer.is_success:  # what is set by name, such as a lane's limit, may be made
                assert_refused(answer, 403, 404, 405, 409, 422)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"banana\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),  # somebody speaks TLS
        (b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n", 400),
        (b"GET /jobs/\xc3\xbc HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /jobs?q=" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    ],
)
async def test_what_is_no_http_is_refused_by_a_problem_too(server: Server, sent: bytes, status: int) -> None:
    reader, writer = await asyncio.open_connection(server.listening.host, server.listening.port)
    writer.write(sent)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    lines = head.decode().split("\r\n")
    headers = httpx2.Headers(dict(line.split(": ", 1) for line in lines[1:]))
    problem = json.loads(body)
    assert lines[0].split()[1] == str(status) == str(problem["status"])
    assert (headers["content-type"], int(headers["content-length"])) == (MEDIA_TYPE, len(body))
    assert (headers["connection"], headers["x-content-type-options"]) == ("close", "nosniff")
    assert problem["trace_id"] == headers["x-trace-id"]


HEAD: Final = b"POST /session HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n", b"GET /jobs HTTP/1.1\r\nHost: loc", HEAD + b"Content-Length: 100\r\n\r\n{"]
)
async def test_who_says_no_more_is_not_waited_for(
    server: Server, sent: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection(server.listening.host, server.listening.port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 20)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"
    writer.close()
    assert "request failed" not in capsys.readouterr().out + capsys.readouterr().err


async def test_who_asked_before_and_says_no_more_is_not_waited_for_either(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = await asyncio.open_connection(server.listening.host, server.listening.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    writer.write(b"GET /healthz HTTP/1.1\r\nHo")
    await asyncio.wait_for(reader.read(), 20)
    writer.close()


async def test_a_call_whose_answer_takes_its_time_is_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.05)
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.05)
    asked = {"Accept": "text/event-stream"}
    async with server.client.stream("GET", "/events", headers=asked) as stream:
        await asyncio.sleep(0.2)  # nothing is due from who waits for an answer
        await server.create_job()
        async for line in stream.aiter_lines():
            if line == "event: job.created":
                return
    pytest.fail("the stream was cut off")


async def test_a_body_that_breaks_off_is_no_fault_of_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    respond = errors.respond

    def noting(scope: Any, status: int, *more: Any, **told: Any) -> Any:
        answered.set_result(status)
        return respond(scope, status, *more, **told)

    monkeypatch.setattr(errors, "respond", noting)
    _, writer = await asyncio.open_connection(server.listening.host, server.listening.port)
    writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.transport.abort()
    assert await asyncio.wait_for(answered, 20) == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/jobs/report%2Fdisable"),
        ("GET", "/jobs/report%2fversions"),
        ("POST", "/queues/default%2Fpause"),
        ("GET", "/api%2Fv1%2Fjobs"),
    ],
)
async def test_an_encoded_slash_leads_to_no_other_operation(either: Server, method: str, path: str) -> None:
    refused = await either.client.request(method, path)
    assert_refused(refused, 422)
    assert refused.json()["errors"][0]["pointer"] == "/path"
    assert (await either.client.get("/jobs/report")).json()["enabled"]


async def test_a_lane_may_have_a_slash_in_its_key(either: Server) -> None:
    for path in ("/lanes/key:acme%2Fone", "/lanes/key:acme/one"):
        made = await either.client.put(path, json={"limit": 2})
        assert (made.status_code, made.json()["key"]) == (200, "key:acme/one")


@pytest.mark.parametrize("more", [b"Host: evil.example", b"Origin: http://localhost\r\nOrigin: http://evil.example"])
async def test_whom_a_call_is_for_is_said_once(server: Server, more: bytes) -> None:
    reader, writer = await asyncio.open_connection(server.listening.host, server.listening.port)
    writer.write(b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more + b"\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (problem["status"], problem["errors"][0]["code"]) == (422, "repeated")


async def test_texts_of_any_letters_in_a_query_find_nothing_and_break_nothing(either: Server) -> None:
    for method, path, told in contract.operations():
        for name in parameters(told["operationId"], "query") if method == "GET" else ():
            for strange in STRANGE_TEXTS:
                answer = await either.client.get(re.sub(r"\{\w+\}", "report", path), params={name: strange})
                if not answer.is_success:
                    assert_refused(answer, 404, 422)


def of_bodies(there: World) -> Iterator[Ask]:
    """One request of each operation that takes a body."""
    seen = set()
    for ask in asks(there.things):
        if ask.body is not None and ask.operation not in seen:
            seen.add(ask.operation)
            yield ask


async def test_a_body_that_cannot_be_read_in_one_way_is_refused_by_every_operation(alpha: World) -> None:
    before = await rows_of(alpha.server, alpha)
    for ask in of_bodies(alpha):
        takes_yaml = YAML in contract.by_id(ask.operation)["requestBody"]["content"]
        yaml = [(YAML, body, 400 if takes_yaml else 415) for body in UNREADABLE_YAML]
        for media_type, body, status in [*UNREADABLE, *yaml]:
            headers = {"Content-Type": media_type}
            answer = await alpha.client.request(ask.method, ask.path, content=body, headers=headers)
            assert_refused(answer, status)
    assert await rows_of(alpha.server, alpha) == before


async def test_a_field_that_means_nothing_is_refused_by_every_operation(alpha: World) -> None:
    before = await rows_of(alpha.server, alpha)
    for ask in of_bodies(alpha):
        body = {**ask.body, "no_such_field": 1} if isinstance(ask.body, dict) else [{**ask.body[0], "no_such_field": 1}]
        answer = await alpha.client.request(ask.method, ask.path, json=body)
        if ask.operation == "validate_job":
            assert answer.json()["valid"] is False
            continue
        if ask.operation in RULED_FROM_OUTSIDE:
            assert_refused(answer, 403, 422)
            continue
        assert_refused(answer, 422)
        assert any("no_such_field" in fault["pointer"] for fault in answer.json()["errors"]), (ask, answer.text)
    assert await rows_of(alpha.server, alpha) == before


RULED_FROM_OUTSIDE: Final = frozenset(
    {"create_domain", "create_domain_token", "delete_domain", "disable_domain", "enable_domain", "set_domain"}
)
"""What no administrator of one domain may do, whatever the call says."""


async def test_a_stale_version_changes_nothing_and_what_is_no_version_is_refused(alpha: World) -> None:
    before = await rows_of(alpha.server, alpha)
    guarded = [ask for ask in asks(alpha.things) if "if-match" in parameters(ask.operation, "header")]
    assert {"replace_job", "delete_job"} <= {ask.operation for ask in guarded}
    for ask in guarded:
        ruled = (403,) if ask.operation in RULED_FROM_OUTSIDE else ()
        for tag in ('"999"', '"0f1e2d3c4b5a6978"', f'"{10**30}"', '""', '"zzz"', 'W/"1"'):
            assert_refused(await ask.send(alpha.client, **{"If-Match": tag}), 412, *ruled)
        for tag in ("3", '"3', "*, *", '"1", "2"'):
            assert_refused(await ask.send(alpha.client, **{"If-Match": tag}), 422, *ruled)
    assert await rows_of(alpha.server, alpha) == before


async def test_what_has_one_value_and_is_given_two_is_refused(alpha: World) -> None:
    before, tried = await rows_of(alpha.server, alpha), set()
    for method, path, told in contract.operations():
        for each in told.get("parameters", ()):
            where, name = each["in"], each["name"]
            if where == "path" or "array" in str(each["schema"]):
                continue
            tried.add((where, name))
            twice = [(name, "a"), (name, "b")]
            given: dict[str, Any] = {"params": twice} if where == "query" else {"headers": twice}
            answer = await alpha.client.request(method, re.sub(r"\{\w+\}", "report", path), **given)
            assert_refused(answer, 422)
            fault = answer.json()["errors"][0]
            assert (fault["pointer"], fault["code"]) == (f"/{where}/{name}", "repeated")
    assert {("query", "limit"), ("query", "q"), ("header", "idempotency-key"), ("header", "if-match")} <= tried
    assert await rows_of(alpha.server, alpha) == before


async def test_a_cursor_opens_only_the_list_that_it_was_made_for(alpha: World) -> None:
    made = (await alpha.client.get("/jobs", params={"limit": 1})).json()["next_cursor"]
    of_runs = (await alpha.client.get("/runs", params={"limit": 1})).json()["next_cursor"]
    same = {(made, "/jobs"), (made, "/overview/jobs"), (of_runs, "/runs")}
    lists = [ask for ask in asks(alpha.things) if "cursor" in parameters(ask.operation, "query") and not ask.params]
    assert len(lists) > 10
    for ask in lists:
        for cursor in (made, of_runs, "AAAA", "=", "%00", "é", made[:-2] + "AA", "x" * 9_000):
            if (cursor, ask.path) not in same:
                answer = await alpha.client.get(ask.path, params={"cursor": cursor})
                assert_refused(answer, 422)
                assert answer.json()["errors"][0]["pointer"] == "/query/cursor"
    other = {"cursor": of_runs, "status": "failed"}
    assert_refused(await alpha.client.get("/runs", params=other), 422)
    elsewhere = await alpha.server.client.get("/jobs", params={"cursor": made}, headers={"Treadle-Domain": "bravo"})
    assert_refused(elsewhere, 422)


async def test_a_body_that_is_packed_is_not_unpacked(alpha: World) -> None:
    packed = gzip.compress(b'{"a": "' + b"x" * 10_000_000 + b'"}')
    assert len(packed) < CAP
    headers = {"Content-Type": JSON, "Content-Encoding": "gzip"}
    for ask in of_bodies(alpha):
        assert_refused(await alpha.client.request(ask.method, ask.path, content=packed, headers=headers), 400)


async def test_no_ranges_of_a_file_are_served(alpha: World) -> None:
    whole = await alpha.client.get("/docs/swagger-ui-bundle.js")
    ranges = {"Range": f"bytes={','.join(['0-'] * 1_000)}"}
    asked = await alpha.client.get("/docs/swagger-ui-bundle.js", headers=ranges)
    assert (asked.status_code, len(asked.content)) == (200, len(whole.content))
    assert "accept-ranges" not in asked.headers


async def test_markup_and_terminal_sequences_in_every_text_come_back_as_text(alpha: World) -> None:
    payload = "<script>alert(1)</script>\x1b]8;;http://evil\x07\r\nSet-Cookie: a=1"
    document: dict[str, Any] = {"job_id": "marked", "type": "report.daily", "name": payload, "description": payload}
    made = await alpha.client.post("/jobs", json={**document, "inputs": {payload: payload}, "tags": [payload]})
    assert made.status_code in (201, 422)
    for path in ("/jobs", "/jobs/marked", f"/jobs/{payload[:20]}", "/audit-events"):
        answer = await alpha.client.get(path)
        assert answer.headers["content-type"] in (JSON, MEDIA_TYPE)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
        assert "\x1b" not in answer.text
