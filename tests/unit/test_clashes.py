"""Unique and debounced runs: what a submit comes to, told from the rule and from who has the key."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain import json
from treadle.domain.clashes import NO_WINDOW, Debounce, Holder, OnClash, Unique, find_clash
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import MINUTE, SECOND, Instant
from treadle.domain.jobs import Job, create_job, parse_job
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Cause, NewRun, State
from treadle.domain.submitting import RunRequest, build_run

NOW: Instant = 1_800_000_000 * SECOND


def job(**document: Any) -> Job:
    return create_job(parse_job({"job_id": "bill", "type": "bill", **document}), source="api", now=NOW)


def run(of: Job, **said: Any) -> NewRun:
    return build_run(of, run_id="run_1", now=NOW, **{"cause": Cause.API, **said})


def key_of(new: NewRun) -> str | None:
    assert new.limits is not None
    assert new.limits.unique is not None
    return new.limits.unique.key


def test_without_a_template_equal_inputs_are_the_key() -> None:
    unique = job(unique={}, inputs={"a": 1})
    keys = [key_of(run(unique, inputs=inputs)) for inputs in ({"b": 2, "c": 3}, {"c": 3, "b": 2}, {"b": 3})]
    assert keys[0] == keys[1] != keys[2]


def test_keys_are_made_of_the_job_and_its_template() -> None:
    assert key_of(run(job(unique={"key": "{account}"}), inputs={"account": "a1"})) == "bill/a1"
    assert key_of(run(job(), inputs={"account": 7}, unique=Unique(key="{account}"))) == "bill/7"


def test_an_input_that_the_template_needs_is_named() -> None:
    with pytest.raises(InvalidInput, match="did you mean") as refused:
        run(job(unique={"key": "{account}"}), inputs={"acount": "a1"})
    assert [problem.pointer for problem in refused.value.problems] == ["/inputs/account"]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"unique": {"key": "account"}}, "/unique/key"),
        ({"unique": {"key": "{account"}}, "/unique/key"),
        ({"unique": {"until": "never"}}, "/unique/until"),
        ({"unique": {"until": 0}}, "/unique/until"),
        ({"unique": {"on_clash": "drop"}}, "/unique/on_clash"),
        ({"unique": {"keys": "{a}"}}, "/unique/keys"),
        ({"debounce": {}}, "/debounce/wait_sec"),
        ({"debounce": {"wait_sec": -1}}, "/debounce/wait_sec"),
        ({"debounce": {"wait_sec": 1, "key": "{}"}}, "/debounce/key"),
        ({"debounce": {"wait_sec": 2, "max_wait_sec": 1}}, "/debounce/max_wait_sec"),
        ({"debounce": {"wait_sec": 1}, "unique": {}}, "/debounce"),
        ({"debounce": {"wait_sec": 1}, "dependencies": ["other"]}, "/debounce"),
        ({"unique": {"key": "{account}"}, "schedule": {"cron": "@daily"}}, "/inputs/account"),
        ({"unique": {"key": "{account}"}, "after": ["other"]}, "/inputs/account"),
        ({"overlap": "wait"}, "/overlap"),
        ({"overlap": "queue_all", "allow_overlap": True}, "/allow_overlap"),
        ({"overlap": "allow", "inputs": {"allow_overlap": False}}, "/inputs/allow_overlap"),
    ],
)
def test_rules_that_cannot_hold_are_refused_where_they_are_defined(document: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        job(**document)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]


def test_the_holder_stands_by_its_own_rule_and_the_submit_clashes_by_its_own() -> None:
    live, done = Unique(key="k", until="finished"), None
    for holder, clashes in (
        (None, False),
        (Holder("run_0", NO_WINDOW, live, started=False), True),
        (Holder("run_0", NO_WINDOW, live, started=True), True),
        (Holder("run_0", NO_WINDOW, Unique(key="k", until="started"), started=True), False),
        (Holder("run_0", NO_WINDOW, Unique(key="k", until="started"), started=False), True),
        (Holder("run_0", NO_WINDOW, done, started=True), False),
        (Holder("run_0", NOW + 1, done, started=True), True),
        (Holder("run_0", NOW, Unique(key="k", until=9), started=False), False),
    ):
        assert (find_clash(Unique(key="k"), holder, retry_of=None, now=NOW) is OnClash.SKIP) == clashes
        assert find_clash(Unique(key="k"), holder, retry_of="run_0", now=NOW) is None


def test_replace_gives_way_to_what_has_started() -> None:
    rule = Unique(key="k", on_clash=OnClash.REPLACE)
    waiting = Holder("run_0", NO_WINDOW, rule, started=False)
    assert find_clash(rule, waiting, retry_of=None, now=NOW) is OnClash.REPLACE
    for begun in (Holder("run_0", NO_WINDOW, rule, started=True), Holder("run_0", NOW + 1, None, started=True)):
        assert find_clash(rule, begun, retry_of=None, now=NOW) is OnClash.SKIP


def test_a_debounced_run_waits_and_says_so() -> None:
    new = run(job(debounce={"wait_sec": 10, "max_wait_sec": 60, "key": "{account}"}), inputs={"account": "a1"})
    assert new.debounce == Debounce(wait_sec=10, max_wait_sec=60, key="bill/a1")
    assert (new.state, new.reason, new.due_at) == (State.SCHEDULED, Reason(ReasonCode.DEBOUNCE), NOW + 10 * SECOND)
    assert json.decode(new.inputs) == {"account": "a1"}


def test_the_longest_wait_counts_from_the_first_submit() -> None:
    debounce = Debounce(wait_sec=10, max_wait_sec=60)
    assert debounce.due_at(NOW, NOW) == NOW + 10 * SECOND
    assert debounce.due_at(NOW, NOW + 55 * SECOND) == NOW + MINUTE
    assert debounce.due_at(NOW, NOW + 2 * MINUTE) == NOW + 2 * MINUTE


@pytest.mark.parametrize("cause", [Cause.SCHEDULE, Cause.MESSAGE, Cause.AFTER])
def test_what_nobody_submits_is_not_debounced(cause: Cause) -> None:
    new = run(job(debounce={"wait_sec": 10}), cause=cause)
    assert (new.debounce, new.state, new.due_at) == (None, State.READY, NOW)


def test_a_debounced_job_takes_no_time_and_no_unique_key() -> None:
    debounced = job(debounce={"wait_sec": 10})
    for said in ({"due_at": NOW + 1}, {"unique": Unique(key="{a}")}):
        with pytest.raises(InvalidInput, match="debounces its submits"):
            run(debounced, **said)


def test_scheduled_for_is_another_word_for_at() -> None:
    moment = "2027-01-15T09:00:00Z"
    said = RunRequest(at=moment).due_at(NOW)
    assert RunRequest(scheduled_for=moment).due_at(NOW) == said
    assert RunRequest(scheduled_for="2027-01-15T10:00:00+01:00", at=moment).due_at(NOW) == said
    for request, pointers in (
        (RunRequest(scheduled_for=moment, at="2027-01-16T09:00:00Z"), ["/scheduledFor"]),
        (RunRequest(scheduled_for=moment, delay_sec=1), ["/scheduledFor"]),
        (RunRequest(at=moment, delay_sec=1), ["/at"]),
        (RunRequest(scheduled_for="soon"), ["/scheduledFor"]),
    ):
        with pytest.raises(InvalidInput) as refused:
            request.due_at(NOW)
        assert [problem.pointer for problem in refused.value.problems] == pointers
