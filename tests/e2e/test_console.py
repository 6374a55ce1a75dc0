"""The console as a person uses it."""

from __future__ import annotations

import re
from typing import Final

from playwright.sync_api import Page, expect

from tests.support.up import Up, until

PAYLOAD: Final = "<img src=x onerror=window.hurt=1><script>window.hurt=1</script>"
FAILING: Final = "echo the disk is full >&2; exit 3"


def log_in(page: Page, server: Up) -> None:
    page.goto(f"{server.url}/")
    page.get_by_label("Token", exact=True).fill((server.data / "local-token").read_text().strip())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


def test_from_a_failed_run_in_the_list_to_why_and_to_another_try(page: Page, server: Up) -> None:
    server.define(job_id="nightly", script=FAILING, retry_policy={"max_retry": 0})
    log_in(page, server)
    run_id = server.submit("nightly")  # it comes into the list by itself
    row = page.get_by_role("row").filter(has_text=run_id)
    expect(row).to_contain_text("failed", timeout=20_000)
    row.get_by_role("link", name=run_id).click()
    expect(page.get_by_role("heading", name=re.compile("3"))).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("the disk is full")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text(run_id)).to_have_count(0)
    assert len(until(lambda: server.server.get("/runs", job="nightly")["items"], "runs")) == 2


def test_what_is_looked_for_stands_in_the_address(page: Page, server: Up) -> None:
    server.define(job_id="fine", script="true")
    run_id = server.submit("fine")
    until(lambda: server.status(run_id) == "completed", "the end of the run")
    log_in(page, server)
    page.goto(f"{server.url}/console/runs?status=completed&job=fine")
    expect(page.get_by_role("link", name=run_id)).to_be_visible()
    page.goto(f"{server.url}/console/runs?status=cancelled")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(page).to_have_url(f"{server.url}/console/runs")
    expect(page.get_by_role("link", name=run_id)).to_be_visible()


def test_markup_in_names_logs_results_and_errors_stays_text(page: Page, server: Up) -> None:
    server.define(
        job_id="hostile", script="""printf '%s\\n' "$TREADLE_INPUT_TEXT" >&2; exit 1""", retry_policy={"max_retry": 0}
    )
    run_id = server.submit("hostile", text=PAYLOAD)
    until(lambda: server.status(run_id) == "failed", "the end of the run")
    log_in(page, server)
    page.goto(f"{server.url}/console/runs/{run_id}")
    expect(page.get_by_text(PAYLOAD).first).to_be_visible()
    assert page.evaluate("window.hurt") is None


def test_no_script_can_read_what_lets_one_in(page: Page, server: Up) -> None:
    log_in(page, server)
    token = (server.data / "local-token").read_text().strip()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert kept == '[{},{},""]'
    assert token not in page.content()


def test_it_speaks_indonesian_and_remembers(page: Page, server: Up) -> None:
    log_in(page, server)
    page.get_by_label("Language").click()
    page.get_by_title("Bahasa Indonesia").click()
    expect(page.get_by_role("heading", name="Eksekusi")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Eksekusi")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "id"
