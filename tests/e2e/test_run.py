"""One run: why it failed, what it said, and what may be done about it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import picture
from tests.support.console import log_in
from tests.support.up import Up, until

LEDGER: Final = r"""
rows=$(tr -cd 0-9)  # of the inputs, as JSON
printf '\033[32mok\033[0m the books are open\n'
printf 'two receipts have no date\n'
[ "$rows" -le 500 ] || { echo 'the sum does not match' >&2; exit 3; }
"""
LONG: Final = "seq -f 'line %.0f of a long log' 20000; echo 'it is over' >&2"


@pytest.fixture(scope="module")
def night(server: Up) -> Up:
    """A server on which a job went well, and failed at night."""
    schema = {"type": "object", "properties": {"rows": {"type": "integer", "minimum": 0}}}
    server.define(job_id="ledger", script=LEDGER, retry_policy={"max_retry": 0}, inputs_schema=schema)
    _ended(server, server.submit("ledger", rows=120), "completed")
    _ended(server, server.submit("ledger", rows=812), "failed")
    return server


@pytest.fixture(scope="module")
def long(server: Up) -> str:
    """A run that said much."""
    server.define(job_id="long", script=LONG)
    return _ended(server, server.submit("long"), "completed")


def _ended(server: Up, run_id: str, status: str) -> str:
    until(lambda: server.status(run_id) == status, f"that {run_id} is {status}")
    return run_id


def _failed(server: Up) -> str:
    return str(server.server.get("/runs", job="ledger", status="failed")["items"][-1]["run_id"])


def _seen_at_once(page: Page, *parts: Locator) -> None:
    """That parts stand on the screen as it opens, without scrolling."""
    size = page.viewport_size
    assert size is not None
    for part in parts:
        expect(part).to_be_visible()
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + min(box["height"], 40) < size["height"], part


def test_failed_at_night_why_and_again_by_mouse(page: Page, night: Up) -> None:
    steps = 0
    log_in(page, night, "/runs?status=failed&job=ledger")
    run_id = _failed(night)
    page.get_by_role("link", name=run_id).click()
    steps += 1
    exception = page.get_by_role("heading", name=re.compile("exit"))
    log = page.locator(".excerpt .line-chosen").get_by_text("the sum does not match")
    changed = page.get_by_role("row").filter(has_text="inputs.rows")
    _seen_at_once(page, exception, log, changed)
    expect(changed).to_contain_text("120")
    expect(changed).to_contain_text("812")
    picture(page, "failed at night, by mouse, 1 why")
    page.get_by_role("button", name="Edit and retry").click()
    page.get_by_role("textbox", name="Input").fill('{"rows": 130}')
    picture(page, "failed at night, by mouse, 2 other input")
    page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    steps += 3
    expect(page.locator(".page-head .status")).to_contain_text("completed")
    expect(page.get_by_role("link", name=run_id)).to_be_visible()  # that it is a retry of
    picture(page, "failed at night, by mouse, 3 it went well")
    assert steps <= 4


def test_failed_at_night_why_and_again_by_keyboard_alone(page: Page, night: Up) -> None:
    run_id = _failed(night)
    log_in(page, night, "/runs?status=failed&job=ledger")
    expect(page.get_by_role("link", name=run_id)).to_be_visible()
    pressed = 0

    def press(key: str) -> None:
        nonlocal pressed
        page.keyboard.press(key)
        pressed += 1

    press("j")
    press("Enter")
    expect(page.get_by_text("the sum does not match").first).to_be_visible()
    picture(page, "failed at night, by keyboard, 1 why")
    address = page.url
    retry = page.get_by_role("button", name="Retry", exact=True)
    while not retry.evaluate("(button) => button === document.activeElement"):
        press("Tab")
        assert pressed < 12
    press("Enter")
    expect(page).not_to_have_url(address)
    expect(page.locator(".page-head .status")).to_contain_text("failed")  # nothing was changed
    picture(page, "failed at night, by keyboard, 2 again")


def test_input_that_the_job_does_not_take_is_told_by_its_place(page: Page, night: Up) -> None:
    log_in(page, night, f"/runs/{_failed(night)}")
    page.get_by_role("button", name="Edit and retry").click()
    box, retry = (
        page.get_by_role("textbox", name="Input"),
        page.get_by_role("dialog").get_by_role("button", name="Retry"),
    )
    box.fill('{"rows": ')
    expect(page.get_by_text("This is no JSON object")).to_be_visible()
    expect(retry).to_be_disabled()
    box.fill('{"rows": "many"}')
    retry.click()
    expect(page.locator(".faults code")).to_have_text("/inputs/rows")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_retry_gets_what_stands_in_the_editor_and_nothing_else(page: Page, night: Up) -> None:
    night.define(job_id="takes", script="cat", inputs={"id": 9007199254740993, "dry": True})
    run_id = _ended(night, night.submit("takes"), "completed")
    log_in(page, night, f"/runs/{run_id}?tab=io")
    expect(page.get_by_role("region", name="Input")).to_contain_text("9007199254740993")
    page.get_by_role("button", name="Edit and retry").click()
    box = page.get_by_role("textbox", name="Input")
    assert '"id": 9007199254740993' in box.input_value()
    box.fill('{"id": 9007199254740995}')
    page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    expect(page).not_to_have_url(re.compile(run_id))
    again = page.url.rsplit("/", 1)[1]
    assert night.server.get(f"/runs/{again}")["inputs"] == {"id": 9007199254740995}


def test_a_link_into_a_long_log_leads_to_its_line(page: Page, night: Up, long: str) -> None:
    log_in(page, night, f"/runs/{long}#L15000")
    line = page.locator("#L15000")
    expect(line).to_be_in_viewport()
    expect(line).to_contain_text("line 15000 of a long log")
    expect(line).to_have_class(re.compile("line-chosen"))
    assert page.locator(".line").count() < 500  # of the others only those around it are there
    page.get_by_role("log").focus()
    page.keyboard.press("Home")
    expect(page.locator("#L1")).to_be_in_viewport()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Line 3", exact=True).click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url == f"{night.url}/console/runs/{long}#L3"
    page.goto(f"{night.url}/console/runs/{long}?find=9999#L16000")  # what was looked for beside it is not gone to
    page.reload()
    expect(page.locator("#L16000")).to_be_in_viewport()


def test_a_long_log_is_searched_narrowed_read_as_text_and_downloaded(page: Page, night: Up, long: str) -> None:
    log_in(page, night, f"/runs/{long}")
    search = page.get_by_role("searchbox")
    search.fill("LINE 777")
    expect(page.get_by_text("1 of 11")).to_be_visible()  # 777, and 7770 to 7779
    search.press("Enter")
    expect(page.get_by_text("2 of 11")).to_be_visible()
    expect(page.locator(".line-chosen mark")).to_be_in_viewport()
    search.press("Shift+Enter")
    search.press("Shift+Enter")
    expect(page.get_by_text("11 of 11")).to_be_visible()
    search.fill("")
    page.get_by_label("Level").select_option("warning")
    expect(page.get_by_role("log")).to_have_text(re.compile("it is over"))
    expect(page.get_by_text("1 line", exact=True)).to_be_visible()
    page.get_by_label("Level").select_option("")
    page.get_by_label("Plain text").check()
    expect(page.locator(".plain-part")).to_have_count(21)
    text = page.get_by_role("log").text_content()
    assert text is not None
    assert text.count("\n") == 20_001
    expect(page).not_to_have_url(re.compile("find=|level="))
    search.fill("line 1999")
    expect(page.locator(".line-chosen")).to_be_in_viewport()
    expect(page.locator(".line-chosen mark")).to_have_text("line 1999")
    search.press("Enter")
    expect(page.locator(".line-chosen")).to_have_text("line 19990 of a long log")
    expect(page.locator(".line-chosen")).to_be_in_viewport()
    expect(page.locator("mark")).to_have_count(11)
    search.fill("")
    page.reload()
    expect(page.get_by_label("Plain text")).to_be_checked()  # it stands in the address
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download").click()
    said = Path(coming.value.path()).read_text().splitlines()
    assert (len(said), coming.value.suggested_filename) == (20_001, f"{long}.log")
    assert sum(line.endswith("warning it is over") for line in said) == 1


def test_colours_are_shown_and_nothing_else_of_what_drives_a_terminal(page: Page, night: Up) -> None:
    log_in(page, night, f"/runs/{_failed(night)}")
    expect(page.get_by_role("log").locator(".ansi-2")).to_have_text("ok")
    assert "\x1b" not in page.locator("main").inner_text()


def test_a_running_log_is_followed_until_one_scrolls_up_and_a_cancel_is_asked_for(page: Page, night: Up) -> None:
    night.define(job_id="talks", script="n=0; while :; do n=$((n+1)); echo said $n; [ $n -lt 200 ] || sleep 0.1; done")
    run_id = night.submit("talks")
    log_in(page, night, f"/runs/{run_id}")
    expect(page.locator("#L205")).to_be_in_viewport()
    follow = page.get_by_label("Follow")
    expect(follow).to_be_checked()
    page.get_by_role("log").hover()
    page.mouse.wheel(0, -600)
    expect(follow).not_to_be_checked()
    page.get_by_role("button", name="Cancel").click()
    dialog = page.get_by_role("dialog", name="Cancel this run of talks?")
    expect(dialog).to_contain_text("no further attempt begins")
    dialog.get_by_role("button", name="Cancel the run").click()
    expect(page.locator(".page-head .status")).to_contain_text("cancelled")


def test_each_attempt_tells_its_own_error_and_lines(page: Page, night: Up) -> None:
    retry = {"max_retry": 1, "backoff_sec": [0]}
    night.define(job_id="twice", script="echo as told; exit 4", retry_policy=retry)
    run_id = _ended(night, night.submit("twice"), "failed")
    log_in(page, night, f"/runs/{run_id}")
    expect(page.get_by_role("link", name=re.compile("Attempt 2: failed"))).to_be_visible()
    page.get_by_role("link", name=re.compile("Attempt 1: failed, tried again")).click()
    expect(page).to_have_url(re.compile("attempt=1"))
    expect(page.get_by_role("log").locator(".line").filter(has_text="as told")).to_have_count(1)
    page.get_by_role("tab", name="Logs").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Timeline")).to_be_focused()
    rows = page.get_by_role("tabpanel").get_by_role("row").filter(has_text="exit")
    expect(rows).to_have_count(2)
    for row in rows.all():
        expect(row.locator("time")).to_have_count(2)  # the last has a start of its own too


def test_what_a_run_waits_for_is_told_and_drawn(page: Page, night: Up) -> None:
    night.define(job_id="first", script="true", queue="closed")
    night.server.post("/queues/closed/pause")
    night.define(job_id="second", script="true")
    first = night.submit("first")
    body = {"inputs": {}, "depends_on": [first]}
    second = night.server.post("/jobs/second/run", body)["run_id"]
    log_in(page, night, f"/runs/{second}?tab=graph")
    expect(page.get_by_text("It waits for other runs to end: 1 of 1.")).to_be_visible()
    page.locator("svg").get_by_role("link", name=re.compile("first")).click()
    expect(page).to_have_url(re.compile(first))
    expect(page.locator(".why")).to_contain_text("Its queue “closed” is paused.")
    night.server.post("/queues/closed/resume")
    expect(page.locator(".page-head .status")).to_contain_text("completed")


def test_all_that_differs_from_the_last_success_is_compared(page: Page, night: Up) -> None:
    log_in(page, night, f"/runs/{_failed(night)}?tab=compare")
    panel = page.get_by_role("tabpanel")
    for field, before, after in (("inputs.rows", "120", "812"), ("status", "completed", "failed")):
        row = panel.get_by_role("row").filter(has=page.get_by_role("rowheader", name=field, exact=True))
        expect(row.get_by_role("cell")).to_have_text([before, after])
    page.get_by_label("Compare with run").fill("run_unknown")
    page.get_by_role("button", name="Show").click()
    expect(panel.get_by_role("alert")).to_contain_text("there is no run run_unknown")


def test_on_a_phone_the_chosen_tab_is_in_sight(page: Page, night: Up) -> None:
    page.set_viewport_size({"width": 320, "height": 1600})
    run = night.server.get("/runs", limit=1)["items"][0]["run_id"]
    log_in(page, night, f"/runs/{run}?tab=compare")
    expect(page.get_by_role("tab", name="Compare")).to_be_in_viewport(ratio=0.95)
    page.get_by_role("tab", name="Compare").focus()
    page.keyboard.press("Home")
    expect(page.get_by_role("tab", name="Logs")).to_be_in_viewport(ratio=0.95)
    page.goto(f"{night.url}/console/queues?tab=messages")
    expect(page.get_by_role("link", name="Messages")).to_be_in_viewport(ratio=0.95)
