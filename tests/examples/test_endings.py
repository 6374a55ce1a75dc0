"""The examples of how runs end: after retries, by a timeout, without their program, by a crash; and with a secret."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

import psutil

from tests.examples.conftest import API_TOKEN
from tests.examples.product import EXAMPLES, Product, read_document, result, seconds
from treadle.domain.instants import MILLISECOND
from treadle.domain.runs import State


def alive(pid: int) -> bool:
    """Whether a process is there; one that nobody has reaped yet is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_flaky_then_fine_fails_twice_and_then_completes(treadle: Product) -> None:
    run = treadle.run("flaky.then-fine")
    assert (run.state, run.attempt, result(run)) == (State.COMPLETED, 3, {"attempts": 3})
    attempts = treadle.attempts(run)
    assert [each.error.message for each in attempts if each.error] == [
        "the other side hung up on attempt 1",
        "the other side hung up on attempt 2",
    ]
    second = attempts[1].started_at
    assert second is not None
    assert second - attempts[0].finished_at >= 200 * MILLISECOND
    assert seconds(run) >= 0.6  # both delays


def test_too_slow_is_ended_with_everything_that_it_started(treadle: Product) -> None:
    run = treadle.run(treadle.define(read_document(EXAMPLES / "too-slow" / "job.yaml")))
    assert run.state is State.FAILED
    assert run.error is not None
    assert (run.error.code, run.error.message) == ("timeout", "the attempt was ended by its timeout of 1 s")
    ((_, said),) = treadle.log(run)
    started = [int(pid) for pid in re.findall(r"\d+", said)]
    assert len(started) == 2
    assert not any(alive(pid) for pid in started)
    assert 1 <= seconds(run) < 5


def test_missing_program_is_named_and_not_tried_again(treadle: Product) -> None:
    run = treadle.run(treadle.define(read_document(EXAMPLES / "missing-program" / "job.json")))
    assert (run.state, run.attempt) == (State.FAILED, 1)
    assert run.error is not None
    assert run.error.code == "program_not_found"
    assert run.error.message.startswith("program 'frobnicate' is not there; looked for it in PATH: /")


def test_secret_in_env_reaches_the_program_and_not_its_log(treadle: Product) -> None:
    run = treadle.run(treadle.define(read_document(EXAMPLES / "secret-in-env" / "job.yaml")))
    assert run.state is State.COMPLETED
    assert result(run) == {"sha256": hashlib.sha256(API_TOKEN.encode()).hexdigest()}
    lines = [message for _, message in treadle.log(run)]
    assert lines[0] == "calling with Authorization: Bearer ***"
    assert lines[1].startswith("the same in base64: ***")
    for form in (API_TOKEN, b64encode(API_TOKEN.encode()).decode()):
        assert form not in repr((run, lines))
