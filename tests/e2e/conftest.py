"""A real browser on a real server. What it saw is kept in `test-results/` as pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect, sync_playwright

from tests.support.office import Office, office
from tests.support.up import Up, up

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGES: Final = Path(__file__).parents[2] / "src" / "treadle" / "api" / "pages" / "index.html"
PICTURES: Final = Path(__file__).parents[2] / "test-results"

_TOLD: Final = 4_000
"""How many characters of a page that failed stand in the report."""

# A wait ends with what it is for. How quick the machine is decides nothing, and is no matter of each test's.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def built() -> None:
    """The pages are there."""
    assert PAGES.exists(), "the console is not built: run scripts/console build"


@pytest.fixture(scope="module")
def server(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A server of a module's own, on which nothing is defined."""
    with up(tmp_path_factory.mktemp("console")) as started:
        yield started


@pytest.fixture(scope="session", name="office")
def the_office(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A server after a night of work, to look at: what changes it would change it for every test."""
    with office(tmp_path_factory.mktemp("office")) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium: one for a module's tests, each of which has a context of its own in it. While it is there
    a loop runs in this thread, beside which no test of another module could have one."""
    assert CHROMIUM is not None, "there is no Chromium: sudo apt-get install -y chromium (scripts/test does)"
    with sync_playwright() as playwright:
        # Its own sandbox wants what a container, or root, does not have.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, **how: Any) -> Iterator[Page]:
    """A page of nobody, until the block ends. An error of a script, and anything that the page's policy refused, is a
    failure then."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **how})
    page = context.new_page()
    troubles: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            troubles.append(said.text)

    def answered(response: Response) -> None:
        if not response.ok:
            print(response.status, response.request.method, response.url)

    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", heard)
    page.on("response", answered)
    page.on("requestfailed", lambda request: print(request.failure, request.method, request.url))
    try:
        yield page
    finally:
        context.close()
    assert troubles == []


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """See `watched`. How it looked at the end is kept."""
    with watched(browser) as page:
        yield page
        print(page.url, page.inner_text("body")[:_TOLD], sep="\n")  # for a report without its pictures
        picture(page, request.node.name)


def picture(page: Page, name: str) -> None:
    """Keep how a page looks."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name.replace('/', '_')}.png")
