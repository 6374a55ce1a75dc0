"""The settings: tokens, users, the audit log and the looks; and what is told to those who may not rule them."""

from __future__ import annotations

import re
from typing import Any, Final

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import watched
from tests.support.console import log_in
from tests.support.up import Up

PASSWORD: Final = "correct horse battery"


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def make_token(server: Up, **wanted: Any) -> str:
    return str(server.server.post("/tokens", wanted)["secret"])


def opens(server: Up, secret: str) -> int:
    answer = httpx2.get(f"{server.url}/jobs", headers={"Authorization": f"Bearer {secret}"}, trust_env=False)
    return answer.status_code


def test_a_token_is_made_shown_once_and_revoked(page: Page, server: Up) -> None:
    log_in(page, server, "/settings/tokens")
    page.get_by_role("button", name="New token").click()
    box = page.get_by_role("dialog", name="New token")
    expect(box.get_by_role("button", name="Create token")).to_be_disabled()
    box.get_by_label("Name").fill("nightly <b>ci</b>")
    box.get_by_label("Scope").select_option("operate")
    box.get_by_label("Expires").select_option("30")
    page.keyboard.press("Tab")
    box.get_by_role("button", name="Create token").click()
    secret = page.get_by_label("Secret").input_value()
    assert opens(server, secret) == 200
    page.keyboard.press("Escape")  # it is not lost by a slip of a finger
    expect(page.get_by_label("Secret")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("button", name="I have kept it").click()
    assert secret.partition(".")[2] not in page.content()
    made = row(page, "nightly <b>ci</b>")
    expect(made).to_contain_text(f"…{secret[-4:]}")
    expect(made).to_contain_text("operate")
    made.get_by_role("button", name="Revoke nightly").click()
    asked = page.get_by_role("dialog").filter(has_text=f"Revoke the token “nightly <b>ci</b> …{secret[-4:]}”?")
    expect(asked).to_contain_text("cannot be undone")
    assert opens(server, secret) == 200
    asked.get_by_role("button", name="Revoke").click()
    expect(made).to_contain_text("revoked")
    assert opens(server, secret) == 401


def test_a_user_is_made_changed_and_removed(page: Page, server: Up, browser: Browser) -> None:
    log_in(page, server, "/settings/users")
    expect(page.get_by_text("There are no users so far")).to_be_visible()
    page.get_by_role("button", name="New user").click()
    box = page.get_by_role("dialog", name="New user")
    box.get_by_label("Name").fill("ana")
    box.get_by_label("Password", exact=True).fill("ana-ana-ana-ana")
    box.get_by_role("button", name="Create user").click()
    expect(box.get_by_role("alert")).to_contain_text("too easy to guess")
    box.get_by_label("Password", exact=True).fill(PASSWORD)
    box.get_by_role("button", name="Create user").click()
    expect(box).to_have_count(0)
    expect(row(page, "ana")).to_contain_text("read")
    with watched(browser) as theirs:
        theirs.goto(f"{server.url}/console/settings")
        theirs.get_by_text("With a password").click()
        theirs.get_by_label("Name").fill("ana")
        theirs.get_by_label("Password", exact=True).fill(PASSWORD)
        theirs.keyboard.press("Enter")
        expect(theirs.get_by_role("heading", name="Settings")).to_be_visible()
        row(page, "ana").get_by_role("button", name="Change ana").click()
        changing = page.get_by_role("dialog", name="Change the user “ana”")
        changing.get_by_label("Scope").select_option("write")
        changing.get_by_role("button", name="Save").click()
        expect(row(page, "ana")).to_contain_text("write")
        theirs.get_by_role("link", name="Runs").click()  # what they were is no more
        expect(theirs.get_by_text("Your session has ended")).to_be_visible()
    row(page, "ana").get_by_role("button", name="Remove ana").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row(page, "ana")).to_contain_text("removed")


def test_the_audit_log_tells_who_changed_what_and_how_it_was(page: Page, server: Up) -> None:
    server.define(job_id="audited", script="echo one")
    server.server.put("/jobs/audited", {"job_id": "audited", "executor": {"type": "shell", "script": "echo two"}})
    server.define(job_id="another", script="true")
    log_in(page, server, "/settings/audit?target=/jobs/audited")
    changed = row(page, "changed a job")
    expect(changed).to_contain_text("admin")
    expect(page.get_by_role("row").filter(has_text="another")).to_have_count(0)
    changed.get_by_role("button", name="Show what changed").click()
    script = row(page, "executor.script").last
    expect(script.get_by_role("cell")).to_have_text([re.compile("echo one$"), re.compile("echo two$")])
    page.reload()
    expect(script).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_role("searchbox", name="What").fill("create_job")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?action=create_job$"))
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("searchbox", name="Who").fill("user:nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The filters hide everything.")).to_be_visible()


def test_the_looks_are_kept(page: Page, server: Up) -> None:
    log_in(page, server, "/settings/appearance")
    page.get_by_role("main").get_by_text("Dark", exact=True).click()
    page.get_by_role("combobox", name="Time zone of all").click()
    page.keyboard.type("Jakarta")
    page.keyboard.press("Enter")
    expect(page.locator("main time").first).to_have_attribute("title", re.compile("Asia/Jakarta"))
    page.get_by_role("main").get_by_text("Indonesia", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Setelan")).to_be_visible()
    page.reload()
    expect(page).to_have_title("Tampilan · Setelan · Treadle")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "id")


@pytest.mark.parametrize("path", ["tokens", "users", "audit"])
def test_who_may_not_rule_is_told_so_and_asks_for_nothing(page: Page, server: Up, path: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    token = make_token(server, name="reader", scopes=["read"], domain="team-a")
    log_in(page, server, f"/settings/{path}", token=token)
    expect(page.get_by_text("it needs the scope “admin”")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("New|Revoke|Remove"))).to_have_count(0)
    expect(page.get_by_role("navigation", name="Navigation")).to_contain_text("domain team-a")
    expect(page.get_by_role("link", name="Tokens")).to_have_count(0)
    assert not [url for url in asked if re.search(r"/api/v1/(tokens|users|audit)", url)]


def test_who_may_not_write_is_told_so_by_the_editor(page: Page, server: Up) -> None:
    log_in(page, server, "/jobs/new", token=make_token(server, name="reader", scopes=["read"]))
    expect(page.get_by_role("heading", level=1)).to_have_text("New job")
    expect(page.get_by_text("it needs the scope “write”")).to_be_visible()
