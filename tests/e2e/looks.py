"""What can be wrong with any page of the console. Each look answers its complaints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, expect

from tests.support.console import CONSOLE
from tests.support.office import Office

Look = Callable[[Page], list[str]]
"""Answers what is wrong with a page."""

KIB: Final = 1024
BUDGETS: Final = {"/": 220, "/runs": 210}
"""How many KiB of scripts and styles, packed, a first visit may load; any other path 340."""


AXE: Final = """async () => {
  const {violations} = await axe.run(document);
  return violations.flatMap(({id, nodes}) => nodes.map(
    ({html, any}) => `${id}: ${html.slice(0, 200)} ${any[0]?.message ?? ''}`));
}"""


def shut_out(page: Page) -> list[str]:
    """What keeps somebody from using a page: who does not see it, or has no mouse."""
    page.evaluate((CONSOLE / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    return list(page.evaluate(AXE))


PROBLEM: Final = {
    "title": "The database does not answer",
    "detail": "It was asked three times.",
    "status": 503,
    "code": "unavailable",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
}
CALLS: Final = re.compile(r"/api/v1/(?!session|events)")
"""The paths whose answers a page shows."""

_TITLES: Final = {"en": "The server cannot take this now", "id": "Server belum dapat menerima ini"}
"""What a problem of this code is called, in the languages of its readers."""


def refuse(call: Route) -> None:
    """Answer a call by the problem."""
    call.fulfill(status=503, json=PROBLEM, content_type="application/problem+json")


ASKED: Final = """() => performance.getEntriesByType('resource')
  .filter(({name}) => /api.v1.(?!session|events)/.test(name)).length"""


def unexplained(page: Page) -> list[str]:
    """What a page keeps to itself of an answer that went wrong."""
    if not page.evaluate(ASKED):
        return []
    title = _TITLES[page.evaluate("document.documentElement.lang")]
    for name, said in (("title", title), ("detail", PROBLEM["detail"]), ("trace_id", PROBLEM["trace_id"])):
        try:
            expect(page.locator("main")).to_contain_text(str(said))
        except AssertionError:
            return [f"without its {name}"]
    return []


LOADED: Final = """() => performance.getEntriesByType('resource')
  .filter(({name}) => name.includes('/console/assets/')).map(({encodedBodySize}) => encodedBodySize)"""


def heavy(page: Page) -> list[str]:
    """The weight of a first visit, where it is over the path's budget."""
    weight, most = sum(page.evaluate(LOADED)) / KIB, BUDGETS.get(urlsplit(page.url).path.removeprefix("/console"), 340)
    return [f"{weight:.0f} KiB, of {most}"] if weight > most else []


BEYOND: Final = """async () => {
  const beyond = () => document.documentElement.scrollWidth - window.innerWidth;
  // What is drawn to the size of its place, such as a chart, follows some frames after.
  for (let frames = 0; frames < 60 && beyond() > 0; frames += 1) await new Promise(requestAnimationFrame);
  const wide = beyond();
  if (wide <= 0) return [];
  const scrolls = (each) => each && (getComputedStyle(each).overflowX !== 'visible' || scrolls(each.parentElement));
  const out = [...document.body.querySelectorAll('*')].filter(
    (each) => each.getBoundingClientRect().right > window.innerWidth && !scrolls(each.parentElement));
  return [`${wide} px: `, ...out.slice(-3).map((each) => each.outerHTML.slice(0, 120))];
}"""


def narrow(width: int) -> Look:
    """What stands beyond the right edge of a screen."""

    def look(page: Page) -> list[str]:
        page.set_viewport_size({"width": width, "height": 740})
        return list(page.evaluate(BEYOND))

    return look


HARM: Final = """() => [
  window.hurt && 'a script ran',
  ...[...document.querySelectorAll('[href^="javascript:" i], [src="x"]')].map((each) => each.outerHTML.slice(0, 200)),
].filter(Boolean)"""


def harmed(page: Page) -> list[str]:
    """What came of markup that is to be shown as it stands."""
    return list(page.evaluate(HARM))


def secrets(office: Office) -> Look:
    """Where a page, or what its browser keeps for scripts, holds a token."""
    tokens = [(office.up.data / "local-token").read_text().strip(), *filter(None, office.tokens.values())]

    def look(page: Page) -> list[str]:
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
        return [token[:9] for token in tokens if token in kept + page.content()]

    return look


_WORDS: Final = re.compile(r'\w+: \[\s*("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*"),?\s*\]')
SAID: Final = """() => {
  const texts = [...document.querySelectorAll('[aria-label], [placeholder], [title]')].flatMap(
    (each) => ['aria-label', 'placeholder', 'title'].map((name) => each.getAttribute(name)));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const {parentElement, data} = walker.currentNode;
    if (!parentElement.closest('pre, code, .mono')) texts.push(data);
  }
  return [...new Set(texts.filter(Boolean).map((text) => text.trim()))];
}"""


def english() -> set[str]:
    """The dictionaries' English words that are no Indonesian ones."""
    lines = [
        (json.loads(first), json.loads(second))
        for words in sorted((CONSOLE / "src").rglob("words*/*.ts")) + sorted((CONSOLE / "src").rglob("words.ts"))
        for first, second in _WORDS.findall(words.read_text(encoding="utf-8"))
    ]
    assert lines
    return {first for first, _ in lines} - {second for _, second in lines}


def untranslated(page: Page) -> list[str]:
    """English words, and times of day as English writes them, on a page that is read in Indonesian."""
    said = page.evaluate(SAID)
    times = [text for text in page.locator("main time").all_inner_texts() if re.search(r"\d:\d\d", text)]
    return sorted(english() & set(said)) + times
