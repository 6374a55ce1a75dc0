"""The times of a run's life, one after the other."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from treadle.domain.runs import Attempt, Cause, Run, State
from treadle.domain.spans import spans_of
from treadle.domain.submitting import accepted
from treadle.testing.driver import new_run

RUN = replace(accepted(new_run(100, id="run_1", cause=Cause.API)), token=1, attempt=1)


def run(state: State, **fields: Any) -> Run:
    return replace(RUN, **{"state": state, "due_at": 100} | fields)


def tried(number: int, start: int | None, end: int, event: str = "run.retry_scheduled") -> Attempt:
    return Attempt(
        run_id="run_1",
        token=number,
        attempt=number,
        worker_id="wrk_1",
        started_at=start,
        finished_at=end,
        event=event,
        error=None,
    )


def told(run: Run, *attempts: Attempt) -> list[tuple[Any, ...]]:
    spans = spans_of(run, attempts)
    return [(span.kind.value, span.start, span.end, span.outcome or None) for span in spans]


def test_a_run_is_queued_and_then_runs() -> None:
    done = run(State.COMPLETED, started_at=130, finished_at=150)
    assert told(done) == [("queued", 100, 130, None), ("running", 130, 150, "completed")]
    assert told(run(State.RUNNING, started_at=130)) == [("queued", 100, 130, None), ("running", 130, None, "running")]


def test_until_it_is_due_it_is_held() -> None:
    done = run(State.COMPLETED, due_at=120, started_at=130, finished_at=150)
    assert told(done)[:2] == [("held", 100, 120, None), ("queued", 120, 130, None)]
    assert told(run(State.SCHEDULED, due_at=120, token=0)) == [("held", 100, None, None)]
    assert told(run(State.BLOCKED, token=0)) == [("held", 100, None, None)]
    assert told(run(State.READY, token=0)) == [("queued", 100, None, None)]
    assert told(run(State.CANCELLED, token=0, finished_at=140)) == [("held", 100, 140, None)]


def test_between_attempts_is_backoff_and_then_the_line() -> None:
    failed = run(State.FAILED, token=3, attempt=3, due_at=170, started_at=110, finished_at=190)
    assert told(failed, tried(1, 110, 120), tried(2, 140, 150)) == [
        ("queued", 100, 110, None),
        ("running", 110, 120, "retry_scheduled"),
        ("backoff", 120, 140, None),
        ("running", 140, 150, "retry_scheduled"),
        ("backoff", 150, 170, None),
        ("running", 170, 190, "failed"),
    ]
    *_, last = spans_of(failed, [tried(1, 110, 120), tried(2, 140, 150)])
    assert (last.about, last.attempt) == (True, 3)


def test_the_last_of_several_attempts_has_a_start_of_its_own() -> None:
    failed = run(State.FAILED, token=2, attempt=2, due_at=130, started_at=110, finished_at=190)
    assert told(failed, tried(1, 110, 120), tried(2, 140, 190, "run.failed"))[2:] == [
        ("backoff", 120, 130, None),
        ("queued", 130, 140, None),
        ("running", 140, 190, "failed"),
    ]
    again = run(State.RUNNING, token=2, attempt=2, due_at=130, started_at=110, claimed_at=140)
    assert spans_of(again, [tried(1, 110, 120)])[-1].start == 140


def test_one_that_waits_for_its_retry_goes_on_in_backoff() -> None:
    waiting = run(State.SCHEDULED, due_at=200, failures=1)
    assert told(waiting, tried(1, 110, 120))[-1] == ("backoff", 120, None, None)


def test_spans_never_overlap_whatever_clocks_say() -> None:
    odd = run(State.COMPLETED, token=2, due_at=500, started_at=90, finished_at=115)
    spans = spans_of(odd, [tried(1, 90, 80), tried(2, None, 130, "run.lost")][:1])
    assert all(span.end is None or span.start <= span.end for span in spans)
    assert all(one.end == other.start for one, other in pairwise(spans))
