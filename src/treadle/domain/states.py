"""The states of a run and every way between them: one table, and `settle`, which reads it.

The table is the single place where a change of state is allowed. Engines apply transitions as compare-and-set on the
run's token; the state diagram in the documentation is generated from it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.json import EMPTY_OBJECT, Json, encode
from treadle.domain.messages import Judgement, Verdict
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
from treadle.domain.priority import rank
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.retry import QUARANTINE_AT, retry_delay
from treadle.domain.runs import TERMINAL, Claim, State
from treadle.domain.waits import EventWait
from treadle.domain.work import Work


class Change(StrEnum):
    """What can happen to a run."""

    DUE = "due"
    ADMIT = "admit"
    PREEMPT = "preempt"
    CLAIM = "claim"
    SUCCEED = "succeed"
    RETRY = "retry"
    FAIL = "fail"
    SKIP = "skip"
    SNOOZE = "snooze"
    WAIT = "wait"
    RELEASE = "release"
    LOSE = "lose"
    QUARANTINE = "quarantine"
    CANCEL = "cancel"

    __hash__ = str.__hash__  # as in State


class Row(Struct, frozen=True):
    """One line of the table: where a change leads, and the event that tells of it."""

    to: State
    event: str


TABLE: Final[dict[tuple[State, Change], Row]] = {
    (State.SCHEDULED, Change.DUE): Row(State.READY, "run.due"),
    (State.SCHEDULED, Change.CANCEL): Row(State.CANCELLED, "run.cancelled"),
    (State.BLOCKED, Change.ADMIT): Row(State.READY, "run.admitted"),
    (State.BLOCKED, Change.SKIP): Row(State.SKIPPED, "run.skipped"),
    (State.BLOCKED, Change.CANCEL): Row(State.CANCELLED, "run.cancelled"),
    (State.READY, Change.PREEMPT): Row(State.BLOCKED, "run.blocked"),
    (State.READY, Change.CLAIM): Row(State.RUNNING, "run.started"),
    (State.READY, Change.CANCEL): Row(State.CANCELLED, "run.cancelled"),
    (State.RUNNING, Change.SUCCEED): Row(State.COMPLETED, "run.completed"),
    (State.RUNNING, Change.RETRY): Row(State.SCHEDULED, "run.retry_scheduled"),
    (State.RUNNING, Change.FAIL): Row(State.FAILED, "run.failed"),
    (State.RUNNING, Change.SKIP): Row(State.SKIPPED, "run.skipped"),
    (State.RUNNING, Change.SNOOZE): Row(State.SCHEDULED, "run.snoozed"),
    (State.RUNNING, Change.WAIT): Row(State.BLOCKED, "run.waiting"),
    (State.RUNNING, Change.RELEASE): Row(State.READY, "run.released"),
    (State.RUNNING, Change.LOSE): Row(State.READY, "run.lost"),
    (State.RUNNING, Change.QUARANTINE): Row(State.FAILED, "run.quarantined"),
    (State.RUNNING, Change.CANCEL): Row(State.CANCELLED, "run.cancelled"),
}
"""Every allowed change. `run.due` and `run.admitted` are not written for each run: the claim that follows tells it."""

QUEUED_EVENT: Final = "run.queued"
DEBOUNCED_EVENT: Final = "run.debounced"
CANCEL_REQUESTED_EVENT: Final = "run.cancel_requested"
ATTEMPT_DATA: Final = '{"attempt":%d,"token":%d}'
"""What the event of an attempt tells at least; a pattern, so that an engine can fill it in for a whole batch."""

MESSAGE_TOLD: Final = 500
"""How many characters of an error's message its event repeats."""

_ONCE: Final = "and its job is not idempotent: what was begun is not begun again"
_SUCCEED: Final = Change.SUCCEED
_SUCCEED_ROW: Final = TABLE[State.RUNNING, Change.SUCCEED]

ENDS: Final = frozenset(row.event for row in TABLE.values() if row.to in TERMINAL)
"""The events of runs that end."""

CANCEL_ROW: Final = TABLE[State.RUNNING, Change.CANCEL]
"""What the engine applies in place of any row but success once a cancel was accepted: no further attempt begins."""

SPARING: Final = frozenset(TABLE[State.RUNNING, each] for each in (Change.RELEASE, Change.SNOOZE, Change.WAIT))
"""Ends of a try that spend no attempt, neither of the run nor of its messages."""


class Transition(Struct, frozen=True, kw_only=True):
    """A change of one running run, computed here and applied by an engine if the token of its claim still holds.

    Where the engine finds a cancel requested meanwhile and `change` is not success, it applies `CANCEL_ROW` instead.
    `worker_id` names the worker whose lease must be alive; None is the sweeper, which acts on leases that ended.
    `verdicts` are what the handler said of messages in its batch; of the others the row decides.
    """

    run: Claim
    worker_id: str | None
    change: Change
    to: State
    event: str
    at: Instant
    started_at: Instant | None = None
    due_at: Instant | None = None
    rank: Instant | None = None
    reason: Reason | None = None
    wait: EventWait | None = None
    result: Json | None = None
    error: RunError | None = None
    failures: int
    losses: int
    solo_losses: int
    suspect: bool
    verdicts: tuple[Verdict, ...] = ()


