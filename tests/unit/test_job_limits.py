"""The limits of a job: what is refused when it is defined, what when a run is submitted, and what a run gets."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.errors import InvalidInput
from treadle.domain.instants import SECOND
from treadle.domain.jobs import Job, create_job, parse_job, standing_limits
from treadle.domain.limits import Lane, Limits, RateLimit
from treadle.domain.rates import Rate
from treadle.domain.reasons import ReasonCode
from treadle.domain.runs import Cause, NewRun, Run, State
from treadle.domain.submitting import accepted, build_run, repeat_run

NOW = 1_800_000_000 * SECOND


def job(**document: Any) -> Job:
    return create_job(parse_job({"job_id": "report", "type": "report.daily", **document}), source="api", now=NOW)


def submit(defined: Job, **inputs: Any) -> NewRun:
    return build_run(defined, run_id="run_1", now=NOW, cause=Cause.API, inputs=inputs)


def faults(**document: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        job(**document)
    return {problem.pointer: problem.message for problem in caught.value.problems}


def test_a_run_carries_every_limit_of_its_job() -> None:
    limited = job(
        max_concurrent=3,
        flow_group="reports",
        flow_max_active_runs=2,
        concurrency_key="{customer.id}/{day}",
        rate_limit={"max_runs": 5, "window_sec": 60},
    )
    run = submit(limited, customer={"id": 7}, day="monday")
    assert run.limits == Limits(
        lanes=(Lane("flow:reports", 2), Lane("job:report", 3), Lane("key:7/monday", 1)),
        rates=(RateLimit("job:report", Rate(5, 60 * SECOND)),),
    )
    assert (run.state, run.reason and run.reason.code) == (State.BLOCKED, ReasonCode.ADMISSION)


def test_a_rate_may_be_one_per_key() -> None:
    run = submit(job(rateLimit={"maxRuns": 1, "windowMs": 250, "key": "{account}"}), account="a")
    assert run.limits == Limits(rates=(RateLimit("key:a", Rate(1, 250_000)),))


def test_a_run_of_a_job_without_limits_has_none() -> None:
    assert submit(job()).limits is None
    assert submit(job()).state is State.READY


def test_a_delayed_run_comes_to_its_limits_when_it_is_due() -> None:
    run = build_run(job(max_concurrent=1), run_id="run_1", now=NOW, cause=Cause.API, due_at=NOW + SECOND)
    assert run.state is State.SCHEDULED


def test_a_run_that_is_done_again_has_the_limits_of_then() -> None:
    done: Run = accepted(submit(job(max_concurrent=1)))
    again = repeat_run(done, run_id="run_2", now=NOW)
    assert (again.limits, again.state) == (done.limits, State.BLOCKED)


def test_limits_of_a_flow_may_stand_among_the_inputs_and_are_none() -> None:
    flowing = job(inputs={"flow_group": "daily", "flow_max_active_runs": 8, "prompt": "p"})
    assert flowing.inputs == {"prompt": "p"}
    assert standing_limits(flowing) == Limits(lanes=(Lane("flow:daily", 8),))


def test_what_holds_for_all_runs_stands_apart_from_what_their_inputs_say() -> None:
    limited = job(max_concurrent=3, concurrency_key="{a}", rate_limit={"max_runs": 1, "window_sec": 1, "key": "{a}"})
    assert standing_limits(limited) == Limits(lanes=(Lane("job:report", 3),))


@pytest.mark.parametrize(
    ("document", "pointer", "said"),
    [
        ({"max_concurrent": -1}, "/max_concurrent", "1"),
        ({"max_concurrent": 0}, "/max_concurrent", "1"),
        ({"concurrency_key": "account"}, "/concurrency_key", "write it in braces"),
        ({"concurrency_key": "{account"}, "/concurrency_key", "is no template"),
        ({"concurrency_key": "{a}", "concurrency_limit": -2}, "/concurrency_limit", "1"),
        ({"concurrency_limit": 2}, "/concurrency_limit", "concurrency_key"),
        ({"concurrency_key": "{a}", "concurrencyKey": "{b}"}, "/concurrencyKey", "give one of the two"),
        ({"flow_max_active_runs": 2}, "/flow_max_active_runs", "flow_group"),
        ({"flow_group": "a", "inputs": {"flow_group": "b"}}, "/inputs/flow_group", "give one of the two"),
        ({"inputs": {"flow_group": "a", "flow_max_active_runs": -1}}, "/inputs/flow_max_active_runs", "got -1"),
        ({"rate_limit": {"max_runs": 0, "window_sec": 1}}, "/rate_limit/max_runs", "1"),
        ({"rate_limit": {"max_runs": -1, "window_sec": 1}}, "/rate_limit/max_runs", "1"),
        ({"rate_limit": {"max_runs": 1, "window_sec": 0}}, "/rate_limit/window_sec", "0.001"),
        ({"rate_limit": {"max_runs": 1, "window_sec": -5}}, "/rate_limit/window_sec", "0.001"),
        ({"rate_limit": {"max_runs": 1}}, "/rate_limit", "window_sec"),
        ({"rate_limit": {"max_runs": 2000, "window_ms": 1}}, "/rate_limit/max_runs", "a run per microsecond"),
        ({"rate_limit": {"max_runs": 1, "window_sec": 1, "window_ms": 5}}, "/rate_limit/window_sec", "one of the two"),
        ({"rate_limit": {"max_runs": 1, "window_sec": 1, "key": "a"}}, "/rate_limit/key", "write it in braces"),
    ],
)
def test_limits_that_make_no_sense_are_refused(document: dict[str, Any], pointer: str, said: str) -> None:
    assert said in faults(**document)[pointer]


@pytest.mark.parametrize(
    "start", [{"schedule": {"interval_sec": 60}}, {"after": ["other"]}, {"messages": {"type": "mail", "trigger": True}}]
)
def test_a_job_that_starts_by_itself_must_bring_the_inputs_of_its_keys(start: dict[str, Any]) -> None:
    scheduled = {**start, "concurrency_key": "{account}"}
    assert "starts by itself" in faults(**scheduled)["/concurrency_key"]
    assert job(**scheduled, inputs={"account": "a"}).limits.concurrency_key == "{account}"


@pytest.mark.parametrize(
    ("inputs", "pointer", "said"),
    [
        ({"acount": "a"}, "/inputs/account", "acount"),
        ({}, "/inputs/account", "needs this input"),
        ({"account": ""}, "/inputs", "empty"),
        ({"account": "a", "flow_group": "b"}, "/inputs/flow_group", "the whole job"),
    ],
)
def test_a_run_that_does_not_fill_its_keys_in_is_refused(inputs: dict[str, Any], pointer: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        submit(job(concurrency_key="{account}"), **inputs)
    assert said in {problem.pointer: problem.message for problem in caught.value.problems}[pointer]


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"concurrency_key": "{acount}"}, "/concurrency_key"),
        ({"rateLimit": {"maxRuns": 1, "windowMs": 9, "key": "{acount.id}"}}, "/rateLimit/key"),
        ({"unique": {"key": "{day}-{acount}"}}, "/unique/key"),
        ({"debounce": {"wait_sec": 1, "key": "{acount}"}}, "/debounce/key"),
    ],
)
def test_a_key_that_names_no_input_of_the_schema_is_refused_when_the_job_is_defined(
    rule: dict[str, Any], pointer: str
) -> None:
    schema = {"type": "object", "properties": {"account": {}, "day": {}}, "additionalProperties": False}
    with pytest.raises(InvalidInput) as refused:
        job(inputs_schema=schema, **rule)
    (problem,) = refused.value.problems
    assert (problem.pointer, 'did you mean "account"' in problem.message) == (pointer, True)
    assert job(inputs_schema={**schema, "additionalProperties": True}, **rule).job_id == "report"
