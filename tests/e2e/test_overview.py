"""The first page: how things are, what needs somebody, and the first half minute of a newcomer."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PICTURES, picture
from tests.support.console import log_in, settle
from tests.support.up import Up, until, up


@pytest.fixture(scope="module")
def worked(server: Up) -> Up:
    """A server on which two runs completed, and one failed."""
    server.define(job_id="fine", script="true")
    server.define(job_id="backup", script="echo the disk is full >&2; exit 3", retry_policy={"max_retry": 0})
    ids = [server.submit(job_id) for job_id in ("fine", "fine", "backup")]
    until(lambda: all(server.status(each) in {"completed", "failed"} for each in ids), "the ends of all runs")
    return server


class Stopwatch:
    """How long each step of a way took, kept beside the pictures of it."""

    def __init__(self, page: Page, name: str) -> None:
        self._page, self._name = page, name
        self._began = time.monotonic()
        self._steps: dict[str, float] = {}

    def step(self, what: str) -> None:
        self._steps[what] = round(time.monotonic() - self._began, 1)
        picture(self._page, f"{self._name} {len(self._steps)}")
        (PICTURES / f"{self._name}.json").write_text(json.dumps(self._steps, indent=2))


def link(server: Up) -> str:
    """What `treadle up` printed for the browser."""
    (found,) = re.findall(r"http\S+/console/#\S+", server.said)
    return str(found)


def steps_done(page: Page, count: int) -> None:
    expect(page.get_by_text(f"{count} of 4 done")).to_be_visible()


def legend(page: Page, outcome: str, count: str) -> None:
    expect(page.get_by_role("link", name=re.compile(f"^{outcome} {count}$"))).to_be_visible()


def test_the_first_half_minute(page: Page, tmp_path: Path) -> None:
    watch = Stopwatch(page, "first half minute")
    with up(tmp_path, "up") as server:
        watch.step("treadle up works")
        page.goto(link(server))
        settle(page)
        watch.step("the link that it printed has opened the overview")
        expect(page.get_by_role("link", name="See a run complete")).to_be_visible()
        legend(page, "completed", "[1-9]")
        watch.step("the demo has completed, and the chart has moved")
        steps_done(page, 2)
        server.submit("demo-heartbeat")
        legend(page, "completed", "[2-9]")
        watch.step("the chart has moved again")
        server.define(job_id="hello", script="echo hello", schedule={"interval_sec": 3600})
        steps_done(page, 4)
        watch.step("a job of one's own runs by itself")
        page.get_by_role("link", name="See a run complete").click()
        settle(page)
        expect(page.get_by_text("alive; load and processes").first).to_be_visible()
        watch.step("what the demo said")


def test_first_steps_that_were_put_away_stay_away(page: Page, server: Up) -> None:
    log_in(page, server)
    page.get_by_role("button", name="Put away").click()
    expect(page.get_by_role("heading", name="First steps")).to_have_count(0)
    page.reload()
    settle(page)
    expect(page.get_by_role("heading", name="First steps")).to_have_count(0)


def test_the_figures_follow_what_happens_without_a_reload(page: Page, worked: Up) -> None:
    log_in(page, worked)
    expect(page.get_by_role("link", name=re.compile("Success.*66.6%.*1 of 3 failed"))).to_be_visible()
    page.evaluate("window.stays = true")
    worked.submit("fine")
    expect(page.get_by_role("link", name=re.compile("Success.*75%.*1 of 4 failed"))).to_be_visible()
    assert page.evaluate("window.stays")


def test_what_needs_attention_leads_to_where_it_is_mended(page: Page, worked: Up) -> None:
    log_in(page, worked)
    failing = page.get_by_role("link", name="Job backup failed")
    expect(failing).to_be_visible()
    worked.server.post("/queues/default/pause")
    expect(page.get_by_role("link", name="Queue default is paused")).to_be_visible()
    worked.server.post("/queues/default/resume")
    expect(page.get_by_role("link", name="Queue default is paused")).to_have_count(0)
    expect(page.get_by_role("link", name="1 run failed for good, to be retried or discarded")).to_be_visible()
    failing.click()
    expect(page.get_by_text("the disk is full").first).to_be_visible()


@pytest.fixture
def chart(page: Page, worked: Up) -> Page:
    """The overview over a week, with what ended in its last bar."""
    log_in(page, worked, "/?range=7d")
    legend(page, "failed", "1")
    return page


def test_a_bar_tells_its_numbers_and_leads_to_its_runs(chart: Page) -> None:
    over = chart.locator(".u-over")
    box = over.bounding_box()
    assert box is not None
    foot = {"x": box["width"] - 4, "y": box["height"] - 4}
    over.hover(position=foot)  # type: ignore[arg-type]
    expect(chart.locator(".tip")).to_contain_text(re.compile("completed.*failed"))
    over.click(position=foot)  # type: ignore[arg-type]
    expect(chart).to_have_url(re.compile("/runs[?]status=completed&finished_after=20.*&finished_before=20"))
    expect(chart.get_by_role("table").get_by_text("fine").first).to_be_visible()


def test_the_same_numbers_stand_in_a_table_that_keys_reach(chart: Page) -> None:
    toggle = chart.get_by_role("button", name="As a table")
    toggle.focus()
    chart.keyboard.press("Enter")
    expect(chart).to_have_url(re.compile("table=1"))
    newest = chart.get_by_role("region", name="Outcomes").get_by_role("row").nth(1)
    newest.get_by_role("link", name="1", exact=True).click()  # the one that failed
    expect(chart).to_have_url(re.compile("/runs[?]status=failed&finished_after="))
    expect(chart.get_by_role("table").get_by_text("backup")).to_have_count(1)


def test_the_range_stands_in_the_address(page: Page, worked: Up) -> None:
    log_in(page, worked, "/?range=1h")
    expect(page.get_by_role("link", name="1 h", exact=True)).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="7 d").click()
    expect(page).to_have_url(re.compile("range=7d"))
    page.go_back()
    expect(page).to_have_url(re.compile("range=1h"))


def test_a_sentence_goes_to_the_editor_as_it_was_typed(page: Page, worked: Up) -> None:
    log_in(page, worked)
    sentence = "every day at 6 & 7, say “hello”"
    page.get_by_label("Describe a job").fill(sentence)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/jobs/new\?sentence=every"))
    expect(page.get_by_label("What it is for, in your words")).to_have_value(sentence)
