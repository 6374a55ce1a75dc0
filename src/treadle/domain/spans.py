"""The times of a run's life, one after the other: where it waited, where it was worked at."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.runs import TERMINAL, Attempt, Run, State
from treadle.domain.states import TABLE, Change


class SpanKind(StrEnum):
    """`queued`: it could have been started. `running`: an attempt. `backoff`: between two attempts, which begins with
    the delay of a retry; `held`: it waited for a moment or for something named."""

    QUEUED = "queued"
    RUNNING = "running"
    BACKOFF = "backoff"
    HELD = "held"


class Span(Struct, frozen=True, kw_only=True):
    """A part of a run's life. `end` is None where it goes on.

    `outcome` is what became of an attempt. Where the start of the last one is not known, it is `about` when the run was
    due.
    """

    kind: SpanKind
    start: Instant
    end: Instant | None
    attempt: int = 0
    outcome: str = ""
    about: bool = False


_RETRY = TABLE[State.RUNNING, Change.RETRY].event


def spans_of(run: Run, attempts: Sequence[Attempt]) -> list[Span]:
    """The spans of a run from its creation to its end, oldest first, of which none overlaps another.

    `attempts` are those that have ended, oldest first; that of a run which had but one may be missing.
    """
    spans: list[Span] = []
    at, retried = run.created_at, False
    for each in attempts:
        start = max(at, each.finished_at if each.started_at is None else each.started_at)
        spans += _waited(at, start, retried=retried, due_at=run.due_at if each.token == run.token else None)
        at = max(start, each.finished_at)
        outcome = each.event.partition(".")[2]
        spans.append(Span(kind=SpanKind.RUNNING, start=start, end=at, attempt=each.attempt, outcome=outcome))
        retried = each.event == _RETRY
    claimed = run.token > max((each.token for each in attempts), default=0)
    if not claimed or (run.state not in TERMINAL and run.state is not State.RUNNING):
        return [*spans, *_left(run, at)]
    known = run.claimed_at or (None if attempts else run.started_at)
    start = max(at, run.due_at if known is None else known)
    if run.finished_at is not None:
        start = min(start, max(at, run.finished_at))
    spans += _waited(at, start, retried=retried, due_at=run.due_at)
    last = Span(
        kind=SpanKind.RUNNING,
        start=start,
        end=run.finished_at,
        attempt=run.attempt,
        outcome=run.state.value,
        about=known is None,
    )
    return [*spans, last]


def _waited(at: Instant, start: Instant, *, retried: bool, due_at: Instant | None) -> list[Span]:
    """What lies between two attempts, or before the first: until it was due, where that is known, and then queued."""
    due = at if due_at is None or due_at < at else min(due_at, start)
    before = SpanKind.BACKOFF if retried else SpanKind.HELD
    if retried and due_at is None:
        due = start
    return [
        Span(kind=kind, start=begin, end=end)
        for kind, begin, end in ((before, at, due), (SpanKind.QUEUED, due, start))
        if end > begin
    ]


def _left(run: Run, at: Instant) -> list[Span]:
    """What a run waits for that has no attempt under way, or waited for until it was ended."""
    if run.finished_at is not None:
        if run.finished_at <= at:
            return []
        kind = SpanKind.HELD
    elif run.state is State.READY:
        kind = SpanKind.QUEUED
    else:
        kind = SpanKind.BACKOFF if run.failures else SpanKind.HELD
    return [Span(kind=kind, start=at, end=run.finished_at)]
