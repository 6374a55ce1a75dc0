"""What stands around the pages: the way in, the ways about, and what is said where the server is away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.looks import CALLS, PROBLEM, refuse
from tests.support.console import log_in
from tests.support.up import Up, until

REFUSED = "This link does not log in any more."


def link_of(server: Up) -> str:
    """The link that `treadle up` printed."""
    found = until(lambda: re.findall(r"http\S+/console/#code=\S+", server.said), "the link")
    return str(found[-1])


def told_of(page: Page, run_id: str) -> Locator:
    """A run in the list, or that there is a new one: where rows stand already, they do not jump."""
    return page.get_by_role("link", name=run_id).or_(page.get_by_role("button", name="1 new"))


def test_the_link_that_up_prints_logs_in_once(page: Page, server: Up) -> None:
    link = link_of(server)
    page.goto(link)
    expect(page.get_by_role("navigation")).to_contain_text("admin")
    assert "code" not in page.url
    page.goto("about:blank")
    page.goto(link)  # whoever is in stays in
    expect(page.get_by_role("navigation")).to_contain_text("admin")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    expect(page.get_by_text("admin")).to_have_count(0)
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)
    expect(page.get_by_label("Token", exact=True)).to_be_visible()
    assert "code" not in page.url


@pytest.mark.parametrize("asset", ["index-*.js", "words-*.js", "index-*.css"])
def test_a_page_whose_parts_were_ended_on_their_way_is_loaded_again(page: Page, server: Up, asset: str) -> None:
    page.route(f"**/assets/{asset}", lambda call: call.abort("failed"), times=1)
    log_in(page, server, "/runs")
    expect(page.get_by_role("heading", level=1, name="Runs")).to_be_visible()
    assert page.evaluate("[...document.styleSheets].filter(({href}) => href).length") > 1


def test_every_entry_leads_to_a_page_with_its_title_and_the_keys_go_on_there(page: Page, server: Up) -> None:
    log_in(page, server, "/runs")
    expect(page).to_have_title("Runs · Treadle")
    page.get_by_role("navigation").get_by_role("link", name="Settings").click()
    heading = page.get_by_role("heading", level=1, name="Settings")
    expect(heading).to_be_focused()
    expect(page).to_have_title(re.compile("Settings · Treadle"))
    expect(page.get_by_role("link", name="Settings")).to_have_attribute("aria-current", "page")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1, name="Runs")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("g r ?")  # what is typed into a box is no shortcut
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_address_of_nothing_says_so(page: Page, server: Up) -> None:
    log_in(page, server, "/no/such/page")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page).to_have_title("There is no such page · Treadle")


def test_the_palette_finds_pages_jobs_and_runs_and_does_things_by_keys_alone(page: Page, server: Up) -> None:
    server.define(job_id="palette-job", name="Nightly numbers", script="true")
    run_id = server.submit("palette-job")
    log_in(page, server, "/runs")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="A page, a job")
    expect(box).to_be_focused()
    box.fill("nightly num")
    expect(page.get_by_role("option", name="Nightly numbers")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/console/jobs/palette-job")
    page.keyboard.press("Control+k")
    box.fill(run_id)
    expect(page.get_by_role("option", name=run_id)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/console/runs/{run_id}")
    page.keyboard.press("Control+k")
    box.fill("theme")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("dialog").get_by_role("option", selected=True)
    expect(chosen).to_have_text("Theme: Dark")
    expect(box).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Control+k")
    box.fill("nothing is called so")
    expect(page.get_by_role("status").filter(has_text="Nothing is called so.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_list_of_keys_opens_by_a_question_mark(page: Page, server: Up) -> None:
    log_in(page, server, "/runs")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to anything")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_times_stand_in_the_zone_that_was_chosen_and_say_so(page: Page, server: Up) -> None:
    server.define(job_id="zoned", script="true")
    server.submit("zoned")
    log_in(page, server, "/runs?job=zoned")
    page.get_by_label("Time zone").select_option("UTC")
    moment = page.locator("main time").first
    expect(moment).to_have_attribute("title", re.compile(r"\(UTC\)$"))
    at = (moment.get_attribute("datetime") or "")[11:19]
    expect(moment).to_contain_text(at)
    page.evaluate("localStorage.setItem('treadle.zone', 'Asia/Jakarta')")
    page.reload()
    expect(moment).to_have_attribute("title", re.compile(r"\(Asia/Jakarta\)$"))
    expect(moment).to_contain_text(f"{(int(at[:2]) + 7) % 24:02}{at[2:]}")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Jakarta")


def test_a_lost_connection_is_said_and_so_is_since_when(page: Page, server: Up) -> None:
    log_in(page, server, "/runs")
    navigation = page.get_by_role("navigation")
    expect(navigation.get_by_role("status")).to_have_text("Live")
    page.context.set_offline(True)
    bar = page.get_by_role("alert").filter(has_text="No connection")
    expect(bar.locator("time")).to_be_visible()
    expect(navigation.get_by_role("status")).to_have_text("No connection")
    server.define(job_id="meanwhile", script="true")
    run_id = server.submit("meanwhile")
    page.context.set_offline(False)
    expect(navigation.get_by_role("status")).to_have_text("Live")
    expect(bar).to_have_count(0)
    expect(told_of(page, run_id)).to_be_visible()  # what was missed


def test_a_page_that_cannot_be_loaded_says_so_and_leaves_all_else_standing(page: Page, server: Up) -> None:
    log_in(page, server, "/runs")
    page.context.set_offline(True)
    page.get_by_role("link", name="Queues").click()
    again = page.get_by_role("main").get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    page.get_by_role("link", name="Queues").click()
    page.context.set_offline(False)
    again.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Queues")


def test_a_page_that_could_not_be_loaded_once_is_asked_for_again(page: Page, server: Up) -> None:
    log_in(page, server, "/runs")
    lost: list[str] = []

    def lose(call: Route) -> None:
        lost.append(call.request.url)
        call.abort("connectionreset")

    page.route("**/*.js", lose, times=1)
    page.get_by_role("link", name="Queues").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Queues")
    assert len(lost) == 1


def test_a_server_that_ends_is_missed_and_found_again(page: Page, server: Up) -> None:
    log_in(page, server, "/runs")
    status = page.get_by_role("navigation").get_by_role("status")
    expect(status).to_have_text("Live")
    server.kill_service("api")
    expect(status).to_have_text("Live")
    run_id = server.submit(server.define(job_id="after", script="true"))
    expect(told_of(page, run_id)).to_be_visible()


def test_what_the_server_could_not_answer_is_asked_for_again(page: Page, server: Up) -> None:
    log_in(page, server, "/overview")
    page.route(CALLS, refuse)
    page.goto(f"{server.url}/console/settings/tokens")  # of which no event tells
    main = page.get_by_role("main")
    expect(main.get_by_role("alert")).to_contain_text(str(PROBLEM["detail"]))
    page.unroute(CALLS)
    expect(main.get_by_role("alert")).to_have_count(0)
    expect(main.get_by_role("button", name="New token")).to_be_visible()


def test_a_session_that_ends_shows_the_login_and_then_the_same_page(page: Page, server: Up) -> None:
    log_in(page, server, "/runs?status=cancelled")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.context.clear_cookies()
    server.submit(server.define(job_id="unseen", script="true"))  # of which the page wants to know more
    expect(page.get_by_role("status").filter(has_text="Your session has ended")).to_be_visible()
    expect(page).to_have_title("Log in · Treadle")
    page.get_by_label("Token", exact=True).fill((server.data / "local-token").read_text().strip())
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    expect(page).to_have_url(f"{server.url}/console/runs?status=cancelled")


@pytest.mark.parametrize("language", ["en", "id"])
def test_on_a_phone_the_rail_is_a_drawer(page: Page, server: Up, language: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.add_init_script(f"localStorage.setItem('treadle.language', '{language}')")
    log_in(page, server, "/runs")
    rail = page.locator("#rail")
    expect(rail).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(rail).to_be_visible()
    page.keyboard.press("Escape")
    expect(rail).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Setelan" if language == "id" else "Settings").click()
    expect(rail).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
