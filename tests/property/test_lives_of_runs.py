"""Whole lives of runs, outcome after outcome: they end, within the bounds that the retry policy and quarantine set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from treadle.domain.outcomes import Failed, Lost, Outcome, Released, RunError, Snoozed
from treadle.domain.priority import Priority
from treadle.domain.retry import QUARANTINE_AT, RetryPolicy
from treadle.domain.runs import LIVE, TERMINAL, Claim, State
from treadle.domain.states import CANCEL_ROW, TABLE, Change, Transition, row_for, settle
from treadle.domain.work import PythonHandler, Work, encode_work

NOW = 1_000_000_000_000_000
BOOM = Failed(RunError("exception", "boom"))
HARMLESS: list[Outcome] = [Snoozed(1), Released(), Lost(solitary=False)]


def first_claim(work: Work) -> Claim:
    return Claim(
        id="run_1",
        domain="default",
        job_id="job_1",
        queue="default",
        requires=work.requires,
        priority=Priority.NORMAL,
        token=1,
        attempt=1,
        failures=0,
        losses=0,
        solo_losses=0,
        suspect=False,
        due_at=NOW,
        created_at=NOW,
        claimed_at=NOW,
        work=encode_work(work),
        inputs=b"{}",
    )


def next_claim(claim: Claim, settled: Transition) -> Claim:
    """The claim that follows a transition, as every engine makes it."""
    return replace(
        claim,
        token=claim.token + 1,
        attempt=settled.failures + settled.losses + 1,
        failures=settled.failures,
        losses=settled.losses,
        solo_losses=settled.solo_losses,
        suspect=settled.suspect,
    )


def live(work: Work, outcomes: list[Outcome]) -> list[Transition]:
    """The transitions of a run that meets these outcomes, up to its end."""
    claim, transitions = first_claim(work), []
    for outcome in outcomes:
        transitions.append(settle(claim, work, outcome, now=NOW, chance=0.5, worker_id="wrk_1"))
        if transitions[-1].to in TERMINAL:
            break
        claim = next_claim(claim, transitions[-1])
    return transitions


@given(max_retries=st.integers(0, 20), between=st.lists(st.sampled_from(HARMLESS), max_size=5))
def test_a_run_that_always_fails_takes_its_maximum_of_attempts_and_no_more(
    max_retries: int, between: list[Outcome]
) -> None:
    work = Work(PythonHandler("report"), retry=RetryPolicy(max_retries=max_retries))
    transitions = live(work, [outcome for _ in range(max_retries + 2) for outcome in (*between, BOOM)])
    assert transitions[-1].to is State.FAILED
    assert transitions[-1].failures == max_retries + 1


@given(st.lists(st.sampled_from([*HARMLESS, Lost(solitary=True)]), max_size=30))
def test_a_run_is_quarantined_by_its_third_solitary_loss_and_by_nothing_else(outcomes: list[Outcome]) -> None:
    transitions = live(Work(PythonHandler("report")), outcomes)
    met = outcomes[: len(transitions)]
    solitary = sum(outcome == Lost(solitary=True) for outcome in met)
    ended = bool(transitions) and transitions[-1].to in TERMINAL
    assert ended == (solitary == QUARANTINE_AT)
    assert not ended or transitions[-1].event == TABLE[State.RUNNING, Change.QUARANTINE].event


@given(st.lists(st.sampled_from([*HARMLESS, BOOM, Lost(solitary=True)]), max_size=30))
def test_tries_are_numbered_from_one_and_a_token_is_never_used_twice(outcomes: list[Outcome]) -> None:
    transitions = live(Work(PythonHandler("report"), retry=RetryPolicy(max_retries=10)), outcomes)
    assert [transition.run.token for transition in transitions] == list(range(1, len(transitions) + 1))
    attempts = [transition.run.attempt for transition in transitions]
    assert attempts == sorted(attempts)
    assert all(transition.run.attempt <= transition.failures + transition.losses + 1 for transition in transitions)


@given(st.sampled_from([*HARMLESS, BOOM, Lost(solitary=True)]))
def test_after_an_accepted_cancel_no_attempt_follows(outcome: Outcome) -> None:
    (transition,) = live(Work(PythonHandler("report")), [outcome])
    assert row_for(transition, cancel_requested=True) == CANCEL_ROW
    assert row_for(transition, cancel_requested=False).to == transition.to


@pytest.mark.parametrize("state", sorted(LIVE))
def test_every_live_state_can_be_cancelled_and_has_a_way_to_success(state: State) -> None:
    assert TABLE[state, Change.CANCEL].to is State.CANCELLED
    reached, before = {state}, set[State]()
    while reached != before:
        before = set(reached)
        reached |= {row.to for (source, _), row in TABLE.items() if source in reached}
    assert State.COMPLETED in reached


def test_only_running_work_completes_or_fails() -> None:
    assert {source for (source, _), row in TABLE.items() if row.to in (State.COMPLETED, State.FAILED)} == {
        State.RUNNING
    }


def test_of_what_waits_only_a_run_behind_its_parents_can_be_skipped() -> None:
    assert {source for (source, _), row in TABLE.items() if row.to is State.SKIPPED} == {State.BLOCKED, State.RUNNING}


def test_an_event_tells_one_change_of_state() -> None:
    for row in TABLE.values():
        assert {other.to for other in TABLE.values() if other.event == row.event} == {row.to}
