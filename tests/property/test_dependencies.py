"""What becomes of a run when its parents end: the rule of joins, and conditions on results."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.conditions import Condition, condition_problems, holds
from treadle.domain.dependencies import Decision, Join, OnParentFailure, Tally, Verdict, decide, judge
from treadle.domain.json import encode

JOINS = st.sampled_from(Join)
ON_FAILURE = st.sampled_from(OnParentFailure)
TALLIES = st.builds(Tally, *[st.integers(0, 3)] * 4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)
VERDICTS = st.lists(st.sampled_from([*Verdict, None]), min_size=1, max_size=5)


def tally(verdicts: list[Verdict | None]) -> Tally:
    return Tally(*(verdicts.count(one) for one in (None, Verdict.MET, Verdict.UNMET, Verdict.FAILED)))


@given(join=JOINS, on_failure=ON_FAILURE, verdicts=VERDICTS)
def test_a_run_never_waits_for_nothing(join: Join, on_failure: OnParentFailure, verdicts: list[Verdict | None]) -> None:
    standing = tally(verdicts)
    if decide(join, on_failure, standing) is Decision.WAIT:
        assert standing.pending or (standing.failed and on_failure is OnParentFailure.WAIT)


@given(join=JOINS, verdicts=VERDICTS)
def test_only_a_parent_that_failed_cancels_and_only_where_that_was_declared(
    join: Join, verdicts: list[Verdict | None]
) -> None:
    for on_failure in OnParentFailure:
        if decide(join, on_failure, tally(verdicts)) is Decision.CANCEL:
            assert on_failure is OnParentFailure.CANCEL
            assert Verdict.FAILED in verdicts


@given(on_failure=ON_FAILURE, verdicts=VERDICTS)
def test_all_goes_only_with_every_parent_and_any_with_one(
    on_failure: OnParentFailure, verdicts: list[Verdict | None]
) -> None:
    counted = {Verdict.MET} | ({Verdict.FAILED} if on_failure is OnParentFailure.RUN else set())
    goes = decide(Join.ALL, on_failure, tally(verdicts)) is Decision.GO
    assert goes == (set(verdicts) <= counted)
    if decide(Join.ANY, on_failure, tally(verdicts)) is Decision.GO:
        assert counted & set(verdicts)


@given(join=JOINS, on_failure=ON_FAILURE, verdicts=VERDICTS, more=st.sampled_from(Verdict))
def test_a_decision_once_made_is_turned_only_from_one_end_to_another(
    join: Join, on_failure: OnParentFailure, verdicts: list[Verdict | None], more: Verdict
) -> None:
    """Of a failed parent and a false condition, the first that is seen decides."""
    if None not in verdicts:
        return
    before = decide(join, on_failure, tally(verdicts))
    after = decide(
        join, on_failure, tally([*verdicts[: verdicts.index(None)], more, *verdicts[verdicts.index(None) + 1 :]])
    )
    if before is not Decision.WAIT:
        assert after is before or (before, after) == (Decision.CANCEL, Decision.SKIP)


@given(state=st.sampled_from(["completed", "failed", "cancelled", "skipped"]), code=st.sampled_from([None, "skipped"]))
def test_always_asks_only_that_a_parent_ended(state: str, code: str | None) -> None:
    assert judge(state, code, None, None, Join.ALWAYS) is Verdict.MET


@pytest.mark.parametrize("join", [Join.ALL, Join.ANY])
def test_a_skip_of_its_own_counts_as_completed_and_one_by_a_condition_does_not(join: Join) -> None:
    assert judge("skipped", "skipped", None, None, join) is Verdict.MET
    assert judge("skipped", "condition_unmet", None, None, join) is Verdict.UNMET


@given(value=JSON, other=JSON)
def test_equals_and_not_equals_are_opposites(value: Any, other: Any) -> None:
    result = encode(value)
    assert holds(Condition(equals=value), result)
    assert holds(Condition(equals=other), result) != holds(Condition(not_equals=other), result)
    assert holds(Condition(among=(other, value)), result)


@given(inner=JSON, key=st.text("ab/~", max_size=3), index=st.integers(0, 2))
def test_a_pointer_finds_what_stands_under_keys_and_places(inner: Any, key: str, index: int) -> None:
    escaped = key.replace("~", "~0").replace("/", "~1")
    result = encode({key: [*[None] * index, inner]})
    assert holds(Condition(path=f"/{escaped}/{index}", equals=inner), result)
    assert holds(Condition(path=f"/{escaped}/{index + 1}", exists=False), result)
    assert not holds(Condition(path=f"/{escaped}/0{index}", exists=True), result)


def test_what_is_not_there_equals_nothing() -> None:
    assert holds(Condition(path="/a", exists=False), None)
    assert not holds(Condition(path="/a", equals=None), b"{}")
    assert holds(Condition(path="/a", not_equals=1), b"{}")
    assert not holds(Condition(path="", equals=None), None)


def test_true_is_not_one() -> None:
    assert not holds(Condition(equals=1), b"true")
    assert not holds(Condition(equals=[True]), b"[1]")
    assert holds(Condition(equals=1), b"1.0")


def test_a_condition_asks_exactly_one_thing() -> None:
    assert condition_problems(Condition(path="/a", equals=1), "/if") == []
    for wrong in (Condition(path="/a"), Condition(equals=1, exists=True)):
        (problem,) = condition_problems(wrong, "/if")
        assert problem.pointer == "/if"
