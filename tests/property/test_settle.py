"""`settle` over every outcome and history of a run: what the table allows, and what a retry policy promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.outcomes import (
    Cancelled,
    Failed,
    Lost,
    Outcome,
    Released,
    RunError,
    Skipped,
    Snoozed,
    Succeeded,
    Waiting,
)
from treadle.domain.priority import Priority
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.retry import QUARANTINE_AT, ExponentialBackoff, ListedBackoff, RetryPolicy
from treadle.domain.runs import TERMINAL, Claim, State
from treadle.domain.states import TABLE, Transition, settle
from treadle.domain.work import PythonHandler, Work

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

NOW = 1_000_000_000_000_000
DELAYS = st.integers(0, 10**12)
COUNTS = st.integers(0, 5)

OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Succeeded, st.none() | st.just(b"{}")),
    st.builds(Failed, st.just(RunError("exception", "boom")), st.booleans(), st.none() | DELAYS),
    st.builds(Skipped, st.text()),
    st.builds(Snoozed, DELAYS),
    st.builds(Waiting, st.builds(Reason, st.sampled_from(ReasonCode))),
    st.builds(Cancelled, st.text()),
    st.builds(Released, st.text()),
    st.builds(Lost, st.booleans()),
)

WORKS = st.builds(
    Work,
    executor=st.just(PythonHandler("report")),
    retry=st.builds(
        RetryPolicy,
        max_retries=COUNTS,
        backoff=st.builds(ListedBackoff, st.lists(st.floats(0, 1000), max_size=4).map(tuple))
        | st.builds(ExponentialBackoff, base=st.floats(0, 1000), factor=st.floats(1, 100), cap=st.floats(0, 1000)),
    ),
)


@st.composite
def claims(draw: Draw) -> Claim:
    """A running run with any history that has not yet led to quarantine."""
    return Claim(
        id="run_1",
        domain="default",
        job_id="job_1",
        queue="default",
        requires="handler:report",
        priority=draw(st.sampled_from(Priority)),
        token=draw(st.integers(1, 100)),
        attempt=draw(st.integers(1, 10)),
        failures=draw(COUNTS),
        losses=draw(COUNTS),
        solo_losses=draw(st.integers(0, QUARANTINE_AT - 1)),
        suspect=draw(st.booleans()),
        due_at=NOW - draw(DELAYS),
        created_at=NOW,
        claimed_at=NOW,
        work=b"",
        inputs=b"{}",
    )


def settled(run: Claim, work: Work, outcome: Outcome, chance: float = 0.5) -> Transition:
    return settle(run, work, outcome, now=NOW, chance=chance, worker_id="worker_1")


@given(run=claims(), work=WORKS, outcome=OUTCOMES, chance=st.floats(0, 1, exclude_max=True))
def test_every_outcome_is_a_row_of_the_table_under_the_same_token(
    run: Claim, work: Work, outcome: Outcome, chance: float
) -> None:
    change = settled(run, work, outcome, chance)
    assert change.to == TABLE[State.RUNNING, change.change].to
    assert change.run is run
    assert (change.due_at is not None) == (change.to is State.SCHEDULED)
    assert change.due_at is None or change.due_at >= NOW
    assert (change.to in TERMINAL) or change.result is None


@given(run=claims(), work=WORKS, outcome=OUTCOMES)
def test_only_a_failure_spends_an_attempt(run: Claim, work: Work, outcome: Outcome) -> None:
    change = settled(run, work, outcome)
    assert change.failures == run.failures + isinstance(outcome, Failed)
    assert change.losses == run.losses + isinstance(outcome, Lost)


@given(run=claims(), work=WORKS)
def test_a_run_fails_for_good_after_its_last_retry_and_not_before(run: Claim, work: Work) -> None:
    change = settled(run, work, Failed(RunError("exception", "boom")))
    assert (change.to is State.FAILED) == (run.failures >= work.retry.max_retries)


@given(run=claims(), work=WORKS, solitary=st.booleans())
def test_only_losses_suffered_alone_lead_to_quarantine(run: Claim, work: Work, *, solitary: bool) -> None:
    change = settled(run, work, Lost(solitary))
    assert (change.to is State.FAILED) == (solitary and run.solo_losses == QUARANTINE_AT - 1)
    assert change.suspect


def test_a_final_state_has_no_way_out() -> None:
    assert not {source for source, _ in TABLE} & TERMINAL
