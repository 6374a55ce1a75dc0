"""A job's document: both shapes that people write mean one spec, and whatever is wrong is named, all of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import SECOND, from_iso
from treadle.domain.jobs import JobSpec, dump_job, job_schema, parse_job
from treadle.domain.jobs.document import ExecutorDocument, JobDocument, ScheduleDocument
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority
from treadle.domain.retry import ExponentialBackoff, ListedBackoff, RetryPolicy
from treadle.domain.schedules import Misfire, ScheduleSpec
from treadle.domain.work import Completion, Program, PythonHandler, Work

HANDLER: dict[str, Any] = {"job_id": "x", "type": "report.daily"}
SHELL: dict[str, Any] = {"job_id": "x", "executor": {"type": "shell", "script": "true"}}


def problems_of(document: object) -> dict[str, Problem]:
    with pytest.raises(InvalidInput) as caught:
        parse_job(document)
    return {problem.pointer: problem for problem in caught.value.problems}


def executor_of(**executor: Any) -> Any:
    return parse_job({"job_id": "x", "executor": executor}).work.executor


def test_a_handler_job_with_an_interval() -> None:
    spec = parse_job(
        {
            "job_id": "monitor-telegram-a01",
            "type": "monitor.channel",
            "schedule": {"interval_sec": 30},
            "timeout_ms": 15000,
            "retry_policy": {"max_retry": 5, "backoff_sec": [1, 2, 5, 10, 30]},
            "inputs": {"channel": "telegram", "account_id": "bot_a01"},
        }
    )
    assert spec == JobSpec(
        job_id="monitor-telegram-a01",
        name="monitor-telegram-a01",
        type="monitor.channel",
        work=Work(
            executor=PythonHandler(handler="monitor.channel"),
            timeout_ms=15_000,
            retry=RetryPolicy(max_retries=5, backoff=ListedBackoff((1.0, 2.0, 5.0, 10.0, 30.0))),
        ),
        schedule=ScheduleSpec(every=30 * SECOND),
        inputs={"channel": "telegram", "account_id": "bot_a01"},
    )


def test_a_program_job_with_cron() -> None:
    spec = parse_job(
        {
            "name": "Nightly backup!",
            "executor": {
                "type": "shell",
                "script": "./run.sh",
                "args": ["-v"],
                "env": {"TARGET": "/srv"},
                "shell": "sh",
            },
            "completion": {"exit_codes": [0, 2], "stdout_contains": ["done"]},
            "retries": 1,
            "timeout": 2.5,
            "schedule": {"mode": "cron", "cron": "0  3 * * *", "timezone": "Asia/Jakarta", "enabled": False},
            "secrets": ["API_KEY"],
        }
    )
    assert (spec.job_id, spec.name, spec.type) == ("nightly-backup", "Nightly backup!", "shell")
    assert spec.work.timeout_ms == 2_500
    assert spec.work.retry.max_retries == 1
    assert spec.schedule == ScheduleSpec(cron="0 3 * * *", timezone="Asia/Jakarta", enabled=False)
    assert spec.work.executor == Program(
        requires="shell",
        script="./run.sh",
        interpreter=("sh",),
        args=("-v",),
        env={"TARGET": "/srv"},
        secrets=("API_KEY",),
        completion=Completion(exit_codes=(0, 2), stdout_contains=("done",)),
    )


def test_the_defaults() -> None:
    spec = parse_job(HANDLER | {"schedule": {"interval_sec": 0.1}})
    assert spec.work == Work(executor=PythonHandler(handler="report.daily"))
    assert (spec.work.timeout_ms, spec.work.retry.max_retries) == (30_000, 3)
    assert spec.work.retry.backoff == ListedBackoff((1.0, 2.0, 5.0))
    assert spec.misfire == Misfire(policy="one", grace_sec=60, cap=100)
    assert (spec.queue, spec.priority, spec.enabled, spec.overlap) == ("default", Priority.NORMAL, True, Overlap.SKIP)
    assert spec.schedule is not None
    assert (spec.schedule.timezone, spec.schedule.enabled) == ("UTC", True)


def test_null_counts_as_not_given() -> None:
    full = dict.fromkeys(JobDocument.__struct_fields__) | {"source": None, "affinity": None}
    schedule = dict.fromkeys(ScheduleDocument.__struct_fields__) | {"interval_sec": 5, "next_run_at": None}
    executor = dict.fromkeys(ExecutorDocument.__struct_fields__) | {"type": "shell", "script": "x", "environment": None}
    sparse = {"job_id": "x", "executor": {"type": "shell", "script": "x"}, "schedule": {"interval_sec": 5}}
    assert parse_job(full | {"job_id": "x", "executor": executor, "schedule": schedule}) == parse_job(sparse)


@pytest.mark.parametrize(
    ("executor", "program"),
    [
        ({"type": "shell", "script": "x"}, Program(requires="shell", script="x", interpreter=("bash",))),
        ({"type": "shell", "command": "x y"}, Program(requires="shell", script="x y", interpreter=("bash",))),
        ({"type": "shell", "command": ["x", "y"]}, Program(requires="shell", argv=("x", "y"))),
        ({"type": "shell", "argv": ["x"], "workdir": "/"}, Program(requires="shell", argv=("x",), workdir="/")),
        ({"type": "python", "code": "1"}, Program(requires="python", script="1", interpreter=("python3",))),
        (
            {"type": "python", "script": "1", "interpreter": ["python3", "-u"]},
            Program(requires="python", script="1", interpreter=("python3", "-u")),
        ),
        ({"type": "python", "handler": "a.b"}, PythonHandler(handler="a.b")),
    ],
)
def test_the_ways_to_say_what_runs(executor: dict[str, Any], program: object) -> None:
    assert executor_of(**executor) == program


def test_a_python_executor_without_a_script_runs_the_handler_named_by_type() -> None:
    assert parse_job(HANDLER | {"executor": {"type": "python"}}).work.executor == PythonHandler(handler="report.daily")


def test_exponential_backoff() -> None:
    spec = parse_job(HANDLER | {"retry_policy": {"backoff": {"base": 2, "factor": 3, "cap": 60}}})
    assert spec.work.retry.backoff == ExponentialBackoff(base=2, factor=3, cap=60)


def test_one_delay_before_every_retry() -> None:
    assert parse_job(HANDLER | {"retry_delay_seconds": 30}).work.retry.backoff == ListedBackoff((30.0,))


def test_a_limit_shorter_than_a_millisecond_is_not_taken_for_none() -> None:
    assert parse_job(HANDLER | {"timeout": 0.0001}).work.timeout_ms == 1
    assert parse_job(HANDLER | {"timeout": 0}).work.timeout_ms == 0


def test_allow_overlap_may_stand_among_the_inputs_and_is_no_input() -> None:
    spec = parse_job(HANDLER | {"inputs": {"allow_overlap": True, "a": 1}})
    assert (spec.overlap, spec.inputs) == (Overlap.ALLOW, {"a": 1})
    assert "/inputs/allow_overlap" in problems_of(HANDLER | {"inputs": {"allow_overlap": "yes"}})
    assert "/inputs/allow_overlap" in problems_of(HANDLER | {"inputs": {"allow_overlap": True}, "allow_overlap": False})


@pytest.mark.parametrize(
    ("schedule", "spec"),
    [
        ({"mode": "immediate"}, ScheduleSpec()),
        ({"mode": "interval", "interval_seconds": 1.5}, ScheduleSpec(every=1_500_000)),
        ({"at": "2026-03-01T09:00:00+07:00"}, ScheduleSpec(at=from_iso("2026-03-01T02:00:00Z"))),
        (
            {"at": "2026-03-01T09:00:00", "timezone": "Asia/Jakarta"},
            ScheduleSpec(at=from_iso("2026-03-01T02:00:00Z"), timezone="Asia/Jakarta"),
        ),
        (
            {"cron": "@daily", "start_at": "2026-01-01T00:00:00Z", "end_at": "2026-02-01T00:00:00Z"},
            ScheduleSpec(
                cron="@daily", start_at=from_iso("2026-01-01T00:00:00Z"), end_at=from_iso("2026-02-01T00:00:00Z")
            ),
        ),
    ],
)
def test_the_ways_to_say_when(schedule: dict[str, Any], spec: ScheduleSpec) -> None:
    assert parse_job(HANDLER | {"schedule": schedule}).schedule == spec


@pytest.mark.parametrize(
    ("schedule", "pointer", "words"),
    [
        ({}, "/schedule", "interval_sec, cron or at"),
        ({"mode": "cron"}, "/schedule/cron", "needs this key"),
        ({"mode": "immediate", "cron": "@daily"}, "/schedule/mode", "once and now"),
        ({"cron": "@daily", "interval_sec": 5}, "/schedule/cron", "/schedule/interval_sec"),
        ({"interval_seconds": 6, "interval_sec": 5}, "/schedule/interval_seconds", "/schedule/interval_sec"),
        ({"cron": "61 * * * *"}, "/schedule/cron", "minute"),
        ({"cron": "0 0 30 2 *"}, "/schedule/cron", "fires never"),
        ({"cron": "@daily", "timezone": "Asia/Jakarte"}, "/schedule/timezone", "Asia/Jakarta"),
        ({"interval_sec": 0.05}, "/schedule/interval_sec", ">= 0.1"),
        ({"at": "tomorrow"}, "/schedule/at", "2026-11-05T09:00:00+07:00"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "/schedule/at", "no date and time"),
        ({"interval_sec": 1, "start_at": "9999-12-31T23:59:59-14:00"}, "/schedule/start_at", "no date and time"),
        ({"at": "9999-12-31T23:59:59", "timezone": "America/New_York"}, "/schedule/at", "no date and time"),
        ({"at": "2026-03-29T02:30:00", "timezone": "Europe/Berlin"}, "/schedule/at", "does not exist"),
        ({"at": "2026-01-01T00:00:00Z", "end_at": "2026-01-02T00:00:00Z"}, "/schedule/at", "one moment"),
        (
            {"cron": "@daily", "start_at": "2026-01-02T00:00:00Z", "end_at": "2026-01-01T00:00:00Z"},
            "/schedule/end_at",
            "before start_at",
        ),
    ],
)
def test_what_is_wrong_with_a_schedule(schedule: dict[str, Any], pointer: str, words: str) -> None:
    assert words in problems_of(HANDLER | {"schedule": schedule})[pointer].message


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"job_id": "a b"}, "/job_id", "letters, digits"),
        ({"job_id": "a\n"}, "/job_id", "letters, digits"),
        ({"job_id": ".."}, "/job_id", "beginning with"),
        ({"job_id": "x" * 201}, "/job_id", "<= 200"),
        ({"job_id": None, "name": "***"}, "/name", "give job_id"),
        ({"job_id": None}, "/job_id", "a name to make it from"),
        ({"timeout_ms": "3"}, "/timeout_ms", "expected `int`, got `str`"),
        ({"timeout_ms": -1}, "/timeout_ms", ">= 0, got -1"),
        ({"timeout_ms": 5000, "timeout": 4}, "/timeout", "/timeout_ms"),
        ({"retries": 1, "max_retries": 2}, "/max_retries", "/retries"),
        ({"retry_policy": {"backoff_sec": [1, "x", -1]}}, "/retry_policy/backoff_sec/1", "`float`, got `str`"),
        ({"retry_policy": {"backoff_sec": [1, "x", -1]}}, "/retry_policy/backoff_sec/2", ">= 0"),
        ({"priority": "hasty"}, "/priority", "critical, high, normal, low"),
        ({"misfire": {"policy": "al"}}, "/misfire/policy", 'did you mean "all"'),
        ({"tags": ["a", ""]}, "/tags/1", "length >= 1"),
        ({"inputs": {"a": [float("nan")]}}, "/inputs/a/0", "not a JSON value"),
        ({"inputs": {"a": {"b/c": {1}}}}, "/inputs/a/b~1c", "not a JSON value"),
        ({"completion": {"exit_codes": [0]}}, "/completion", "programs only"),
        ({"secrets": ["A"]}, "/secrets", "programs only"),
        ({"tipe": 1}, "/tipe", 'did you mean "type"'),
        ({"retry_policy": {"backof": [1]}}, "/retry_policy/backof", 'did you mean "backoff"'),
        ({"schedule": {"kron": "* * * * *"}}, "/schedule/kron", 'did you mean "cron"'),
        ({"misfire": {"zzz": 1}}, "/misfire/zzz", "known here: cap, grace_sec, policy"),
    ],
)
def test_what_is_wrong_with_a_job(change: dict[str, Any], pointer: str, words: str) -> None:
    assert words in problems_of(HANDLER | change)[pointer].message


@pytest.mark.parametrize(
    ("executor", "pointer", "words"),
    [
        ({"type": "shell"}, "/executor", "script, command or argv"),
        ({"type": "python"}, "/executor", "script, code or handler"),
        ({"script": "x"}, "/executor/type", "required"),
        ({"type": "shell", "script": "x", "interpreter": "zsh"}, "/executor/interpreter", "no effect"),
        ({"type": "shell", "argv": ["x"], "args": ["y"]}, "/executor/args", "no effect"),
        ({"type": "shell", "argv": ["x"], "script": "y"}, "/executor/script", "no effect"),
        ({"type": "shell", "argv": []}, "/executor/argv", "length >= 1"),
        ({"type": "shell", "argv": ["x\0"]}, "/executor/argv", "NUL"),
        ({"type": "python", "handler": "x", "env": {}}, "/executor/env", "no effect"),
        ({"type": "python", "script": "1", "code": "2"}, "/executor/code", "/executor/script"),
        ({"type": "shell", "script": "x", "env": {"LD_PRELOAD": "x"}}, "/executor/env/LD_PRELOAD", "LD_"),
        ({"type": "shell", "script": "x", "env": {"PYTHONPATH": "x"}}, "/executor/env/PYTHONPATH", "PYTHON"),
        ({"type": "shell", "script": "x", "env": {"GIT_DIR": "x"}}, "/executor/env/GIT_DIR", "GIT_"),
        ({"type": "shell", "script": "x", "env": {"A=B": "x"}}, "/executor/env/A=B", "no name"),
    ],
)
def test_what_is_wrong_with_an_executor(executor: dict[str, Any], pointer: str, words: str) -> None:
    assert words in problems_of({"job_id": "x", "executor": executor})[pointer].message


def test_secrets_are_named_like_variables_and_set_once() -> None:
    problems = problems_of(
        SHELL | {"secrets": ["A", "LD_X", "B-C"], "executor": SHELL["executor"] | {"env": {"A": "1"}}}
    )
    assert set(problems) == {"/secrets/0", "/secrets/1", "/secrets/2"}


def test_every_fault_is_named_at_once() -> None:
    document = {
        "job_id": "a b",
        "tipe": "x",
        "type": "x",
        "priority": 11,
        "inputs": {"flow_group": "x y"},
        "schedule": {"cron": "* * *", "timezone": "Mars"},
        "timeout": 1,
        "timeout_ms": 2,
        "retry_policy": {"max_retry": -1, "backoff": 3},
    }
    assert set(problems_of(document)) == {
        "/job_id",
        "/tipe",
        "/priority",
        "/inputs/flow_group",
        "/schedule/cron",
        "/schedule/timezone",
        "/timeout",
        "/retry_policy/max_retry",
        "/retry_policy/backoff",
    }


@pytest.mark.parametrize("document", [None, [], "x", 3, {}, {1: 2}, {"executor": []}, {"schedule": "daily"}])
def test_what_is_no_job_at_all_is_refused(document: object) -> None:
    assert problems_of(document)


def test_a_dumped_job_is_json_and_means_the_same() -> None:
    for document in (HANDLER | {"schedule": {"mode": "immediate"}}, SHELL | {"secrets": ["A"]}):
        spec = parse_job(document)
        assert parse_job(json.loads(json.dumps(dump_job(spec)))) == spec


def test_the_schema_comes_from_the_records_and_refuses_unknown_keys() -> None:
    schema = job_schema()
    job = schema["$defs"]["JobDocument"]
    assert schema["$ref"] == "#/$defs/JobDocument"
    assert set(job["properties"]) == set(JobDocument.__struct_fields__)
    assert job["additionalProperties"] is False
    assert job_schema("#/components/schemas/{name}")["$ref"] == "#/components/schemas/JobDocument"
