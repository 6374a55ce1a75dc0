"""Names of the environment that other platforms use, and what they let callers and pages do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import httpx2
import pytest

from tests.integration.api.server import Server, serving
from treadle.api.tokens import admin_token
from treadle.client.remote.place import of_url
from treadle.domain.errors import InvalidInput
from treadle.settings import load_settings

TOKEN: Final = "f3a9c1d7e5b2486098"
PAGE: Final = "https://console.example.org"


def test_names_of_other_platforms_are_read_where_our_own_are_not_set() -> None:
    settings = load_settings(
        {
            "ADMIN_TOKEN": TOKEN,
            "API_TOKEN": TOKEN[::-1],
            "ADMIN_DOMAIN": "head",
            "WORKER_DOMAIN": "team-a",
            "WORKER_DOMAIN_TOKEN": "tok_1.x",
            "CORS_ALLOW_ORIGINS": f"{PAGE}, http://localhost:5173",
            "LOG_LEVEL": "DEBUG",
            "WORKER_TAGS": "gpu",
            "ALLOWED_USERS": "ana",
            "MAX_CONCURRENCY": "2",
            "DEPLOYMENT_TYPE": "docker",
        }
    )
    assert (settings.admin_token, settings.api_token, settings.domain) == (TOKEN, TOKEN[::-1], "head")
    assert (settings.served_domains, settings.worker_token) == (("team-a",), "tok_1.x")
    assert settings.allowed_origins == (PAGE, "http://localhost:5173")
    assert (settings.log_level, settings.tags, settings.allowed_users) == ("DEBUG", "gpu", "ana")
    assert (settings.concurrency, settings.deployment_type) == (2, "docker")
    assert load_settings({"ADMIN_DOMAIN": "head", "TREADLE_DOMAIN": "own"}).domain == "own"


@pytest.mark.parametrize("origins", ["*", "console.example.org", "https://a.example/path", "https://", "ftp://a"])
def test_what_is_no_origin_is_refused_at_the_start(origins: str) -> None:
    with pytest.raises(InvalidInput, match="TREADLE_CORS_ALLOW_ORIGINS"):
        load_settings({"CORS_ALLOW_ORIGINS": origins})


@pytest.mark.parametrize("wrong", [{"API_TOKEN": "short"}, {"API_TOKEN": TOKEN, "ADMIN_TOKEN": TOKEN}])
def test_a_weak_api_token_and_one_that_rules_are_refused_at_the_start(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="API token"):
        admin_token(load_settings(wrong, data=str(tmp_path)))


def test_a_client_elsewhere_takes_the_token_that_is_there() -> None:
    url = "http://127.0.0.1:1"
    assert of_url(url, {"API_TOKEN": "b" * 20}).token == "b" * 20
    assert of_url(url, {"API_TOKEN": "b" * 20, "ADMIN_TOKEN": "a" * 20}).token == "a" * 20
    assert of_url(url, {"API_TOKEN": "b" * 20, "TREADLE_TOKEN": "c" * 20}).token == "c" * 20


async def test_the_api_token_defines_and_runs_in_the_servers_domain_and_rules_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path, api_token=TOKEN, domain="team-a") as server:
        theirs = {"Authorization": f"Bearer {TOKEN}"}
        made = await server.client.post("/jobs", json={"job_id": "report", "type": "r"}, headers=theirs)
        assert made.status_code == 201
        assert (await server.client.post("/jobs/report/run", headers=theirs)).status_code == 202
        assert (await server.client.get("/auth/me", headers=theirs)).json()["domain"] == "team-a"
        for path in ("/tokens", "/users", "/audit-events"):
            assert (await server.client.get(path, headers=theirs)).status_code == 403
        elsewhere = {**theirs, "Treadle-Domain": "team-b"}
        assert (await server.client.get("/jobs", headers=elsewhere)).status_code == 403


async def test_an_empty_api_token_opens_nothing(server: Server) -> None:
    for token in (".", "None"):
        answer = await server.client.get("/jobs", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_pages_of_named_origins_may_call_with_a_token_and_no_others(tmp_path: Path) -> None:
    async with serving(tmp_path, cors_allow_origins=PAGE) as server:
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
        async with httpx2.AsyncClient(base_url=server.listening.url, trust_env=False) as page:
            wanted = {**asked, "Access-Control-Request-Headers": "authorization,idempotency-key"}
            preflight = await page.options("/api/v1/jobs", headers=wanted)
            assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, PAGE)
            assert "access-control-allow-credentials" not in preflight.headers
            refused = await page.options("/jobs", headers={**asked, "Origin": "https://evil.example"})
            assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (403, False)
            assert (await page.get("/jobs", headers={"Origin": PAGE})).status_code == 401
        read = await server.client.get("/jobs", headers={"Origin": PAGE})
        assert (read.status_code, read.headers["access-control-allow-origin"]) == (200, PAGE)
        assert "ETag" in read.headers["access-control-expose-headers"]
        for origin in ("https://evil.example", f"{PAGE}.evil.example", "null"):
            assert (await server.client.get("/jobs", headers={"Origin": origin})).status_code == 403


async def test_without_named_origins_no_page_elsewhere_is_let_in(server: Server) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    assert (await server.client.options("/jobs", headers=asked)).status_code == 403
