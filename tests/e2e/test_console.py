"""The console as a person uses it."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page, expect

from tests.support.console import log_in
from tests.support.up import Up, until

PAYLOAD: Final = "<img src=x onerror=window.hurt=1><script>window.hurt=1</script>"


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


def test_markup_in_inputs_and_logs_stays_text(page: Page, server: Up) -> None:
    server.define(job_id="hostile", script="cat >&2; exit 1", retry_policy={"max_retry": 0})  # its inputs, as they came
    run_id = server.submit("hostile", text=PAYLOAD)
    until(lambda: server.status(run_id) == "failed", "the end of the run")
    log_in(page, server)
    page.goto(f"{server.url}/console/runs/{run_id}")
    expect(page.get_by_role("log")).to_contain_text(PAYLOAD)
    page.get_by_role("tab", name="Input / Result").click()
    expect(page.get_by_role("tabpanel")).to_contain_text(PAYLOAD)
    assert page.evaluate("window.hurt") is None


def test_no_script_can_read_what_lets_one_in(page: Page, server: Up) -> None:
    log_in(page, server)
    token = (server.data / "local-token").read_text().strip()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert kept == '[{},{},""]'
    assert token not in page.content()


def test_it_speaks_indonesian_and_remembers(page: Page, server: Up) -> None:
    log_in(page, server, "/runs")
    page.get_by_label("Language").select_option("id")
    expect(page.get_by_role("heading", name="Eksekusi")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Eksekusi")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "id"
