"""Each path of the console, looked at as a whole: it is open to everybody, fits a phone, speaks its reader's language,
weighs little, and takes text for text. A path that is new in `routes.json` is looked at like the others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Final

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.e2e.conftest import picture, watched
from tests.e2e.looks import CALLS, Look, harmed, heavy, narrow, refuse, secrets, shut_out, unexplained, untranslated
from tests.support.console import ROUTES, address, log_in, settle
from tests.support.office import EMPTY, HOSTILE, HURT, Office

LISTS: Final = tuple(route for route in ROUTES if ":" not in route)
LANGUAGES: Final = {"en": "en-US", "id": "id-ID"}
COMBINATIONS: Final = ["-".join(each) for each in product(("light", "dark"), LANGUAGES, ("1280", "360"))]


def combinations() -> list[str]:
    """Theme, language and width: those of TREADLE_TEST_COMBINATION (`all`, or one), else another one every day."""
    asked = os.environ.get("TREADLE_TEST_COMBINATION") or COMBINATIONS[datetime.now(UTC).toordinal() % 8]
    return COMBINATIONS if asked == "all" else [asked]


def of_today(routes: tuple[str, ...]) -> tuple[str, ...]:
    """A quarter of the paths, another one every day; all of them where all combinations are asked for."""
    whole = os.environ.get("TREADLE_TEST_COMBINATION") == "all"
    return routes if whole else routes[datetime.now(UTC).toordinal() % 4 :: 4]


@pytest.fixture(params=combinations())
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page as one of its readers has it."""
    theme, language, width = request.param.split("-")
    viewport = {"width": int(width), "height": 800}
    with watched(browser, viewport=viewport, locale=LANGUAGES[language], color_scheme=theme) as page:
        yield page


@pytest.mark.timeout(900)
def test_every_route_is_open_to_everybody_and_fits_every_screen(
    page: Page, office: Office, request: pytest.FixtureRequest
) -> None:
    looks = {"axe": shut_out, "weight": heavy, "360 px": narrow(360), "zoom 200%": narrow(640)}
    walk(page, office, ROUTES, "default", looks, pictures=request.node.callspec.id)


@pytest.mark.timeout(900)
def test_every_route_without_anything_is_open_to_everybody(page: Page, office: Office) -> None:
    walk(page, office, LISTS, EMPTY, {"axe": shut_out})


@pytest.mark.timeout(900)
def test_text_stays_text_on_every_route_and_speaks_indonesian(browser: Browser, office: Office) -> None:
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    with watched(browser, locale="id-ID") as page:
        page.on("dialog", dismiss)
        looks = {"harm": harmed, "English": untranslated, "secrets": secrets(office)}
        walk(page, office, ROUTES, HOSTILE, looks)
    assert asked == []


@pytest.mark.timeout(900)
def test_every_route_says_what_went_wrong(page: Page, office: Office) -> None:
    page.route(CALLS, refuse)
    walk(page, office, LISTS, "default", {"axe": shut_out, "error": unexplained})


@pytest.mark.timeout(900)
@pytest.mark.parametrize("route", of_today(ROUTES))
def test_what_buttons_open_is_open_to_everybody_and_closed_by_a_key(page: Page, office: Office, route: str) -> None:
    page.route("**/api/v1/**", lambda call: call.continue_() if call.request.method == "GET" else call.abort())
    log_in(page, office.up, address(route, office.things["default"]))
    url = page.url
    wrong = [f"{name}: {said}" for name in names_of_buttons(page) for said in press(page, url, name)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(900)
def test_what_stands_around_pages_is_open_to_everybody(page: Page, office: Office) -> None:
    page.goto(f"{office.up.url}/console/")
    expect(page.locator("form")).to_be_visible()
    wrong = {"login": shut_out(page)}
    log_in(page, office.up, "/nowhere")
    wrong["a path that is not there"] = shut_out(page)
    for keys in ("Control+k", "?"):
        page.keyboard.press(keys)
        expect(page.get_by_role("dialog")).to_be_visible()
        wrong[keys] = shut_out(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    menu = page.locator("[aria-controls=rail]")
    if menu.is_visible():
        menu.click()
        wrong["drawer"] = shut_out(page)
        page.keyboard.press("Escape")
        expect(menu).to_have_attribute("aria-expanded", "false")
    assert not any(wrong.values()), wrong


def walk(
    page: Page, office: Office, routes: tuple[str, ...], domain: str, looks: dict[str, Look], *, pictures: str = ""
) -> None:
    """Visit each path as somebody of a domain. Fails with all that the looks complain of."""
    log_in(page, office.up, token=office.tokens[domain])
    usual = page.viewport_size
    assert usual is not None
    wrong = []
    for route in routes:
        page.goto(f"{office.up.url}/console{address(route, office.things[domain])}")
        settle(page)
        if pictures:
            picture(page, f"route {pictures} {route}")
        wrong += [f"{route}: {name}: {complaint}" for name, look in looks.items() for complaint in look(page)]
        page.set_viewport_size(usual)
    assert not wrong, "\n".join(wrong)


def test_markup_of_the_walk_is_seen(page: Page, office: Office) -> None:
    """The walk proves nothing where its texts are not shown."""
    log_in(page, office.up, address("/runs/:id", office.things[HOSTILE]), token=office.tokens[HOSTILE])
    assert HURT in page.inner_text("main")


OPENED: Final = "[role=dialog], [role=menu], [role=listbox], [role=tooltip], dialog[open]"


NAMES: Final = """all => all.filter((each) => !each.disabled).map((each) => {
  const name = each.getAttribute('aria-label') ?? each.innerText.trim();
  const cell = each.closest('td, th, li');
  return [name, cell === null ? name : [cell.cellIndex, [...cell.querySelectorAll('button')].indexOf(each)].join()];
})"""
ENDED: Final = """() => Promise.all(document.getAnimations()
  .filter(({effect}) => effect.getTiming().iterations !== Infinity).map(({finished}) => finished.catch(() => null)))"""


def names_of_buttons(page: Page) -> list[str]:
    """Those of a list are alike from row to row: one of each column is enough."""
    names = page.locator("main").get_by_role("button").evaluate_all(NAMES)
    return [name for name in {alike: name for name, alike in reversed(names)}.values() if name]


def press(page: Page, url: str, name: str) -> list[str]:
    """Press a button. Answers what is wrong with what it opens."""
    if page.url != url:
        page.goto(url)
        settle(page)
    button = page.locator("main").get_by_role("button", name=name, exact=True).first
    if not button.is_visible():
        return []
    button.click()
    opened = page.locator(OPENED).locator("visible=true")
    if opened.count() == 0:
        return []
    page.evaluate(ENDED)
    wrong = shut_out(page)
    page.keyboard.press("Escape")
    try:
        expect(opened).to_have_count(0)
    except AssertionError:
        wrong.append("Escape does not close it")
        page.goto(url)
        settle(page)
    return wrong
