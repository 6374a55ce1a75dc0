"""Runs as they are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from treadle import tracing
from treadle.api.schemas.common import AnyJson, HasMore, JsonObject, NextCursor, moment, raw
from treadle.domain import comparing, letters, spans
from treadle.domain import progress as domain_progress
from treadle.domain import runs as domain
from treadle.domain.affinity import Affinity, read_requirement
from treadle.domain.conditions import Condition
from treadle.domain.dependencies import Join, OnParentFailure, Parent
from treadle.domain.explanation import Explanation as DomainExplanation
from treadle.domain.instants import to_datetime, to_iso
from treadle.domain.json import decode, encode
from treadle.domain.letters import How
from treadle.domain.outcomes import RunError
from treadle.domain.priority import Priority
from treadle.domain.reasons import Reason
from treadle.domain.runs import TERMINAL, Cause, State
from treadle.domain.spans import SpanKind, spans_of
from treadle.domain.steps import RunStep, StepKind
from treadle.domain.work import decode_work
from treadle.services.runs import Told

MOST_PARENTS: Final = 100
"""Parents listed with a run."""

RunId = Annotated[str, Meta(examples=["run_019d2f6c1e5b7c3a9f40b1d2c3e4f506"])]


class Resolution(Struct, frozen=True, kw_only=True):
    """What became of a dead letter: the run that did it again, or who discarded it and why."""

    how: How
    at: datetime
    run_id: str | None
    by: str
    why: str


class Run(Struct, frozen=True, kw_only=True):
    """One execution of a job, from accepted to a final status.

    `attempt` counts from 1 once it has begun. `due_at` is when it may run next; `reason` says what holds it back.
    """

    run_id: RunId
    job_id: str
    job_version: int
    status: State
    reason: Reason | None
    attempt: int
    inputs: JsonObject
    result: AnyJson
    error: RunError | None
    created_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    queue: str
    priority: Priority
    requires: Annotated[str, Meta(description="What a worker must be able to carry out to take it.")]
    affinity: Annotated[Affinity | None, Meta(description="What it must match beside that.")]
    worker_id: str | None
    cause: Cause
    schedule_id: str | None
    slot: Annotated[datetime | None, Meta(description="The moment of its schedule that it was fired for.")]
    retry_of: str | None
    lanes: Annotated[list[str], Meta(description="The lanes of which it needs a slot.")]
    rates: Annotated[list[str], Meta(description="The rates of which its start takes a token.")]
    resolution: Annotated[Resolution | None, Meta(description="A failed run without one is a dead letter.")]


class Attempt(Struct, frozen=True, kw_only=True):
    """One try. `outcome` is what became of it; that of the last one is the run's status, or `quarantined`.

    `started_at` is null where the handler was never reached.
    """

    attempt: int
    worker_id: str | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: Annotated[str, Meta(examples=["retry_scheduled", "lost", "running", "completed"])]
    error: RunError | None


class Span(Struct, frozen=True, kw_only=True):
    """A part of a run's life; `end` is null where it goes on.

    `attempt` and `outcome` are those of a running one. `about` says that its start is not known: it is when the run was
    due.
    """

    kind: SpanKind
    start: datetime
    end: datetime | None
    attempt: int | None
    outcome: str | None
    about: bool


class ParentOf(Struct, frozen=True, kw_only=True):
    """A run that another waits for, or waited for; `status` is null where it is no longer known."""

    run_id: RunId
    status: State | None
    condition: Annotated[Condition | None, Meta(description="What its result must be.")]


class Dependencies(Struct, frozen=True, kw_only=True):
    """What a run waits for: its parents in the order in which it names them, the first 100; `counts` has them all."""

    join: Join
    on_parent_failure: OnParentFailure
    counts: Annotated[dict[str, int], Meta(description="How many of the parents are in each status.")]
    parents: list[ParentOf]


class Group(Struct, frozen=True, kw_only=True):
    """Runs that were submitted together, and the one that joins them: its `depends_on` tells how far they are."""

    join: Run
    members: list[RunId]


class Progress(Struct, frozen=True, kw_only=True):
    """How far a run has come, as its handler says: `total` is null where it does not know."""

    done: int | float
    total: int | float | None
    at: datetime


class RunDetail(Run, frozen=True, kw_only=True):
    """A run with its tries and the spans of its life, oldest first."""

    attempts: list[Attempt]
    spans: list[Span]
    trace_id: Annotated[str | None, Meta(description="The trace of whoever submitted it, where one came along.")]
    depends_on: Dependencies | None
    progress: Progress | None
    telemetry: Annotated[dict[str, AnyJson], Meta(description="What its handler keeps in `ctx.state`.")]


class Step(Struct, frozen=True, kw_only=True):
    """What a run has done for good. `attempt_token` tells the claim under which it was recorded."""

    name: Annotated[str, Meta(examples=["charge", "sleep", "wait:paid"])]
    kind: StepKind
    result: AnyJson
    attempt_token: int
    recorded_at: datetime


class StepList(Struct, frozen=True, kw_only=True):
    """The steps of a run, oldest first: 1000 at most, so there is no next page."""

    items: list[Step]


class RunPage(Struct, frozen=True, kw_only=True):
    """Runs, newest first."""

    items: list[Run]
    next_cursor: NextCursor
    has_more: HasMore


class Difference(Struct, frozen=True, kw_only=True):
    """What differs: a dotted name, and the value of either run; null where there is none."""

    field: Annotated[str, Meta(examples=["inputs.date", "job_version", "worker.host", "took_sec"])]
    before: AnyJson
    after: AnyJson


class Comparison(Struct, frozen=True, kw_only=True):
    """A run beside another: causes first (what was asked for, what was carried out, and where), then effects."""

    run_id: RunId
    against: Run
    differences: list[Difference]


class Explanation(Struct, frozen=True, kw_only=True):
    """Why a run is not running, or where it is, or how it ended. `code` is stable and for programs."""

    run_id: RunId
    status: State
    code: Annotated[str, Meta(examples=["delayed", "no_worker_for_requirement", "slots_busy", "running"])]
    message: str
    details: dict[str, str | int | float | bool | list[str] | dict[str, list[str]] | None]
    expected_start: datetime | None


def to_run(run: domain.Run) -> Run:
    """A run as it is answered."""
    return Run(**_fields(run))


def to_detail(run: domain.Run, attempts: Sequence[domain.Attempt], parents: Sequence[Parent], told: Told) -> RunDetail:
    """A run with its tries."""
    return RunDetail(
        **_fields(run),
        attempts=attempts_of(run, attempts),
        spans=list(map(to_span, spans_of(run, attempts))),
        trace_id=tracing.trace_id(decode_work(run.work).trace) or None,
        depends_on=_to_dependencies(run, parents),
        progress=None if told.progress is None else _to_progress(told.progress),
        telemetry=told.state,
    )


def attempts_of(run: domain.Run, attempts: Sequence[domain.Attempt]) -> list[Attempt]:
    """The tries of a run: those that are kept, and the one that runs or was the only one."""
    tries = [
        Attempt(
            attempt=each.attempt,
            worker_id=each.worker_id,
            started_at=moment(each.started_at),
            finished_at=moment(each.finished_at),
            outcome=each.event.partition(".")[2],
            error=each.error,
        )
        for each in attempts
    ]
    claimed = run.token > max((each.token for each in attempts), default=0)
    if claimed and (run.state is State.RUNNING or run.state in TERMINAL):
        last = Attempt(
            attempt=run.attempt,
            worker_id=run.worker_id,
            # A run keeps the start of its first try.
            started_at=moment(run.claimed_at or (None if attempts else run.started_at)),
            finished_at=moment(run.finished_at),
            outcome=run.state.value,
            error=run.error,
        )
        tries.append(last)
    return tries


def to_span(span: spans.Span) -> Span:
    """A part of a run's life as it is answered."""
    return Span(
        kind=span.kind,
        start=to_datetime(span.start),
        end=moment(span.end),
        attempt=span.attempt or None,
        outcome=span.outcome or None,
        about=span.about,
    )


