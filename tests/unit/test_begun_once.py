"""What is not idempotent is begun once: every end that would begin it again fails it instead."""

from __future__ import annotations

import pytest

from tests.support.executions import claim
from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import dump_job, parse_job
from treadle.domain.outcomes import Failed, Lost, Outcome, Released, RunError
from treadle.domain.runs import State
from treadle.domain.states import settle
from treadle.domain.work import Work

DOCUMENT = {"job_id": "pay", "type": "pay"}


def ends_as(work: Work, outcome: Outcome, started_at: int | None) -> State:
    return settle(claim(), work, outcome, now=10, chance=0.5, worker_id="w", started_at=started_at).to


@pytest.mark.parametrize(
    ("outcome", "started_at", "otherwise"),
    [
        (Lost(solitary=True), 5, State.READY),
        (Lost(solitary=False), None, State.READY),
        (Released("the worker stops"), 5, State.READY),
        (Failed(RunError("exception", "no")), 5, State.SCHEDULED),
    ],
)
def test_what_was_begun_is_not_begun_again(outcome: Outcome, started_at: int | None, otherwise: State) -> None:
    assert ends_as(parse_job({**DOCUMENT, "idempotent": False}).work, outcome, started_at) is State.FAILED
    assert ends_as(parse_job(DOCUMENT).work, outcome, started_at) is otherwise


def test_what_was_given_back_before_it_began_goes_on() -> None:
    assert ends_as(parse_job({**DOCUMENT, "idempotent": False}).work, Released(), None) is State.READY


def test_retries_contradict_it() -> None:
    spec = parse_job({**DOCUMENT, "idempotent": False})
    assert spec.work.retry.max_retries == 0
    assert parse_job(dump_job(spec)) == spec
    with pytest.raises(InvalidInput) as caught:
        parse_job({**DOCUMENT, "idempotent": False, "max_retries": 2})
    assert [each.pointer for each in caught.value.problems] == ["/max_retries"]
