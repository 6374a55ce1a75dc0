"""Failures in groups, and what waits for a person, in the console."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_queues import fail, fail_again
from tests.support.console import log_in
from tests.support.up import Up, until


@pytest.fixture(scope="module")
def group(server: Up) -> dict[str, Any]:
    """Three failures that are one and the same."""
    fail(server, "print", "office", 3)

    def counted() -> dict[str, Any] | None:
        return next((each for each in server.server.get("/failure-groups")["items"] if each["count"] == 3), None)

    return until(counted, "a group of three failures")


def test_without_failures_the_pages_say_what_will_appear(page: Page, server: Up) -> None:
    log_in(page, server, "/failures")
    expect(page.get_by_text("are grouped here by their error")).to_be_visible()
    page.goto(f"{server.url}/console/inbox")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()


def test_a_group_is_found_looked_into_resolved_and_opened_again(page: Page, server: Up, group: dict[str, Any]) -> None:
    log_in(page, server, "/failures?job=nobody")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    row = page.get_by_role("row").filter(has_text="exit_code")
    expect(row.get_by_role("img", name="3 in the last 7 days, by quarter of a day")).to_be_visible()
    row.get_by_role("link", name="exit_code").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("exit_code")
    expect(page.get_by_role("link", name=group["run_id"])).to_be_visible()
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("resolved")).to_be_visible()
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("button", name="Resolve")).to_be_visible()


def test_a_group_is_snoozed_and_left_out_until_then(page: Page, server: Up, group: dict[str, Any]) -> None:
    log_in(page, server, f"/failures/{group['group_id']}")
    page.get_by_role("button", name="Snooze…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="7 days").click()
    dialog.get_by_label("Why").fill("the printer is on its way")
    dialog.get_by_role("button", name="Snooze until").click()
    expect(page.get_by_text("snoozed")).to_be_visible()
    expect(page.get_by_text("the printer is on its way")).to_be_visible()
    page.goto(f"{server.url}/console/failures")
    expect(page.get_by_text("No open failures")).to_be_visible()
    page.goto(f"{server.url}/console/failures?status=snoozed")
    expect(page.get_by_role("row").filter(has_text="exit_code")).to_be_visible()
    server.server.post(f"/failure-groups/{group['group_id']}/reopen")


def test_what_waits_for_a_person_is_in_the_inbox(page: Page, server: Up, group: dict[str, Any]) -> None:
    log_in(page, server, "/inbox")
    expect(page.get_by_role("link", name="print")).to_have_count(3)
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_role("button", name="Retry print")).to_have_count(3)
    assert group["run_id"] in page.content()


def test_a_group_is_run_again_spread_over_minutes_what_fails_meanwhile_is_left(
    page: Page, server: Up, group: dict[str, Any]
) -> None:
    log_in(page, server, f"/failures/{group['group_id']}")
    page.get_by_role("button", name="Re-run the group…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 of 3 runs")
    (late,) = fail_again(server, "print", 1)
    dialog.get_by_label("Spread the starts over").fill("30")
    dialog.get_by_role("button", name="Retry 3 runs").click()
    expect(dialog).to_contain_text("3 runs retried")
    runs = server.server.get("/runs", job="print")["items"]
    assert len([run for run in runs if run["retry_of"]]) == 3
    assert len([run for run in runs if run["status"] == "scheduled"]) == 2  # the first starts at once
    assert next(run for run in runs if run["run_id"] == late)["resolution"] is None
