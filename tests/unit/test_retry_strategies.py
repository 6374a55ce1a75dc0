"""Retry strategies: fixed, list, exponential and custom, by their names and by the keys that mean them."""

from __future__ import annotations

from typing import Any

import pytest

from treadle import GiveUp, Retry
from treadle.authoring.decorators import job
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import SECOND
from treadle.domain.jobs import dump_job, parse_job
from treadle.domain.retry import ExponentialBackoff, ListedBackoff, RetryPolicy, retry_delay
from treadle.executors.outcomes import failure

HANDLER: dict[str, Any] = {"job_id": "a", "type": "a"}


def policy(**said: Any) -> RetryPolicy:
    return parse_job(HANDLER | {"retry_policy": said}).work.retry


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"strategy": "fixed", "delay_sec": 30}, RetryPolicy(backoff=ListedBackoff((30.0,)))),
        ({"delay_sec": 30}, RetryPolicy(backoff=ListedBackoff((30.0,)))),
        ({"strategy": "list", "backoff_sec": [1, 9]}, RetryPolicy(backoff=ListedBackoff((1.0, 9.0)))),
        ({"strategy": "list"}, RetryPolicy()),
        ({"strategy": "exponential"}, RetryPolicy(backoff=ExponentialBackoff())),
        ({"strategy": "exponential", "backoff": {"base": 2}}, RetryPolicy(backoff=ExponentialBackoff(base=2))),
        ({"strategy": "custom"}, RetryPolicy(custom=True)),
        ({"strategy": "custom", "delay_sec": 5}, RetryPolicy(backoff=ListedBackoff((5.0,)), custom=True)),
    ],
)
def test_a_strategy_by_its_name(said: dict[str, Any], meant: RetryPolicy) -> None:
    assert policy(**said) == meant
    spec = parse_job(HANDLER | {"retry_policy": said})
    assert parse_job(dump_job(spec)) == spec


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"retry_policy": {"strategy": "fixed"}}, "/retry_policy/delay_sec"),
        ({"retry_policy": {"strategy": "fixed", "backoff_sec": [1, 2]}}, "/retry_policy/backoff_sec"),
        ({"retry_policy": {"strategy": "list", "backoff": {}}}, "/retry_policy/backoff"),
        ({"retry_policy": {"strategy": "exponential", "delay_sec": 1}}, "/retry_policy/delay_sec"),
        ({"retry_policy": {"strategy": "exponential"}, "retry_delay_seconds": 1}, "/retry_delay_seconds"),
        ({"retry_policy": {"strategy": "random"}}, "/retry_policy/strategy"),
        ({"retry_policy": {"delay_sec": 1}, "retry_delay_seconds": 2}, "/retry_delay_seconds"),
        (
            {"executor": {"type": "shell", "script": "a"}, "retry_policy": {"strategy": "custom"}},
            "/retry_policy/strategy",
        ),
    ],
)
def test_a_strategy_with_the_keys_of_another_is_refused(document: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_job(HANDLER | document)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]


def test_a_fixed_delay_is_the_same_before_every_retry() -> None:
    backoff = policy(strategy="fixed", delay_sec=30).backoff
    assert {retry_delay(backoff, retry, 0.5) for retry in (1, 2, 9)} == {30 * SECOND}


def test_an_exponential_delay_is_drawn_from_nothing_up_to_its_ceiling_so_that_retries_spread() -> None:
    backoff = ExponentialBackoff(base=1.0, factor=2.0, cap=5.0)
    for retry, ceiling in [(1, 1), (2, 2), (3, 4), (4, 5), (1000, 5)]:
        delays = [retry_delay(backoff, retry, chance) for chance in (0.0, 0.25, 0.5)]
        assert delays == [0, ceiling * SECOND // 4, ceiling * SECOND // 2]


def test_a_rule_makes_the_strategy_custom() -> None:
    def rule(error: Exception, failures: int) -> float | None:
        return None

    declared = job("a", retry=rule, backoff=[7])(lambda: None)
    assert declared.retry is rule
    assert declared.spec.work.retry == RetryPolicy(backoff=ListedBackoff((7.0,)), custom=True)


@pytest.mark.parametrize("rule", [3, "later"])
def test_what_is_no_rule_is_refused_with_its_place(rule: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        job("a", retry=rule)(lambda: None)
    assert [problem.pointer for problem in refused.value.problems] == ["/retry"]


async def test_an_async_rule_is_refused() -> None:
    async def rule(error: Exception, failures: int) -> float | None:
        return None

    with pytest.raises(InvalidInput, match="plain function"):
        job("a", retry=rule)(lambda: None)  # type: ignore[arg-type]


def test_what_handlers_raise_says_whether_and_when_to_try_again() -> None:
    assert (failure(Retry(delay=5)).retry, failure(Retry(delay=5)).delay) == (True, 5 * SECOND)
    assert (failure(Retry("later")).delay, failure(Retry("later")).error.message) == (None, "later")
    assert failure(GiveUp("no such account")).retry is False
    for delay in (-1, float("inf"), float("nan"), True):
        with pytest.raises(InvalidInput, match="a delay is"):
            Retry(delay=delay)
