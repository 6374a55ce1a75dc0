"""Who may call, from where, and under which name."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.integration.api import contract
from tests.integration.api.server import Server, serving
from treadle.api import attempts
from treadle.api.auth import PUBLIC_ROUTES, Gate
from treadle.api.tokens import TOKEN_FILE, admin_token
from treadle.domain.errors import InvalidInput
from treadle.hosts import is_loopback
from treadle.settings import Settings

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - that is what is tested
GOOD: Final = "3kq9-Vd7w-Zr2m-Tx8p"


ANSWERED: Final = (200, 503)
"""Answers of what needs no token: 503 of health says that something is wrong."""


async def test_every_route_needs_the_token_but_the_public_ones(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "OF_TOKENS", 10_000)
    async with httpx2.AsyncClient(base_url=server.listening.url, trust_env=False) as stranger:
        for method, path, operation in contract.operations():
            for prefix in ("", "/api", "/api/v1"):
                for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}):
                    response = await stranger.request(method, prefix + path, headers=headers)
                    if path in PUBLIC_ROUTES:
                        assert response.status_code in ANSWERED, path
                        assert operation["security"] == []
                    else:
                        assert response.status_code == 401, path
                        assert response.headers["www-authenticate"] == "Bearer"
                        assert response.json()["code"] == "unauthorized"


async def test_what_is_no_public_route_needs_the_token_whatever_it_looks_like(server: Server) -> None:
    async with httpx2.AsyncClient(trust_env=False) as stranger:
        for path in ("/no/such/path", "/healthz/../jobs", "//healthz", "/docs/../jobs", "/jobs?x=/healthz", "/HEALTHZ"):
            assert (await stranger.get(server.listening.url + path)).status_code == 401, path


async def test_every_public_route_is_there(server: Server) -> None:
    async with httpx2.AsyncClient(base_url=server.listening.url, trust_env=False) as stranger:
        for path in PUBLIC_ROUTES:
            assert (await stranger.get(path)).status_code in (*ANSWERED, 307), path


async def test_the_scheme_is_not_case_sensitive_and_the_token_is(server: Server) -> None:
    token = server.listening.token.value
    for value, status in ((f"bearer {token}", 200), (f"Bearer {token.swapcase()}", 401), (f"Bearer {token}x", 401)):
        assert (await server.client.get("/jobs", headers={"Authorization": value})).status_code == status


CALLERS: Final[list[tuple[dict[str, str], int]]] = [
    ({"Host": "localhost:8000"}, 200),
    ({"Host": "127.0.0.1"}, 200),
    ({"Host": "[::1]:8000"}, 200),
    ({"Host": "192.168.1.20:8000"}, 200),
    ({"Host": "jobs.example.com"}, 200),
    ({"Host": "evil.example.com"}, 403),
    ({"Host": "127.0.0.1.evil.example.com"}, 403),
    ({"Host": "localhost@evil.example.com:80:90"}, 403),
    ({"Host": ""}, 403),
    ({"Host": "localhost:8000", "Origin": "http://localhost:8000"}, 200),
    ({"Host": "jobs.example.com", "Origin": "https://jobs.example.com"}, 200),
    ({"Host": "localhost:8000", "Origin": "http://localhost:3000"}, 403),
    ({"Host": "localhost:8000", "Origin": "https://evil.example.com"}, 403),
    ({"Host": "localhost:8000", "Origin": "null"}, 403),
]


async def test_the_server_answers_to_its_own_names_and_pages_only(tmp_path: Path) -> None:
    async with serving(tmp_path, allowed_hosts="jobs.example.com, other.example.com") as server:
        for headers, status in CALLERS:
            for path in ("/jobs", "/healthz"):
                assert (await server.client.get(path, headers=headers)).status_code == status, headers


async def test_answers_forbid_what_a_browser_should_not_do_with_them(server: Server) -> None:
    response = await server.client.get("/jobs")
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers


def settings(tmp_path: Path, **changes: Any) -> Settings:
    return Settings(data=str(tmp_path), **changes)


def test_a_token_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first = admin_token(settings(tmp_path))
    assert first.made
    assert len(first.value) >= 40
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / TOKEN_FILE]
    again = admin_token(settings(tmp_path))
    assert (again.value, again.made) == (first.value, False)


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    admin_token(settings(tmp_path))
    (tmp_path / TOKEN_FILE).chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        admin_token(settings(tmp_path))


@pytest.mark.parametrize(
    "token",
    [
        "admin",
        "changeme",
        "x" * 40,
        "your-admin-token",
        "SUPER-secret-TOKEN",
        "a b c d e f g h i j",
        "tökentökentöken1",
    ],
)
def test_a_token_that_can_be_guessed_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(InvalidInput, match="the admin token"):
        admin_token(settings(tmp_path, admin_token=token))


def test_a_chosen_token_is_taken_and_not_written_down(tmp_path: Path) -> None:
    token = admin_token(settings(tmp_path, admin_token=GOOD))
    assert (token.value, token.made) == (GOOD, False)
    assert GOOD not in (tmp_path / TOKEN_FILE).read_text()


async def test_the_local_token_opens_the_door_to_this_machine_alone(server: Server, tmp_path: Path) -> None:
    async def inside(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(gate: Gate, token: str, client: str) -> int:
        answers = []

        async def send(message: Any) -> None:
            answers.append(message)

        headers = [(b"authorization", f"Bearer {token}".encode())]
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/jobs",
            "headers": headers,
            "client": (client, 5),
            "state": {"trace_id": "t"},
        }
        await gate(scope, None, send)  # type: ignore[arg-type]
        return int(answers[0]["status"])

    token = admin_token(settings(tmp_path, admin_token=GOOD))
    gate = Gate(inside, token, server.services.access, attempts.Attempts(), "default")
    assert await ask(gate, token.local, "127.0.0.1") == 200
    assert await ask(gate, token.local, "192.168.1.7") == 401
    assert await ask(gate, token.value, "192.168.1.7") == 200


async def test_another_address_than_loopback_needs_a_chosen_token(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="TREADLE_ADMIN_TOKEN"):
        async with serving(tmp_path, host=EVERYWHERE):
            pass
    async with serving(tmp_path, host=EVERYWHERE, admin_token=GOOD) as server:
        assert (await server.client.get("/jobs")).status_code == 200


@pytest.mark.parametrize(
    ("host", "stays"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        (EVERYWHERE, False),
        ("::", False),
        ("ant", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, stays: bool) -> None:  # noqa: FBT001
    assert is_loopback(host) is stays
