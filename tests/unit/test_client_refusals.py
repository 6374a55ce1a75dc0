"""An error of Treadle's that goes over HTTP arrives as what it was."""

from __future__ import annotations

import pytest

from treadle.api.errors import refuse
from treadle.client.remote.refusals import BY_CODE, to_error, to_refusal
from treadle.domain import errors
from treadle.domain.errors import InvalidInput, Problem, TooMany, TreadleError

SCOPE = {"type": "http", "state": {"trace_id": "1"}}

EXAMPLES = {
    "invalid_input": InvalidInput([Problem("/a/b", "is wrong", "missing"), Problem("", "is too")]),
    "too_many_requests": TooMany("slow down", 7),
    "queue_draining": errors.QueueDraining("mail"),
    "moved": errors.Moved("postgresql://elsewhere", complete=False),
}


@pytest.mark.parametrize("code", BY_CODE)
def test_every_error_arrives_as_itself(code: str) -> None:
    sent = EXAMPLES.get(code) or BY_CODE[code]("what was wrong")
    answer = refuse(sent, SCOPE)
    after = int(answer.headers.get("retry-after", "1"))
    arrived = to_error(answer.status_code, to_refusal(bytes(answer.body)), after)
    assert type(arrived) is type(sent)
    assert (arrived.message, arrived.code) == (sent.message, sent.code)
    assert arrived.problems == sent.problems
    assert getattr(arrived, "after", None) == getattr(sent, "after", None)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, errors.NotFound), (403, errors.Forbidden), (502, errors.Unavailable), (418, TreadleError)],
)
def test_what_is_no_problem_of_treadle_is_told_by_its_status(status: int, kind: type[TreadleError]) -> None:
    error = to_error(status, to_refusal(b"<html>"))
    assert type(error) is kind
    assert str(status) in error.message
