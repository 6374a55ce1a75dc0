"""How the console's pages are served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from treadle.api.console import Console

HTML = '<meta property="csp-nonce" nonce="__NONCE__"><script src="/console/assets/a-1.js" nonce="__NONCE__"></script>'


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(HTML)
    (folder / "assets" / "a-1.js").write_text("let answer = 42;\n" * 100)
    (tmp_path / "secret").write_text("not a page")
    return folder


@pytest.fixture
async def browser(pages: Path) -> AsyncIterator[httpx2.AsyncClient]:
    console = Console(PlainTextResponse("the API"), pages)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(console), base_url="http://localhost") as client:
        yield client


async def test_every_path_of_it_is_the_one_page_with_a_nonce_of_its_own(browser: httpx2.AsyncClient) -> None:
    first, second = [await browser.get(f"/console{path}") for path in ("", "/runs/run_1")]
    nonces = [page.text.split('nonce="')[1].split('"')[0] for page in (first, second)]
    assert nonces[0] != nonces[1]
    for page, nonce in zip((first, second), nonces, strict=True):
        assert page.text == HTML.replace("__NONCE__", nonce)
        policy = page.headers["content-security-policy"]
        assert f"script-src 'self' 'nonce-{nonce}';" in policy
        assert f"style-src 'self' 'nonce-{nonce}';" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"


async def test_assets_are_packed_and_kept_for_good(browser: httpx2.AsyncClient) -> None:
    asset = await browser.get("/console/assets/a-1.js")
    assert asset.text.startswith("let answer")
    assert asset.headers["content-encoding"] == "gzip"
    assert "immutable" in asset.headers["cache-control"]


async def test_no_ranges_of_an_asset_are_served(browser: httpx2.AsyncClient) -> None:
    whole = await browser.get("/console/assets/a-1.js")
    ranges = {"Range": f"bytes={','.join(['0-'] * 1_000)}"}
    asked = await browser.get("/console/assets/a-1.js", headers=ranges)
    assert (asked.status_code, asked.text) == (200, whole.text)


@pytest.mark.parametrize("path", ["old-0.js", "../../secret", "..%2f..%2fsecret", "%00", ""])
async def test_what_is_no_asset_is_not_found_and_not_kept(browser: httpx2.AsyncClient, path: str) -> None:
    answer = await browser.get(f"/console/assets/{path}")
    assert "not a page" not in answer.text
    assert "immutable" not in answer.headers.get("cache-control", "")


async def test_browsers_are_led_to_it_and_programs_are_not(browser: httpx2.AsyncClient) -> None:
    led = await browser.get("/", headers={"Accept": "text/html,*/*"})
    assert (led.status_code, led.headers["location"]) == (307, "/console/")
    assert (await browser.get("/")).text == "the API"
    assert (await browser.post("/console/")).text == "the API"


async def test_a_server_without_pages_says_how_they_are_made(tmp_path: Path) -> None:
    console = Console(PlainTextResponse("the API"), tmp_path)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(console), base_url="http://localhost") as client:
        answer = await client.get("/console/runs")
    assert answer.status_code == 503
    assert "scripts/console build" in answer.text
