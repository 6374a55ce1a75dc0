"""Priorities: the words and numbers that people write, and the order that they make."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.errors import InvalidInput
from treadle.domain.instants import HOUR, MINUTE
from treadle.domain.jobs import parse_job
from treadle.domain.priority import Priority, rank


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((priority.value, priority) for priority in Priority),
        *((priority.value.upper(), priority) for priority in Priority),
        *((word, Priority.CRITICAL) for word in ("urgent", "URGENT", 9, 10)),
        *((word, Priority.HIGH) for word in (7, 8)),
        *((word, Priority.NORMAL) for word in ("medium", "MEDIUM", 0, 4, 5, 6)),
        *((word, Priority.LOW) for word in (1, 2, 3)),
    ],
)
def test_words_and_numbers_of_other_systems_mean_one_of_four(said: Any, meant: Priority) -> None:
    assert parse_job({"job_id": "a", "type": "a", "priority": said}).priority is meant


@pytest.mark.parametrize("said", ["hasty", "", 11, -1, 2.5, True, []])
def test_anything_else_is_refused(said: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_job({"job_id": "a", "type": "a", "priority": said})
    assert [problem.pointer for problem in refused.value.problems] == ["/priority"]


@given(st.sampled_from(Priority), st.sampled_from(Priority), st.integers(0, 10 * HOUR))
def test_work_that_is_old_enough_goes_before_any_other(mine: Priority, other: Priority, waited: int) -> None:
    before = rank(0, mine) < rank(waited, other)
    if waited > HOUR + 10 * MINUTE:
        assert before
    if waited == 0:
        assert before == (list(Priority).index(mine) < list(Priority).index(other))
