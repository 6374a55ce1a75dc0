"""Schedules as a person sees and steers them."""

from __future__ import annotations

import re
from typing import Final

from playwright.sync_api import Page, expect

from tests.support.console import log_in
from tests.support.up import Up

BERLIN: Final = {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}


def test_a_first_schedule_is_paused_found_by_its_state_and_resumed(page: Page, server: Up) -> None:
    log_in(page, server, "/schedules")
    expect(page.get_by_text("No job runs by itself so far.")).to_be_visible()
    server.define(job_id="report", script="true", schedule={"cron": "30 7 * * 1-5", "timezone": "Asia/Jakarta"})
    page.reload()
    row = page.get_by_role("row").filter(has_text="report")
    expect(row).to_contain_text("every weekday at 07:30, Asia/Jakarta")
    row.get_by_role("button", name="Pause report").click()
    expect(row).to_contain_text("paused")
    assert server.server.get("/schedules/report")["paused"] is True
    page.get_by_label("Status").select_option("active")
    expect(page.get_by_text("The filters hide everything.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?standing=active$"))
    page.get_by_role("main").get_by_role("button", name="Clear filters").first.click()
    row.get_by_role("button", name="Resume report").click()
    expect(row).to_contain_text("active")


def test_a_schedule_tells_its_next_fires_with_what_the_clock_does_to_them(page: Page, server: Up) -> None:
    server.define(job_id="nightly", script="true", schedule=BERLIN)
    log_in(page, server, "/schedules?schedule=nightly&after=2099-03-27")
    sheet = page.get_by_role("dialog", name="Schedule nightly")
    expect(sheet).to_contain_text("every day at 02:30, Europe/Berlin")
    expect(sheet.get_by_role("row").filter(has_text="Mar 29, 2099, 03:00")).to_contain_text("moved")
    expect(sheet.get_by_role("row").filter(has_text="Mar 30, 2099, 02:30")).not_to_contain_text("moved")
    sheet.get_by_role("button", name="Run now").click()
    expect(sheet.get_by_role("status")).to_contain_text("Submitted: run_")
    expect(sheet.get_by_role("row").filter(has_text="by hand")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{server.url}/console/schedules")


def test_why_a_schedule_does_not_fire_is_said(page: Page, server: Up) -> None:
    server.define(job_id="off", script="true", enabled=False, schedule=BERLIN)
    server.define(job_id="slow", script="sleep 5", schedule={"interval_sec": 0.5})
    log_in(page, server, "/schedules?schedule=off")
    expect(page.get_by_role("dialog")).to_contain_text("Its job is disabled")
    page.goto(f"{server.url}/console/schedules?schedule=slow")
    skipped = page.get_by_role("dialog").get_by_role("row").filter(has_text="an earlier run was not finished")
    expect(skipped.first).to_be_visible()
    server.server.post("/jobs/slow/disable", None)


def test_a_backfill_shows_first_what_it_will_do_and_then_how_far_it_is(page: Page, server: Up) -> None:
    server.define(job_id="hourly", script="true", schedule={"cron": "0 * * * *"})
    log_in(page, server, "/schedules?schedule=hourly")
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Backfill").click()
    sheet.get_by_label("From (UTC)").fill("2026-01-05T00:00")
    sheet.get_by_label("To (UTC)").fill("2026-01-05T06:00")
    sheet.get_by_label("At most").fill("4")
    sheet.get_by_label("Order").select_option("newest")
    sheet.get_by_role("button", name="Show what would run").click()
    expect(sheet).to_contain_text("4 slots have no run; 2 more are beyond the limit.")
    expect(sheet).to_contain_text("Mon, Jan 5, 2026, 05:00")
    assert server.server.get("/runs", job="hourly")["items"] == []
    sheet.get_by_role("button", name="Submit 4 runs").click()
    expect(sheet).to_contain_text("4 of 4 finished")
    sheet.get_by_role("button", name="Show what would run").click()
    expect(sheet).to_contain_text("2 slots have no run; 4 in this time have runs already")


def test_a_backfill_leads_to_its_own_runs(page: Page, server: Up) -> None:
    server.define(job_id="made-up", script="true", schedule={"cron": "0 * * * *"})
    server.submit("made-up")
    log_in(page, server, "/schedules?schedule=made-up")
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Backfill").click()
    sheet.get_by_label("From (UTC)").fill("2026-01-05T00:00")
    sheet.get_by_label("To (UTC)").fill("2026-01-05T03:00")
    sheet.get_by_role("button", name="Show what would run").click()
    sheet.get_by_role("button", name="Submit 3 runs").click()
    expect(sheet).to_contain_text("3 of 3 finished")
    sheet.get_by_role("link", name="See the runs").click()
    expect(page.get_by_role("row").filter(has_text="made-up")).to_have_count(3)


def test_the_agenda_points_out_busy_minutes_and_the_heatmap_is_walked_by_keys(page: Page, server: Up) -> None:
    for name in ("copy-a", "copy-b", "copy-c"):
        server.define(job_id=name, script="true", schedule={"cron": "15 4 * * *", "timezone": "Asia/Jakarta"})
    server.submit("copy-a")
    log_in(page, server, "/schedules?view=agenda&q=copy")
    expect(page.get_by_text("3 schedules fire together").first).to_be_visible()
    page.goto(f"{server.url}/console/schedules?view=heatmap&q=copy")
    page.get_by_role("row").nth(1).locator("td").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"hour=25\b"))
    hour = page.get_by_role("region", name=re.compile("^Tuesday 01:00"))
    links = hour.get_by_role("link")
    expect(links).to_have_count(4)
    assert "finished_after=" in (links.first.get_attribute("href") or "")


def test_an_expression_is_tried_before_a_job_has_it(page: Page, server: Up) -> None:
    log_in(page, server, "/schedules?try=30+2+*+*+*&zone=Europe/Berlin&from=2099-10-24")
    box = page.get_by_role("dialog", name="Try an expression")
    expect(box.get_by_role("row").filter(has_text="Oct 25, 2099")).to_contain_text("repeated hour")
    box.get_by_label("Cron expression").fill("61 2 * * fry")
    box.get_by_role("button", name="Show").click()
    expect(box.get_by_role("alert")).to_contain_text("minute: 61 is not within 0-59")
    expect(box.get_by_role("alert")).to_contain_text("did you mean")


def test_it_speaks_indonesian(page: Page, server: Up) -> None:
    server.define(job_id="id", script="true", schedule={"cron": "30 7 * * 1-5", "timezone": "Asia/Jakarta"})
    page.add_init_script("localStorage.setItem('treadle.language', 'id')")
    log_in(page, server, "/schedules?schedule=id")
    expect(page.get_by_role("dialog")).to_contain_text("setiap hari kerja pukul 07.30, Asia/Jakarta")
    expect(page.get_by_role("dialog")).to_contain_text("Lima jadwal berikutnya")
