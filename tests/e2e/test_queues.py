"""Queues, dead letters, workers, lanes and messages, as a person steers them in the console."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.looks import narrow, shut_out
from tests.support.console import log_in, settle
from tests.support.office import Office
from tests.support.up import Up, until

TABS: Final = ("dead-letters", "workers", "lanes", "messages")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def confirm(page: Page, says: str, word: str) -> None:
    """Say yes to a question that names what it is about."""
    asked = page.get_by_role("dialog").filter(has_text=says)
    expect(asked).to_be_visible()
    asked.get_by_role("button", name=word).click()
    expect(asked).to_have_count(0)


def fail(server: Up, job_id: str, queue: str, count: int) -> list[str]:
    """Runs that have failed, of a job that does nothing else."""
    server.define(job_id=job_id, script="echo no ink >&2; exit 3", retry_policy={"max_retry": 0}, queue=queue)
    return fail_again(server, job_id, count)


def fail_again(server: Up, job_id: str, count: int) -> list[str]:
    ids = [server.submit(job_id, n=n) for n in range(count)]
    until(lambda: all(server.status(run_id) == "failed" for run_id in ids), "the end of the runs")
    return ids


def test_a_queue_is_paused_after_a_question_and_goes_on_once_resumed(page: Page, server: Up) -> None:
    server.define(job_id="letter", script="true", queue="mail")
    first = server.submit("letter")
    until(lambda: server.status(first) == "completed", "the end of the run")
    log_in(page, server, "/queues")
    mail = row(page, "mail")
    expect(mail).to_contain_text("open")
    mail.get_by_role("button", name="Pause mail").press("Enter")
    confirm(page, "Pause queue mail with 0 queued?", "Pause")
    expect(mail).to_contain_text("starts none until resumed")
    run_id = server.submit("letter")  # it comes into the counts by itself
    expect(mail.get_by_role("link", name="1", exact=True)).to_have_attribute(
        "href", "/console/runs?queue=mail&status=ready"
    )
    mail.get_by_role("button", name="Resume mail").click()
    expect(mail).to_contain_text("open")
    until(lambda: server.status(run_id) == "completed", "the end of the run")
    expect(mail.get_by_role("link", name="1", exact=True)).to_have_count(0)


def test_a_queue_is_drained_and_paced(page: Page, server: Up) -> None:
    server.server.post("/queues/parcels/pause?create=true")
    server.server.post("/queues/parcels/resume")
    log_in(page, server, "/queues")
    parcels = row(page, "parcels")
    parcels.get_by_role("button", name="Set rate limit parcels: none").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_label("Runs", exact=True).fill("30")
    dialog.get_by_label("Length of time").fill("2")
    dialog.get_by_label("Unit of time").select_option("min")
    dialog.get_by_role("button", name="Save").click()
    expect(parcels).to_contain_text("30 / 2 min")
    assert server.server.get("/queues/parcels")["rate"] == {"runs": 30, "window_sec": 120.0}
    parcels.get_by_role("button", name="Drain parcels").click()
    confirm(page, "New runs are refused", "Drain")
    expect(parcels).to_contain_text("drained")


def test_dead_letters_are_discarded_and_retried_by_what_matches_with_the_exact_count(page: Page, server: Up) -> None:
    fail(server, "print", "office", 3)
    (kept,) = fail(server, "copy", "office", 1)
    log_in(page, server, "/queues?tab=dead-letters")
    expect(page.get_by_role("button", name="Retry print")).to_have_count(3)
    page.get_by_label("Job", exact=True).fill("print")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("job=print"))
    expect(page.get_by_role("button", name="Retry copy")).to_have_count(0)
    letter = page.get_by_role("row").filter(has_text='{"n":2}')
    expect(letter).to_contain_text("exit_code")
    letter.get_by_role("button", name="Discard print").click()
    confirm(page, "without another try", "Discard")
    expect(letter).to_have_count(0)
    page.get_by_role("button", name="Discard all that match…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 of 2 runs")
    dialog.get_by_label("Why").fill("no printer")
    dialog.get_by_role("button", name="Discard 2 runs").click()
    expect(dialog).to_contain_text("2 runs discarded")
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("button", name=f"Retry copy {kept}")).to_be_visible()
    page.get_by_role("button", name=f"Retry copy {kept}").click()
    until(lambda: len(server.server.get("/runs", job="copy")["items"]) == 2, "the new run")
    discarded = [run["resolution"] for run in server.server.get("/runs", job="print")["items"]]
    assert sorted(each["why"] for each in discarded) == ["", "no printer", "no printer"]


def test_a_worker_shows_what_it_runs_and_is_disabled_and_enabled(page: Page, server: Up) -> None:
    server.define(job_id="long", script="exec sleep 600")
    run_id = server.submit("long")
    until(lambda: server.status(run_id) == "running", "the start of the run")
    log_in(page, server, "/queues?tab=workers")
    worker = page.get_by_role("row").filter(has=page.get_by_role("button", name="Disable"))
    expect(worker.get_by_role("link", name="long")).to_have_attribute("href", f"/console/runs/{run_id}")
    worker.get_by_role("button", name="Disable").click()
    confirm(page, "with 1 running?", "Disable")
    worker = page.get_by_role("row").filter(has=page.get_by_role("button", name="Enable"))
    expect(worker).to_contain_text("disabled")
    worker.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("row").filter(has=page.get_by_role("button", name="Disable"))).to_contain_text("online")
    server.server.post(f"/runs/{run_id}/cancel")


def test_a_lane_tells_who_holds_it_and_takes_a_limit_by_hand(page: Page, server: Up) -> None:
    server.define(job_id="single", script="exec sleep 600", max_concurrent=1)
    held, waits = server.submit("single"), server.submit("single")
    until(lambda: server.status(held) == "running", "the start of the run")
    log_in(page, server, "/queues?tab=lanes")
    lane = row(page, "job:single")
    expect(lane.get_by_role("link", name=held)).to_be_visible()
    lane.get_by_role("button", name="Set limit… job:single").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Limit", exact=True).fill("2")
    dialog.get_by_role("button", name="Save").click()
    expect(lane).to_contain_text("by hand (jobs: 1)")
    expect(lane.get_by_role("link", name=waits)).to_be_visible()
    lane.get_by_role("button", name="Take back").click()
    expect(lane).not_to_contain_text("by hand")
    for run_id in (held, waits):
        server.server.post(f"/runs/{run_id}/cancel")


def test_a_message_is_found_by_its_type_and_discarded(page: Page, server: Up) -> None:
    for kind in ("order", "invoice"):
        server.server.post("/messages", {"type": kind, "payload": {"to": kind}})
    log_in(page, server, "/queues?tab=messages&type=order")
    message = page.get_by_role("row").filter(has_text='{"to":"order"}')
    expect(message).to_contain_text("waiting")
    expect(page.get_by_text('{"to":"invoice"}')).to_have_count(0)
    message.get_by_role("button", name="Discard").click()
    confirm(page, "no run will get it", "Discard")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_is_open_to_everybody_and_fits_a_phone(page: Page, office: Office, tab: str) -> None:
    log_in(page, office.up, f"/queues?tab={tab}")
    settle(page)
    assert shut_out(page) + narrow(360)(page) == []
