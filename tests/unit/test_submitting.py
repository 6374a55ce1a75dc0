"""From a job and a request to a run."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from treadle.domain import json
from treadle.domain.errors import InvalidInput, PayloadTooLarge
from treadle.domain.instants import HOUR, SECOND, Instant
from treadle.domain.jobs import Job, create_job, parse_job
from treadle.domain.priority import Priority
from treadle.domain.reasons import ReasonCode
from treadle.domain.runs import Cause, Run, State
from treadle.domain.submitting import RunRequest, accepted, build_run, repeat_run, run_key
from treadle.domain.work import decode_work

NOW: Instant = 1_800_000_000 * SECOND


def job(**document: Any) -> Job:
    return create_job(parse_job({"job_id": "report", "type": "report.daily", **document}), source="api", now=NOW)


def test_inputs_go_over_the_jobs_own_key_by_key() -> None:
    run = build_run(
        job(inputs={"a": {"x": 1}, "b": 2}), run_id="run_1", now=NOW, cause=Cause.API, inputs={"a": {"y": 3}}
    )
    assert json.decode(run.inputs) == {"a": {"y": 3}, "b": 2}


def test_a_run_freezes_the_work_of_its_job() -> None:
    daily = job(timeout_ms=1500, priority="high", queue="nightly")
    run = build_run(daily, run_id="run_1", now=NOW, cause=Cause.API)
    assert decode_work(run.work) == daily.work
    assert (run.requires, run.queue, run.priority, run.job_version) == (
        "handler:report.daily",
        "nightly",
        Priority.HIGH,
        1,
    )
    assert (run.state, run.reason, run.due_at) == (State.READY, None, NOW)


def test_a_run_for_later_is_scheduled_and_ranked_by_when_it_is_due() -> None:
    run = build_run(job(), run_id="run_1", now=NOW, cause=Cause.API, due_at=NOW + HOUR, priority=Priority.CRITICAL)
    assert run.state is State.SCHEDULED
    assert run.reason is not None
    assert run.reason.code is ReasonCode.DELAY
    assert run.rank == NOW


def test_a_limit_that_has_no_effect_yet_is_refused_among_the_inputs_of_a_run_too() -> None:
    with pytest.raises(InvalidInput) as caught:
        build_run(job(), run_id="run_1", now=NOW, cause=Cause.API, inputs={"failure_threshold": 3, "flow": "b"})
    assert [(fault.pointer, fault.code) for fault in caught.value.problems] == [
        ("/inputs/failure_threshold", "not_yet_supported")
    ]


def test_inputs_over_the_cap_are_refused_with_their_size() -> None:
    with pytest.raises(PayloadTooLarge, match=r"take 108 bytes, of at most 100"):
        build_run(job(inputs={"a": "x" * 100}), run_id="run_1", now=NOW, cause=Cause.API, max_inputs=100)


@pytest.mark.parametrize(
    ("request_", "due_at"),
    [
        (RunRequest(), NOW),
        (RunRequest(delay_sec=0.5), NOW + SECOND // 2),
        (RunRequest(at="2027-01-15T09:00:00+01:00"), NOW),
        (RunRequest(at="2027-01-15T09:00:01Z"), NOW + HOUR + SECOND),
        (RunRequest(at="2000-01-01T00:00:00Z"), NOW),
    ],
)
def test_a_request_says_when_its_run_is_due(request_: RunRequest, due_at: Instant) -> None:
    assert request_.due_at(NOW) == due_at


@pytest.mark.parametrize("at", ["tomorrow", "2027-01-15T09:00:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_is_none_is_refused_by_name(at: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        RunRequest(at=at).due_at(NOW)
    assert refused.value.problems[0].pointer == "/at"


def test_a_delay_and_a_moment_together_are_refused() -> None:
    with pytest.raises(InvalidInput, match="one of the two"):
        RunRequest(at="2027-01-15T09:00:00Z", delay_sec=1).due_at(NOW)


def test_a_repeated_run_does_what_the_first_did_then() -> None:
    first = accepted(build_run(job(), run_id="run_1", now=NOW, cause=Cause.SCHEDULE, inputs={"n": 1}))
    done = msgspec.structs.replace(first, state=State.FAILED, token=4, attempt=4, failures=4)
    again = repeat_run(done, run_id="run_2", now=NOW + HOUR)
    assert (again.retry_of, again.cause, again.work, again.inputs) == ("run_1", Cause.RETRY, done.work, done.inputs)
    assert (again.state, again.created_at, again.slot) == (State.READY, NOW + HOUR, None)


def test_an_accepted_run_reads_as_it_was_submitted() -> None:
    new = build_run(job(), run_id="run_1", now=NOW, cause=Cause.API)
    run = accepted(new)
    assert isinstance(run, Run)
    assert (run.id, run.state, run.attempt, run.inputs) == ("run_1", State.READY, 0, new.inputs)


def test_the_same_request_has_the_same_hash_whatever_the_order_of_its_keys() -> None:
    one = run_key("k", NOW, "report", RunRequest(inputs={"a": 1, "b": 2}))
    two = run_key("k", NOW, "report", RunRequest(inputs={"b": 2, "a": 1}))
    other = run_key("k", NOW, "report", RunRequest(inputs={"a": 1, "b": 3}))
    assert one == two
    assert one.body_hash != other.body_hash


@pytest.mark.parametrize("key", ["", "k" * 256, "a\nb", "schlüssel"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 255"):
        run_key(key, NOW)
