"""The list of runs as a person uses it: what is looked for stands in the address, rows never jump, and what is done to
many runs is done to those that were counted."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.console import log_in
from tests.support.up import Up, until

WAITING: Final = 140
"""More than a page, and more than one part of a bulk action."""

LATER: Final = 86_400


@pytest.fixture(scope="module")
def shop(server: Up) -> Up:
    """A server with runs that ended, and with many that wait."""
    server.define(job_id="good", script="true", tags=["daily"])
    server.define(job_id="bad", script="exit 1", retry_policy={"max_retry": 0}, searchable=["customer.id"])
    server.define(job_id="waiting", script="true", queue="later")
    for _ in range(2):
        server.submit("good")
    for customer in (1, 2, 3):
        server.submit("bad", customer={"id": customer})
    wait(server, WAITING)
    until(lambda: len(listed(server, status="failed", job="bad")) == 3, "what fails")
    until(lambda: len(listed(server, status="completed", job="good")) == 2, "what completes")
    return server


def wait(server: Up, count: int) -> list[str]:
    """Submit runs that are due tomorrow; their ids."""
    order = {"job_id": "waiting", "delay_sec": LATER}
    answer = server.server.post("/runs", {"runs": [order] * count})
    return [run["run_id"] for run in answer["items"]]


def listed(server: Up, **query: Any) -> list[dict[str, Any]]:
    return list(server.server.get("/runs", limit=200, **query)["items"])


def rows(page: Page) -> Locator:
    return page.locator("tbody > tr")


def menu(page: Page, name: str) -> Locator:
    """Open one of the menus of filters."""
    box = page.get_by_role("group").filter(has=page.locator("summary", has_text=name))
    box.locator("summary").click()
    return box


def test_what_is_looked_for_is_chosen_removed_by_mouse_and_key_and_stands_in_the_address(page: Page, shop: Up) -> None:
    log_in(page, shop, "/runs")
    box = menu(page, "Status")
    box.get_by_label("failed").check()
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("Escape")
    menu(page, "Job").get_by_label("bad").check()
    page.keyboard.press("Escape")
    box = menu(page, "Input")
    box.get_by_label("Value").fill("2")
    box.get_by_role("button", name="Add").click()
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?status=failed&job=bad&where=customer\.id%3D2$"))
    page.reload()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Remove Input: customer.id=2").click()
    expect(rows(page)).to_have_count(3)
    page.get_by_role("button", name="Remove Job: bad").focus()
    page.keyboard.press("Delete")
    expect(page).to_have_url(re.compile(r"\?status=failed$"))
    menu(page, "Tag").get_by_label("daily").check()
    expect(page.get_by_text("The filters hide everything.")).to_be_visible()
    page.go_back()
    expect(rows(page)).to_have_count(3)
    page.get_by_role("searchbox", name="Search").fill("goo")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove Status: failed").click()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Clear all").click()
    expect(page).to_have_url(f"{shop.url}/console/runs")


def test_what_is_wrong_in_an_address_is_told_with_a_way_out(page: Page, shop: Up) -> None:
    log_in(page, shop, "/runs?status=lost")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("status")
    for query, said in (("stauts=failed", "stauts"), ("where=region%3D1", "region is no searchable input")):
        page.goto(f"{shop.url}/console/runs?{query}")
        expect(alert).to_contain_text(said)
    page.get_by_role("button", name="Clear filters").click()
    expect(rows(page).first).to_be_visible()


def test_a_period_is_chosen_by_the_reader_s_clock_and_asked_for_in_utc(page: Page, shop: Up) -> None:
    page.add_init_script("localStorage.setItem('treadle.zone', 'Asia/Jakarta')")
    log_in(page, shop, "/runs")
    menu(page, "Created").get_by_role("button", name="Today").click()
    expect(page).to_have_url(re.compile(r"created_after=\d{4}-\d\d-\d\dT17%3A00%3A00\.000Z$"))
    expect(page.get_by_role("button", name="Remove Created")).to_be_visible()
    box = menu(page, "Created")
    box.get_by_role("button", name="Between…").click()
    for label, text in (("Start date", "2026-11-01 00:00"), ("End date", "2026-11-02 12:30")):
        box.get_by_placeholder(label).fill(text)
        page.keyboard.press("Enter")
    expect(page).to_have_url(
        re.compile(r"created_after=2026-10-31T17%3A00%3A00\.000Z&created_before=2026-11-02T05%3A30%3A00\.000Z$")
    )


def test_new_runs_wait_behind_a_pill_while_rows_keep_their_places(page: Page, shop: Up) -> None:
    log_in(page, shop, "/runs?job=good&job=bad")
    expect(rows(page)).to_have_count(5)
    first = rows(page).first.inner_text()
    run_id = shop.submit("good")
    pill = page.get_by_role("button", name="1 new")
    expect(pill).to_be_visible()
    expect(rows(page)).to_have_count(5)
    assert rows(page).first.inner_text() == first
    pill.click()
    expect(rows(page)).to_have_count(6)
    expect(rows(page).first).to_contain_text(run_id)
    expect(rows(page).first).to_contain_text("completed")
    expect(pill).to_have_count(0)


def test_a_row_tells_how_it_stands_where_it_is_though_it_is_looked_for_no_more(page: Page, shop: Up) -> None:
    (run_id,) = wait(shop, 1)
    log_in(page, shop, f"/runs?status=scheduled&q={run_id}")
    expect(rows(page)).to_contain_text("scheduled")
    shop.server.post(f"/runs/{run_id}/cancel", {})
    expect(rows(page)).to_contain_text("cancelled")
    expect(rows(page)).to_have_count(1)


def test_pages_are_gone_through_and_back(page: Page, shop: Up) -> None:
    log_in(page, shop, "/runs?job=waiting&status=scheduled")
    expect(rows(page)).to_have_count(50)
    first = rows(page).first.inner_text()
    box = page.locator("th", has_text="Job").bounding_box()
    page.get_by_role("button", name="Older").click()
    expect(rows(page).first).not_to_have_text(first)
    assert page.locator("th", has_text="Job").bounding_box() == box
    page.get_by_role("button", name="Older").click()
    expect(page.get_by_role("button", name="Older")).to_have_count(0)
    expect(rows(page)).to_have_count(WAITING - 100)
    page.reload()
    expect(rows(page)).to_have_count(WAITING - 100)
    page.get_by_role("button", name="Newer").click()
    expect(rows(page)).to_have_count(50)
    page.get_by_role("button", name="Newest").click()
    expect(page).to_have_url(f"{shop.url}/console/runs?job=waiting&status=scheduled")


def test_rows_are_gone_through_picked_and_opened_by_keys(page: Page, shop: Up) -> None:
    log_in(page, shop, "/runs?job=waiting&status=scheduled")
    expect(rows(page)).to_have_count(50)
    for key in ("j", "j", "x", "Shift+ArrowDown", "Shift+j", "k"):
        page.keyboard.press(key)
    expect(page.get_by_text("3 runs selected")).to_be_visible()
    expect(rows(page).nth(2)).to_be_focused()
    run_id = rows(page).nth(2).get_by_role("link").first.inner_text()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{shop.url}/console/runs/{run_id}")


def test_a_view_is_saved_found_again_renamed_and_deleted(page: Page, shop: Up) -> None:
    log_in(page, shop, "/runs?status=failed&job=bad")
    box = menu(page, "Views")
    box.get_by_label("Save these filters as").fill("Mine")
    page.keyboard.press("Enter")
    page.goto(f"{shop.url}/console/runs")
    menu(page, "Views").get_by_role("link", name="Mine").click()
    expect(page).to_have_url(f"{shop.url}/console/runs?status=failed&job=bad")
    box = menu(page, "Views")
    box.get_by_role("button", name="Rename Mine").click()
    box.get_by_label("Rename Mine").fill("Ours")
    page.keyboard.press("Enter")
    expect(box.get_by_role("link", name="Ours")).to_be_visible()
    box.get_by_role("button", name="Delete Ours").click()
    expect(box.get_by_role("link", name="Ours")).to_have_count(0)
    box.get_by_role("link", name="Failed today").click()
    expect(rows(page)).to_have_count(3)
    kept = json.loads(page.evaluate("JSON.stringify(localStorage)"))
    assert kept == {'treadle.views.["admin",null]': "[]"}


def test_many_are_acted_upon_as_they_were_counted_and_what_comes_later_is_not(page: Page, shop: Up) -> None:
    before = {run["run_id"] for run in listed(shop, job="waiting", status="scheduled")}
    log_in(page, shop, "/runs?job=waiting")
    page.get_by_label("Select all runs on this page").check()
    expect(page.get_by_text("50 runs selected")).to_be_visible()
    page.get_by_role("button", name="Select all that match the filters").click()
    ended = len(listed(shop, job="waiting")) - len(before)
    expect(page.get_by_text(f"{len(before) + ended} runs selected, as they stood")).to_be_visible()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    later = set(wait(shop, 3))
    page.get_by_role("region", name="Selected runs").get_by_role("button", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(f"Cancel {len(before)} runs")
    expect(dialog).to_contain_text(f"{len(before)} of {len(before) + ended} runs")
    expect(dialog.get_by_text("will be left alone: ended already")).to_have_count(1 if ended else 0)
    page.reload()
    dialog.get_by_role("button", name=f"Cancel {len(before)} runs").click()
    expect(page.get_by_text(f"{len(before)} runs cancelled, or told to end")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?job=waiting&action=blk_\w+$"))
    page.reload()
    expect(page.get_by_text(f"{len(before)} runs cancelled, or told to end")).to_be_visible()
    assert {run["run_id"] for run in listed(shop, job="waiting", status="scheduled")} == later


def test_picked_runs_are_retried_spread_over_minutes(page: Page, shop: Up) -> None:
    log_in(page, shop, "/runs?job=bad&status=failed")
    rows(page).nth(0).get_by_role("checkbox").click()
    rows(page).nth(2).get_by_role("checkbox").click(modifiers=["Shift"])
    picked = [row.get_by_role("link").first.inner_text() for row in rows(page).all()]
    page.get_by_role("button", name="Retry").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Not now").click()
    rows(page).nth(1).get_by_role("checkbox").click()  # other runs than those that were frozen
    expect(page.get_by_text("2 runs selected")).to_be_visible()
    expect(page).not_to_have_url(re.compile("selection="))
    rows(page).nth(1).get_by_role("checkbox").click()
    page.get_by_role("button", name="Retry").click()
    dialog.get_by_label("Spread the starts over").fill("600")
    dialog.get_by_role("button", name="Retry 3 runs").click()
    expect(page.get_by_text("3 runs retried")).to_be_visible()
    retries = {run["retry_of"]: run for run in listed(shop, job="bad") if run["retry_of"]}
    assert sorted(retries) == sorted(picked)
    assert sorted(run["status"] == "scheduled" for run in retries.values()) == [False, True, True]


def test_a_selection_that_is_gone_is_told_in_words(page: Page, shop: Up) -> None:
    log_in(page, shop, "/runs?selection=sel_gone")
    expect(page.get_by_role("alert")).to_contain_text("there is no selection sel_gone")
    page.get_by_role("button", name="Clear selection").click()
    expect(page).to_have_url(f"{shop.url}/console/runs")


def test_who_may_only_read_is_offered_no_acts(page: Page, shop: Up) -> None:
    token = shop.server.post("/tokens", {"name": "reader", "scopes": ["read"]})["secret"]
    log_in(page, shop, "/runs", token=token)
    expect(rows(page).first).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
