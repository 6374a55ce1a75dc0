"""Rows to records and back: what the engines have in common that keep runs in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from treadle.domain.conditions import Condition
from treadle.domain.dependencies import Depends
from treadle.domain.events import Event
from treadle.domain.letters import Resolution
from treadle.domain.limits import Limits
from treadle.domain.outcomes import RunError
from treadle.domain.priority import Priority
from treadle.domain.reasons import Reason
from treadle.domain.runs import LIVE as LIVE_STATES
from treadle.domain.runs import TERMINAL, Cause, Claim, Run, State
from treadle.domain.steps import RunStep, StepKind

_encoder: Final = msgspec.json.Encoder()
_reasons: Final = msgspec.json.Decoder(Reason)
_errors: Final = msgspec.json.Decoder(RunError)
_limits: Final = msgspec.json.Decoder(Limits)
_resolutions: Final = msgspec.json.Decoder(Resolution)
_depends: Final = msgspec.json.Decoder(Depends)
PRIORITIES: Final = {priority.value: priority for priority in Priority}

_RUN_COLUMNS: Final = (
    "id, domain, job_id, job_version, queue, requires, priority, state, {reason}, due_at, rank, created_at, token, "
    "{attempt}, failures, losses, solo_losses, suspect, cancel_at, worker_id, {started}, {finished}, work, inputs, "
    "{result}, error, cause, schedule_id, slot, retry_of, limits, depends, {resolution}, {claimed}"
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
        attempt="failures + losses + CASE state WHEN 'running' THEN 1 ELSE 0 END",
        started="coalesce(started_at, claimed_at)",
        finished="CAST(NULL AS bigint)",
        result="CAST(NULL AS bytea)",
        resolution="CAST(NULL AS text)",
        claimed="claimed_at",
    ),
    LIVE_STATES,
)
HISTORY: Final = Half(
    "history",
    _RUN_COLUMNS.format(
        reason="CAST(NULL AS text)",
        attempt="attempt",
        started="started_at",
        finished="finished_at",
        result="result",
        resolution="resolution",
        claimed="CAST(NULL AS bigint)",
    ),
    TERMINAL,
)


def to_json(value: Reason | RunError | Limits | Depends | Condition | Resolution | None) -> str | None:
    """A small record as JSON text, for a column."""
    return None if value is None else _encoder.encode(value).decode()


def to_reason(text: str | None) -> Reason | None:
    """A reason from its column."""
    return None if text is None else _reasons.decode(text)


def to_error(text: str | None) -> RunError | None:
    """An error from its column."""
    return None if text is None else _errors.decode(text)


def to_limits(text: str) -> Limits:
    """Limits from their column."""
    return _limits.decode(text)


def to_claim(row: Sequence[Any]) -> Claim:
    """A claim from its columns, in the order of its fields; `work` and `inputs` as JSON, the steps as records."""
    (
        run_id,
        domain,
        job_id,
        queue,
        requires,
        priority,
        token,
        attempt,
        failures,
        losses,
        solo_losses,
        suspect,
        due_at,
        created_at,
        claimed_at,
        work,
        inputs,
        has_parents,
        steps,
    ) = row
    return Claim(
        id=run_id,
        domain=domain,
        job_id=job_id,
        queue=queue,
        requires=requires,
        priority=PRIORITIES[priority],
        token=token,
        attempt=attempt,
        failures=failures,
        losses=losses,
        solo_losses=solo_losses,
        suspect=bool(suspect),
        due_at=due_at,
        created_at=created_at,
        claimed_at=claimed_at,
        work=work,
        inputs=inputs,
        has_parents=bool(has_parents),
        steps=steps,
    )


def to_step(row: Sequence[Any]) -> RunStep:
    """A step from its columns; the result as JSON."""
    name, kind, result, token, at, event = row
    return RunStep(name=name, kind=StepKind(kind), result=result, token=token, at=at, event=event)


def to_event(row: Sequence[Any]) -> Event:
    """An event from its columns."""
    seq, domain, type_, subject, n, job_id, at, data = row
    return Event(seq=seq, domain=domain, type=type_, subject=subject, n=n, job_id=job_id, at=at, data=data)


def to_run(row: Sequence[Any]) -> Run:
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
        reason=to_reason(row[8]),
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
        limits=None if row[30] is None else to_limits(row[30]),
        depends=None if row[31] is None else _depends.decode(row[31]),
        resolution=None if row[32] is None else _resolutions.decode(row[32]),
        claimed_at=row[33],
    )