def _to_progress(progress: domain_progress.Progress) -> Progress:
    return Progress(done=progress.done, total=progress.total, at=to_datetime(progress.at))


def _to_dependencies(run: domain.Run, parents: Sequence[Parent]) -> Dependencies | None:
    if (depends := run.depends) is None:
        return None
    return Dependencies(
        join=depends.join,
        on_parent_failure=depends.on_failure,
        counts=dict(Counter(parent.state or "unknown" for parent in parents)),
        parents=[
            ParentOf(
                run_id=parent.id,
                status=None if parent.state is None else State(parent.state),
                condition=depends.conditions.get(parent.id),
            )
            for parent in parents[:MOST_PARENTS]
        ],
    )


def to_steps(steps: Sequence[RunStep]) -> StepList:
    """The steps of a run as they are answered; a sleep's result is the moment at which it ends."""
    return StepList(
        items=[
            Step(
                name=step.name,
                kind=step.kind,
                result=raw(encode(to_iso(decode(step.result))) if step.kind is StepKind.SLEEP else step.result),
                attempt_token=step.token,
                recorded_at=to_datetime(step.at),
            )
            for step in steps
        ]
    )


def to_comparison(run: domain.Run, against: domain.Run, found: Sequence[comparing.Difference]) -> Comparison:
    """A comparison as it is answered."""
    differences = [
        Difference(field=each.field, before=raw(encode(each.before)), after=raw(encode(each.after))) for each in found
    ]
    return Comparison(run_id=run.id, against=to_run(against), differences=differences)


def to_explanation(run: domain.Run, explanation: DomainExplanation) -> Explanation:
    """An explanation as it is answered."""
    return Explanation(
        run_id=run.id,
        status=run.state,
        code=explanation.code,
        message=explanation.message,
        details=explanation.details,
        expected_start=moment(explanation.expected_start),
    )


def _resolution(resolution: letters.Resolution) -> Resolution:
    return Resolution(
        how=resolution.how,
        at=to_datetime(resolution.at),
        run_id=resolution.run_id,
        by=resolution.by,
        why=resolution.why,
    )


def _fields(run: domain.Run) -> dict[str, Any]:
    ability, affinity = read_requirement(run.requires)
    return {
        "run_id": run.id,
        "job_id": run.job_id,
        "job_version": run.job_version,
        "status": run.state,
        "reason": run.reason,
        "attempt": run.attempt,
        "inputs": raw(run.inputs),
        "result": raw(run.result),
        "error": run.error,
        "created_at": moment(run.created_at),
        "due_at": moment(run.due_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "cancel_requested_at": moment(run.cancel_requested_at),
        "queue": run.queue,
        "priority": run.priority,
        "requires": ability,
        "affinity": affinity,
        "worker_id": run.worker_id,
        "cause": run.cause,
        "schedule_id": run.schedule_id,
        "slot": moment(run.slot),
        "retry_of": run.retry_of,
        "lanes": [] if run.limits is None else [lane.key for lane in run.limits.lanes],
        "rates": [] if run.limits is None else [limit.key for limit in run.limits.rates],
        "resolution": None if run.resolution is None else _resolution(run.resolution),
    }
