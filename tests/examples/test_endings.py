"""The examples of how runs end: after retries, by a timeout, without their program, by a crash; and with a secret."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

import psutil

from tests.examples.conftest import API_TOKEN, EXAMPLES
from tests.support.product import Product, said, seconds


def alive(pid: int) -> bool:
    """Whether a process is there; one that nobody has reaped yet is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_flaky_then_fine_fails_twice_and_then_completes(product: Product) -> None:
    run = product.run("flaky.then-fine")
    assert (run["status"], run["attempt"], run["result"]) == ("completed", 3, {"attempts": 3})
    assert [(each["outcome"], each["error"] and each["error"]["message"]) for each in run["attempts"]] == [
        ("retry_scheduled", "the other side hung up on attempt 1"),
        ("retry_scheduled", "the other side hung up on attempt 2"),
        ("completed", None),
    ]
    assert 0.6 <= seconds(run) < 3  # the two delays, and little more


def test_too_slow_is_ended_with_everything_that_it_started(product: Product) -> None:
    run = product.run(product.define(EXAMPLES / "too-slow" / "job.yaml"))
    assert run["status"] == "failed"
    assert (run["error"]["code"], run["error"]["message"]) == ("timeout", "the attempt was ended by its timeout of 1 s")
    ((_, line),) = said(run)
    started = [int(pid) for pid in re.findall(r"\d+", line)]
    assert len(started) == 2
    assert not any(alive(pid) for pid in started)
    assert 1 <= seconds(run) < 5


def test_missing_program_is_named_and_not_tried_again(product: Product) -> None:
    run = product.run(product.define(EXAMPLES / "missing-program" / "job.json"))
    assert (run["status"], run["attempt"]) == ("failed", 1)
    assert run["error"]["code"] == "program_not_found"
    assert run["error"]["message"].startswith("program 'frobnicate' is not there; looked for it in PATH: /")


def test_secret_in_env_reaches_the_program_and_not_its_log(product: Product) -> None:
    run = product.run(product.define(EXAMPLES / "secret-in-env" / "job.yaml"))
    assert run["status"] == "completed"
    assert run["result"] == {"sha256": hashlib.sha256(API_TOKEN.encode()).hexdigest()}
    lines = [message for _, message in said(run)]
    assert lines[0] == "calling with Authorization: Bearer ***"
    assert lines[1].startswith("the same in base64: ***")
    for form in (API_TOKEN, b64encode(API_TOKEN.encode()).decode()):
        assert form not in repr((run, lines))


def test_isolated_native_crash_takes_nothing_else_down(product: Product) -> None:
    before = online(product)
    beside = product.up.submit("flaky.then-fine")
    run = product.run("native.crash")
    assert (run["status"], run["error"]["code"]) == ("failed", "quarantined")
    assert [each["outcome"] for each in run["attempts"]] == ["lost", "lost", "quarantined"]
    assert all("SIGSEGV" in each["error"]["message"] for each in run["attempts"])
    neighbour = product.ended(beside)
    assert (neighbour["status"], neighbour["attempt"]) == ("completed", 3)
    assert online(product) == before


def online(product: Product) -> set[str]:
    """The worker processes that are there."""
    return {each["worker_id"] for each in product.get("/workers", role="worker")["items"] if each["status"] == "online"}
