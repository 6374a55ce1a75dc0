"""What a browser has of the console with a long history: its first paint on a slow machine, pages of the list of runs,
and how often pages are drawn anew while runs come in floods."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import urljoin

import msgspec
from playwright.async_api import Browser, Page, async_playwright, expect

from benchmarks.cases import history
from benchmarks.doors import TOKEN, Connection, api, define_job, request
from benchmarks.engines import NOOP, opened
from benchmarks.measure import Figures, Options, Report, at_most, interleave, medians, percentile
from benchmarks.processes import service, stopped, worker
from treadle.domain.errors import InvalidInput

NUMBERS: Final[Mapping[str, int]] = {"rows": 100_000, "pages": 200, "pace": 50, "seconds": 5}

_SLOWER: Final = 4
_PAINT_MS: Final = 2_500.0
_PAGE_MS: Final = 100.0
_RENDERS: Final = 10.0
_PAGE: Final = 50
_PATHS: Final[Mapping[str, str]] = {"overview": "/console/", "runs": "/console/runs"}

_PAINTED: Final = """() => new Promise((tell) => new PerformanceObserver(
  (list) => tell(list.getEntries().at(-1).startTime)).observe({type: 'largest-contentful-paint', buffered: true}))"""
_COUNT: Final = """window.renders = 0;
window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
  supportsFiber: true, inject: () => 1, onCommitFiberUnmount() {}, onCommitFiberRoot() { window.renders += 1; },
};"""


async def run(options: Options) -> Report:
    """See the module. A render is a commit of React's, as it tells the tools of developers."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise InvalidInput("there is no Chromium: sudo apt-get install -y chromium")
    folder = Path(options.folder)
    await history.one_run(options.engine, folder)
    await history.fill(options.engine, folder, options.numbers["rows"])
    await define_job(options.engine, folder)
    async with (
        opened(options.engine, folder) as store,
        worker(store, folder, concurrency=5),
        stopped(service("scheduler", folder, options.engine, {})),
        api(options.engine, folder) as port,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        url = f"http://127.0.0.1:{port}"

        async def paint(_round: int) -> Figures:
            return {name: await _paint(browser, url + path) for name, path in _PATHS.items()}

        async def page(_round: int) -> Figures:
            return {"p95_ms": await _leaf(Connection(port), options.numbers["pages"])}

        async def live(_round: int) -> Figures:
            connection, numbers = Connection(port), options.numbers
            return {name: await _live(browser, url + path, connection, numbers) for name, path in _PATHS.items()}

        spreads = await interleave({"paint_ms": paint, "page": page, "renders_per_sec": live}, options.rounds)
        await browser.close()
    figures = medians(spreads)
    goals = {name: at_most(figures[name], _PAINT_MS) for name in figures if name.startswith("paint_ms")}
    goals["page_p95_ms"] = at_most(figures["page_p95_ms"], _PAGE_MS)
    goals |= {name: at_most(figures[name], _RENDERS) for name in figures if name.startswith("renders_per_sec")}
    settings = {**options.numbers, "processor": f"{_SLOWER} times slower", "page": _PAGE, **options.store}
    return Report(figures=figures, goals=goals, spreads=spreads, settings=settings)


async def _open(browser: Browser, url: str) -> Page:
    """A page as one sees it who is logged in, on a processor that is made slower; its browser's cache was empty."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    login = urljoin(url, "/api/v1/session")
    answer = await context.request.post(login, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.ok, await answer.text()
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    await page.add_init_script(_COUNT)
    await page.goto(url)
    await page.wait_for_selector("main h1")
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return page


async def _paint(browser: Browser, url: str) -> float:
    """Milliseconds to the largest paint."""
    page = await _open(browser, url)
    painted = float(await page.evaluate(_PAINTED))
    await page.context.close()
    return painted


async def _leaf(connection: Connection, pages: int) -> float:
    """The 95th percentile of the milliseconds that a page of the list takes, each after the one before."""
    taken, cursor = [], ""
    for _ in range(pages):
        began = perf_counter()
        body = await connection(request(f"/runs?limit={_PAGE}{cursor}"))
        taken.append((perf_counter() - began) * 1000)
        cursor = f"&cursor={msgspec.json.decode(body)['next_cursor']}"
    return percentile(taken, 95)


async def _live(browser: Browser, url: str, connection: Connection, numbers: Mapping[str, int]) -> float:
    """Renders a second of a page while so many runs a second are submitted, and end."""
    page = await _open(browser, url)
    await page.wait_for_selector(".dot-live >> visible=true")
    loop = asyncio.get_running_loop()
    began, before = loop.time(), float(await page.evaluate("window.renders"))
    for number in range(numbers["pace"] * numbers["seconds"]):
        await asyncio.sleep(began + number / numbers["pace"] - loop.time())
        await connection(request(f"/jobs/{NOOP}/run", b'{"inputs":{"n":1}}'))
    renders = float(await page.evaluate("window.renders")) - before
    assert renders > 0, f"nothing of {url} has changed"
    await page.context.close()
    return renders / (loop.time() - began)
