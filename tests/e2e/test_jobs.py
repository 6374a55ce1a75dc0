"""Jobs in the console: from nothing to a running one, the list, a job's page, and the editor."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.conftest import picture
from tests.support.console import log_in, settle
from tests.support.up import Up, until

MASK: Final = "***"
FULL: Final = {
    "job_id": "full",
    "name": "Full",
    "executor": {"type": "shell", "script": "true", "env": {"LEVEL": MASK}},
    "completion": {"stdout_contains": ["done"]},
    "secrets": ["BACKUP_KEY"],
    "inputs": {"big": 9007199254740993, "zip": "00123", "region": "java"},
    "searchable": ["region"],
    "affinity": {"tags": ["gpu"]},
    "schedule": {"cron": "30 2 * * 1-5", "timezone": "Asia/Jakarta", "start_at": "2026-11-05T00:00:00Z"},
    "enabled": False,
}


class Steps:
    """The steps that somebody takes, each kept as a picture."""

    def __init__(self, page: Page, way: str) -> None:
        self.count = 0
        self._page = page
        self._way = way

    def take(self, what: str, step: Callable[[], None]) -> None:
        step()
        self.count += 1
        picture(self._page, f"first job {self._way} {self.count} {what}")


def test_from_nothing_to_a_running_job_by_mouse(page: Page, server: Up) -> None:
    log_in(page, server, "/jobs")
    expect(page.get_by_text("treadle job create hello.yaml")).to_be_visible()  # nothing yet: all three ways to a job
    steps = Steps(page, "mouse")
    steps.take("new job", page.get_by_role("button", name="New job").first.click)
    expect(page.get_by_role("heading", name="New job")).to_be_visible()
    steps.take("name", lambda: page.get_by_label("Name", exact=True).fill("By mouse"))
    steps.take("create", page.get_by_role("button", name="Create job").click)
    expect(page.get_by_role("heading", name="By mouse", exact=True)).to_be_visible()
    steps.take("run now", page.get_by_role("button", name="Run now").click)
    steps.take("start", page.get_by_role("button", name="Start run").click)
    expect(page).to_have_url(re.compile(r"/console/runs/run_"))
    expect(page.get_by_text("completed").first).to_be_visible()
    picture(page, "first job mouse completed")
    assert steps.count == 5


def test_from_nothing_to_a_running_job_by_keys_alone(page: Page, server: Up) -> None:
    log_in(page, server, "/jobs")
    steps = Steps(page, "keys")

    def press(role: Any, name: str) -> Callable[[], None]:
        def step() -> None:
            control = page.get_by_role(role, name=name, exact=True).first
            expect(control).to_be_visible()
            for _ in range(60):
                if control.evaluate("each => each === document.activeElement"):
                    break
                page.keyboard.press("Tab")
            expect(control).to_be_focused()
            page.keyboard.press("Enter")

        return step

    steps.take("new job", press("button", "New job"))
    expect(page.get_by_role("heading", name="New job")).to_be_focused()

    def name() -> None:
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.get_by_label("Name", exact=True).evaluate("each => each === document.activeElement"):
                break
        page.keyboard.type("By keys")

    steps.take("name", name)
    steps.take("create", lambda: page.keyboard.press("Enter"))
    expect(page.get_by_role("heading", name="By keys", exact=True)).to_be_focused()
    steps.take("run now", press("button", "▶ Run now"))
    steps.take("start", press("button", "Start run"))
    expect(page).to_have_url(re.compile(r"/console/runs/run_"))
    expect(page.get_by_text("completed").first).to_be_visible()
    assert steps.count == 5


def test_form_and_yaml_change_one_document_and_lose_nothing(page: Page, server: Up) -> None:
    before = server.server.post("/jobs", FULL)
    log_in(page, server, "/jobs/full/edit")
    page.get_by_label("Name", exact=True).fill("Fuller")
    page.get_by_label("Retries").fill("7")
    page.get_by_role("button", name="YAML", exact=True).click()
    text = page.get_by_role("textbox", name="YAML", exact=True)
    expect(text).to_have_value(re.compile("name: Fuller\n"))
    expect(text).to_have_value(re.compile("big: 9007199254740993\n"))
    text.fill(text.input_value().replace('description: ""', "description: by hand # and why"))
    page.get_by_role("button", name="Form").click()
    expect(page.get_by_label("in your words")).to_have_value("by hand")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Fuller", exact=True)).to_be_visible()
    after = server.server.get("/jobs/full")
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"name", "description", "retry_policy", "version", "updated_at"}
    assert after["retry_policy"] == {**before["retry_policy"], "max_retry": 7}
    assert (after["secrets"], after["executor"]["env"]["LEVEL"]) == (["BACKUP_KEY"], MASK)
    assert after["inputs"]["big"] == FULL["inputs"]["big"]  # type: ignore[index]


def test_what_few_jobs_say_is_folded_until_it_is_said(page: Page, server: Up) -> None:
    log_in(page, server, "/jobs/new?view=yaml")
    text = page.get_by_role("textbox", name="YAML", exact=True)
    text.fill(
        "name: seldom\nexecutor: {type: shell, script: echo hello, env: {TARGET: a=b}}\n"
        "retry_policy: {delay_sec: 3}\naffinity: {tags: [gpu, eu]}\nunique: {}\n"
    )
    page.get_by_role("button", name="Form").click()
    form = page.locator("form.editor")
    for label, value in (("Variables", "TARGET=a=b"), ("Delay (seconds)", "3"), ("Tags, all of", "gpu, eu")):
        expect(form.get_by_label(label)).to_have_value(value)
    form.get_by_label("Variables").fill("TARGET=c\nPORT=8080")
    form.get_by_label("Delay before a retry").select_option("longer each time")
    form.get_by_label("At most (seconds)").fill("")
    expect(form.get_by_text("A number is needed here")).to_be_visible()
    form.get_by_label("At most (seconds)").fill("60")
    form.get_by_label("A run stands in the way").select_option("for some time")
    form.get_by_label("Equal by the key").fill("{nobody}}")
    expect(form.get_by_label("Equal by the key")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Equal by the key").fill("")
    expect(form.get_by_label("Key", exact=True)).not_to_be_visible()
    form.get_by_text("One limit for each account").click()
    form.get_by_label("Key", exact=True).fill("{account}")
    page.get_by_role("button", name="Create job").click()
    expect(page.get_by_role("heading", name="seldom", exact=True)).to_be_visible()
    job = server.server.get("/jobs/seldom")
    assert job["executor"]["env"] == {"TARGET": "c", "PORT": "8080"}
    assert job["retry_policy"]["backoff"] == {"base": 1, "factor": 2, "cap": 60}
    assert (job["unique"], job["concurrency_key"]) == ({"until": 3600}, "{account}")


def test_what_is_wrong_is_said_at_its_field_and_its_line_and_what_is_right_tells_when_it_fires(
    page: Page, server: Up
) -> None:
    log_in(page, server, "/jobs/new?view=yaml&sentence=Each%20morning%20a%20report")
    text = page.get_by_role("textbox", name="YAML", exact=True)
    expect(text).to_have_value(re.compile("description: Each morning a report\n"))
    text.fill("name: report\nexecutor:\n  type: shell\n  script: true\nqueu: a\nschedule:\n  cron: 61 * * * *\n")
    faults = page.get_by_role("complementary", name="Check")
    expect(faults).to_contain_text("3 things are wrong")
    for line, pointer in ((4, "/executor/script"), (5, "/queu"), (7, "/schedule/cron")):
        expect(faults.get_by_role("listitem").filter(has_text=pointer)).to_contain_text(f"line {line}")
    page.get_by_role("button", name="Form").click()
    cron = page.get_by_label("Cron expression")
    expect(cron).to_have_attribute("aria-invalid", "true")
    cron.fill(f"30 2 {spring_forward():%-d %-m} *")
    page.get_by_role("main").get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_label("Script").fill("echo hello")
    faults.get_by_role("button", name="line 5").click()
    text.fill(text.input_value().replace("queu: a\n", ""))
    expect(faults).to_contain_text("It can be saved")
    expect(faults.get_by_text("moved")).to_be_visible()  # the clock jumps over half past two


def spring_forward() -> date:
    """The next day on which the clocks of Berlin jump from two to three."""
    today = datetime.now(UTC).date()
    days = [date(year, 3, 31) for year in (today.year, today.year + 1)]
    sundays = [day.replace(day=31 - (day.weekday() + 1) % 7) for day in days]
    return next(day for day in sundays if day > today)


def test_who_saves_over_somebody_else_is_shown_what_differs(page: Page, server: Up) -> None:
    server.define(job_id="shared", script="true")
    log_in(page, server, "/jobs/shared/edit")
    page.get_by_label("in your words").fill("mine")
    server.server.put("/jobs/shared", {"job_id": "shared", "executor": {"type": "shell", "script": "theirs"}})
    expect(page.get_by_text("Somebody has just changed this job")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Somebody changed it meanwhile")
    expect(dialog).to_contain_text("removed script: theirs")
    expect(dialog).to_contain_text("added description: mine")
    dialog.get_by_role("button", name="Save mine over it").click()
    expect(page.get_by_role("heading", name="shared", exact=True)).to_be_visible()
    job = server.server.get("/jobs/shared")
    assert (job["version"], job["description"], job["executor"]["script"]) == (3, "mine", "true")


def test_leaving_unsaved_changes_asks(page: Page, server: Up) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    log_in(page, server, "/jobs")
    page.get_by_role("button", name="New job").first.click()
    page.get_by_label("Name", exact=True).fill("Half done")
    page.on("dialog", stay)
    page.get_by_role("link", name="Runs").click()
    with page.expect_event("dialog"):
        page.evaluate("history.back()")
    assert asked == ["Leave without saving your changes?"] * 2
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half done")
    expect(page).to_have_url(re.compile("/jobs/new$"))
    page.remove_listener("dialog", stay)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Runs").click()
    expect(page).to_have_url(re.compile("/runs"))


def test_the_list_is_found_by_its_address_and_starts_and_switches_jobs(page: Page, server: Up) -> None:
    server.define(job_id="weekly", name="Weekly report", script="true", tags=["money"], schedule={"cron": "0 9 * * 1"})
    server.define(job_id="broken", script="exit 1", retry_policy={"max_retry": 0})
    run_id = server.submit("broken")
    until(lambda: server.status(run_id) == "failed", "the end of the run")
    log_in(page, server, "/jobs?tag=money")
    row = page.get_by_role("row").filter(has_text="Weekly report")
    expect(row).to_contain_text("every Monday at 09:00")
    expect(page.get_by_role("row")).to_have_count(2)
    row.get_by_role("switch", name="Disable Weekly report").click()
    expect(row.get_by_role("switch", name="Enable Weekly report")).to_be_visible()
    assert server.server.get("/jobs/weekly")["enabled"] is False
    row.get_by_role("button", name="Run Weekly report now").click()
    expect(page.get_by_role("status").filter(has_text="Run accepted")).to_be_visible()
    expect(row.get_by_role("img", name="of the last 1 runs 1 completed and 0 failed")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_label("Last run failed").check()
    expect(page).to_have_url(re.compile(r"/jobs\?failing=true$"))
    expect(page.get_by_role("link", name="broken")).to_be_visible()
    expect(page.get_by_role("link", name="Weekly report")).to_have_count(0)
    page.goto(f"{server.url}/console/jobs?q=nowhere")
    expect(page.get_by_text("The filters hide everything")).to_be_visible()


@pytest.fixture
def report(server: Up) -> str:
    """A job with inputs, another before it, and an earlier version."""
    schema = {"type": "object", "properties": {"region": {"type": "string"}, "limit": {"type": "integer"}}}
    server.define(job_id="gather", script="true")
    server.define(job_id="report", script="true", inputs={"region": "java"}, inputs_schema=schema, after=["gather"])
    old = server.server.get("/jobs/report")
    server.server.put("/jobs/report", {**old, "timeout_ms": 60_000})
    return "report"


def test_a_job_is_run_with_other_inputs_compared_rolled_back_and_deleted(page: Page, server: Up, report: str) -> None:
    log_in(page, server, f"/jobs/{report}")
    expect(page.get_by_role("listitem").filter(has_text="runs after")).to_contain_text("gather")
    page.get_by_role("button", name="Run now").click()
    page.get_by_label("limit").fill("5")
    page.get_by_role("button", name="Start run").click()
    expect(page).to_have_url(re.compile(r"/console/runs/run_"))
    run_id = page.url.rpartition("/")[2]
    assert server.server.get(f"/runs/{run_id}")["inputs"] == {"region": "java", "limit": 5}
    page.goto(f"{server.url}/console/jobs/{report}?tab=versions")
    settle(page)
    expect(page.get_by_label("From version 1 to 2")).to_contain_text("removed timeout_ms: 30000")
    page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("added timeout_ms: 30000")
    server.server.post(f"/jobs/{report}/disable")
    dialog.get_by_role("button", name="Roll back").click()
    expect(dialog).to_contain_text("Somebody changed it meanwhile")
    dialog.get_by_role("button", name="Roll back").click()  # by now it has seen what they did
    expect(page.get_by_label("From version 3 to 4")).to_contain_text("added timeout_ms: 30000")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete the job report?")).to_contain_text("Runs that have begun go on")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/jobs$"))
    expect(page.get_by_role("link", name=report, exact=True)).to_have_count(0)