def settle(
    run: Claim,
    work: Work,
    outcome: Outcome,
    *,
    now: Instant,
    chance: float,
    worker_id: str | None,
    started_at: Instant | None = None,
    verdicts: tuple[Verdict, ...] = (),
) -> Transition:
    """The transition that an outcome means for a running run.

    `chance` is a random number in [0, 1) for the jitter of a retry's delay; `started_at` is when the handler began,
    None where it never did; `verdicts` are what it said of messages.
    """
    failures, losses, solo_losses, suspect = run.failures, run.losses, run.solo_losses, run.suspect
    due_at: Instant | None = None
    reason: Reason | None = None
    wait: EventWait | None = None
    result: Json | None = None
    error: RunError | None = None
    outcome = _only_once(outcome, work, begun=started_at is not None)
    match outcome:
        case Succeeded():
            change, result = _SUCCEED, outcome.result
        case Failed():
            error = outcome.error
            failures, suspect = failures + 1, False
            if outcome.retry and failures <= work.retry.max_retries:
                change, reason = Change.RETRY, Reason(ReasonCode.RETRY)
                delay = outcome.delay
                due_at = now + (retry_delay(work.retry.backoff, failures, chance) if delay is None else delay)
            else:
                change = Change.FAIL
        case Skipped():
            change, error = Change.SKIP, RunError("skipped", outcome.message)
        case Snoozed():
            change, due_at = Change.SNOOZE, now + outcome.delay
            reason = Reason(ReasonCode.SLEEP, outcome.sleep) if outcome.sleep else Reason(ReasonCode.SNOOZE)
        case Waiting():
            change, reason, wait = Change.WAIT, outcome.reason, outcome.wait
        case Cancelled():
            change, error = Change.CANCEL, RunError("cancelled", outcome.message or "cancelled")
        case Released():
            change = Change.RELEASE
        case Lost():
            losses += 1
            solo_losses += outcome.solitary
            suspect = suspect or not outcome.contained
            change, error = Change.LOSE, RunError("lost", outcome.message)
            if solo_losses >= QUARANTINE_AT:
                change = Change.QUARANTINE
                error = RunError("quarantined", f"it ended its worker {solo_losses} times; last: {outcome.message}")
    row = _SUCCEED_ROW if change is _SUCCEED else TABLE[State.RUNNING, change]
    return Transition(
        run=run,
        worker_id=worker_id,
        change=change,
        to=row.to,
        event=row.event,
        at=now,
        started_at=started_at,
        due_at=due_at,
        rank=None
        if change is _SUCCEED or row.to in TERMINAL
        else rank(run.due_at if due_at is None else due_at, run.priority),
        reason=reason,
        wait=wait,
        result=result,
        error=error,
        failures=failures,
        losses=losses,
        solo_losses=solo_losses,
        suspect=suspect,
        verdicts=verdicts,
    )


def _only_once(outcome: Outcome, work: Work, *, begun: bool) -> Outcome:
    """The outcome, or the end that it means for work which may not be begun again."""
    if work.idempotent:
        return outcome
    match outcome:
        case Lost():
            return Failed(RunError("lost", f"{outcome.message}, {_ONCE}"), retry=False)
        case Released() if begun:
            return Failed(RunError("interrupted", f"{outcome.message or 'it was given back'}, {_ONCE}"), retry=False)
        case Failed():
            return Failed(outcome.error, retry=False)
    return outcome


def row_for(transition: Transition, *, cancel_requested: bool) -> Row:
    """The row to apply: once a cancel was accepted, nothing but success stands in its way."""
    if cancel_requested and transition.change is not Change.SUCCEED:
        return CANCEL_ROW
    return Row(transition.to, transition.event)


def judge_messages(row: Row) -> Judgement:
    """What an ended try means for those of its messages of which the handler has said nothing."""
    if row == _SUCCEED_ROW:
        return Judgement.DONE
    return Judgement.BACK if row in SPARING else Judgement.FAILED


def started_data(attempt: int, token: int) -> Json:
    """What the event of a claim tells."""
    return (ATTEMPT_DATA % (attempt, token)).encode()


def cancel_data(why: RunError | None) -> Json:
    """What the event of a cancel tells: why, where it was not somebody's wish."""
    return EMPTY_OBJECT if why is None else encode({"error": _told(why)})


def debounced_data(due_at: Instant) -> Json:
    """What the event of a submit tells that went into a run which waits: when that is due now."""
    return encode({"due_at": due_at})


def settled_data(transition: Transition) -> Json:
    """What the event of a transition tells: which try it ended, why, and when the next one is due."""
    error, due_at = transition.error, transition.due_at
    if error is None and due_at is None:
        return started_data(transition.run.attempt, transition.run.token)
    return encode(
        {
            "attempt": transition.run.attempt,
            "token": transition.run.token,
            **({"error": _told(error)} if error else {}),
            **({"due_at": due_at} if due_at is not None else {}),
        }
    )


def _told(error: RunError) -> dict[str, str]:
    return {"code": error.code, "message": error.message[:MESSAGE_TOLD]}
