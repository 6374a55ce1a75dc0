"""Rows to records and back."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from treadle.domain.outcomes import RunError
from treadle.domain.priority import Priority
from treadle.domain.reasons import Reason
from treadle.domain.runs import LIVE as LIVE_STATES
from treadle.domain.runs import TERMINAL, Cause, Claim, Run, State

_encoder: Final = msgspec.json.Encoder()
_reasons: Final = msgspec.json.Decoder(Reason)
_errors: Final = msgspec.json.Decoder(RunError)
PRIORITIES: Final = {priority.value: priority for priority in Priority}

_RUN_COLUMNS: Final = (
    "id, domain, job_id, job_version, queue, requires, priority, state, {reason}, due_at, rank, created_at, token, "
    "{attempt}, failures, losses, solo_losses, suspect, cancel_at, worker_id, {started}, {finished}, work, inputs, "
    "{result}, error, cause, schedule_id, slot, retry_of"
)


class Half(NamedTuple):
    """One of the two tables of runs, with the columns that make a `Run`."""

    table: str
    columns: str
    states: frozenset[State]


LIVE: Final = Half(
    "runs",
    _RUN_COLUMNS.format(
        reason="reason",
        attempt="failures + losses + (state = 'running')",
        started="coalesce(started_at, claimed_at)",
        finished="NULL",
        result="NULL",
    ),
    LIVE_STATES,
)
HISTORY: Final = Half(
    "history",
    _RUN_COLUMNS.format(
        reason="NULL", attempt="attempt", started="started_at", finished="finished_at", result="result"
    ),
    TERMINAL,
)


def to_json(value: Reason | RunError | None) -> str | None:
    """A small record as JSON text, for a column."""
    return None if value is None else _encoder.encode(value).decode()


def to_error(text: str | None) -> RunError | None:
    """An error from its column."""
    return None if text is None else _errors.decode(text)


def to_claim(row: tuple[Any, ...]) -> Claim:
    """A claim from the columns that the statements `claim` and `held` answer, in their order."""
    return Claim(
        id=row[0],
        domain=row[1],
        job_id=row[2],
        queue=row[3],
        requires=row[4],
        priority=PRIORITIES[row[5]],
        token=row[6],
        attempt=row[7],
        failures=row[8],
        losses=row[9],
        solo_losses=row[10],
        suspect=bool(row[11]),
        due_at=row[12],
        created_at=row[13],
        claimed_at=row[14],
        work=row[15],
        inputs=row[16],
    )


def to_run(row: tuple[Any, ...]) -> Run:
    """A run from the columns of a `Half`."""
    return Run(
        id=row[0],
        domain=row[1],
        job_id=row[2],
        job_version=row[3],
        queue=row[4],
        requires=row[5],
        priority=PRIORITIES[row[6]],
        state=State(row[7]),
        reason=None if row[8] is None else _reasons.decode(row[8]),
        due_at=row[9],
        rank=row[10],
        created_at=row[11],
        token=row[12],
        attempt=row[13],
        failures=row[14],
        losses=row[15],
        solo_losses=row[16],
        suspect=bool(row[17]),
        cancel_requested_at=row[18],
        worker_id=row[19],
        started_at=row[20],
        finished_at=row[21],
        work=row[22],
        inputs=row[23],
        result=row[24],
        error=to_error(row[25]),
        cause=Cause(row[26]),
        schedule_id=row[27],
        slot=row[28],
        retry_of=row[29],
    )
