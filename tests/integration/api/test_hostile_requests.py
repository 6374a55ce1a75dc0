"""What no honest client sends, to every operation that takes it: refused with a problem, and nothing is changed."""

from __future__ import annotations

import gzip
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
            if not answer.is_success:  # what is set by name, such as a lane's limit, may be made
                assert_refused(answer, 403, 404, 405, 409, 422)


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
        if ask.operation in RULED_BY_NOBODY:
            assert_refused(answer, 403, 422)
            continue
        assert_refused(answer, 422)
        assert any("no_such_field" in fault["pointer"] for fault in answer.json()["errors"]), (ask, answer.text)
    assert await rows_of(alpha.server, alpha) == before


RULED_BY_NOBODY: Final = {"set_domain", "create_domain", "create_domain_token"}
"""What no administrator of one domain may do, whatever the body says."""


async def test_a_stale_version_changes_nothing_and_what_is_no_version_is_refused(alpha: World) -> None:
    before = await rows_of(alpha.server, alpha)
    guarded = [ask for ask in asks(alpha.things) if "if-match" in parameters(ask.operation, "header")]
    assert {"replace_job", "delete_job"} <= {ask.operation for ask in guarded}
    for ask in guarded:
        ruled = (403,) if ask.operation in RULED_BY_NOBODY else ()
        stale = [await ask.send(alpha.client, **{"If-Match": tag}) for tag in ('"999"', '"0f1e2d3c4b5a6978"')]
        for answer in stale:  # versions are numbers or digests: the one is no version of what has the other
            assert_refused(answer, 412, 422, *ruled)
        assert {answer.status_code for answer in stale} & {412, *ruled}, ask
        for tag in ("3", 'W/"3"', '"3', "*, *"):
            assert_refused(await ask.send(alpha.client, **{"If-Match": tag}), 422, *ruled)
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
