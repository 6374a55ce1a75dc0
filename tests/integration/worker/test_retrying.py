"""Retries that handlers decide on, by what they raise and by a rule of their own, in a real worker."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.workers import Lab, result
from treadle.domain.runs import State

TYPES = ("decide", "decide.sync", "decide.apart")
RETRIES: dict[str, Any] = {"max_retry": 5, "backoff_sec": [0], "strategy": "custom"}


@pytest.mark.parametrize("type_", TYPES)
async def test_what_a_handler_raises_says_whether_to_try_again(steady_lab: Lab, type_: str) -> None:
    wanted = {"retry": (State.COMPLETED, 3), "give up": (State.FAILED, 1), "denied": (State.FAILED, 1)}
    ids = {how: await steady_lab.submit(type_, inputs={"how": how}, retry_policy=RETRIES) for how in wanted}
    for how, (state, attempts) in wanted.items():
        run = await steady_lab.finished(ids[how])
        assert (run.state, run.attempt) == (state, attempts), how
    denied = await steady_lab.read(ids["denied"])
    assert denied.error is not None
    assert (denied.error.type, denied.error.message) == ("PermissionError", "denied")


@pytest.mark.parametrize("type_", TYPES)
async def test_a_rule_that_fails_is_said_and_the_policy_stands(steady_lab: Lab, type_: str) -> None:
    run = await steady_lab.finished(await steady_lab.submit(type_, inputs={"how": "rule fails"}, retry_policy=RETRIES))
    assert (run.state, result(run)) == (State.COMPLETED, 4)
    said = await steady_lab.line(run.id, "rule for retries failed")
    assert (said.attempt, "division by zero" in said.message) == (3, True)


async def test_without_a_rule_the_policy_stands_and_that_is_said(steady_lab: Lab) -> None:
    run = await steady_lab.finished(await steady_lab.submit("decide.nothing", retry_policy=RETRIES))
    assert (run.state, result(run)) == (State.COMPLETED, 4)
    assert (await steady_lab.line(run.id, "has no rule")).attempt == 1


async def test_the_most_retries_hold_whatever_a_rule_says(steady_lab: Lab) -> None:
    retries = {"max_retry": 1, "backoff_sec": [0], "strategy": "custom"}
    run = await steady_lab.finished(
        await steady_lab.submit("decide", inputs={"how": "rule fails"}, retry_policy=retries)
    )
    assert (run.state, run.attempt) == (State.FAILED, 2)
