"""The console as tests walk it: its paths, the way in, and when a page has come to rest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect

from tests.support.up import Up

CONSOLE: Final = Path(__file__).parents[2] / "console"
ROUTES: Final = tuple(json.loads((CONSOLE / "src" / "routes.json").read_text(encoding="utf-8")))
"""Every path that the console knows, as `/runs/:id`."""

_PART: Final = re.compile(r":\w+\??|\*")


def log_in(page: Page, server: Up, path: str = "/", *, token: str | None = None) -> None:
    """Open a path of the console as one who is logged in, without the way through the form."""
    token = token or (server.data / "local-token").read_text().strip()
    answer = page.context.request.post(f"{server.url}/api/v1/session", headers={"Authorization": f"Bearer {token}"})
    assert answer.ok, answer.text()
    page.goto(f"{server.url}/console{path}")
    settle(page)


def settle(page: Page) -> None:
    """Wait until a page shows what it has to show."""
    expect(page.locator("main h1").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def address(route: str, things: Mapping[str, str]) -> str:
    """A path with what it is about: `/runs/run_0…` of `/runs/:id`. `things` are such ids by their routes."""
    if not _PART.search(route):
        return route
    assert route in things, f"say in tests/support/office.py what a walk shows at {route}"
    return _PART.sub(things[route], route)
