"""Why a run is where it is, said for people and for programs: a read of what is recorded, never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from treadle.domain.dependencies import Depends, Join, OnParentFailure, Parent
from treadle.domain.explanation import Explanation
from treadle.domain.instants import Instant, to_iso, to_seconds
from treadle.domain.json import EMPTY_OBJECT
from treadle.domain.limits import LaneUse, RateUse
from treadle.domain.moving import Closing, explain_closing
from treadle.domain.nobody import nobody_takes
from treadle.domain.queues import QueueControl, QueueState
from treadle.domain.rates import Rate
from treadle.domain.reasons import ReasonCode
from treadle.domain.runs import TERMINAL, Run, State
from treadle.domain.sharing import Domain
from treadle.domain.waits import EventWait
from treadle.domain.workers import Role, Worker, WorkerState, can_take, serves, shares

MOST_COUNTED: Final = 1_000
"""How far the runs ahead are counted."""

_MOST_HOLDERS: Final = 5
_UNTIL_DUE: Final = {
    ReasonCode.DELAY: "delayed",
    ReasonCode.RETRY: "retry_backoff",
    ReasonCode.SNOOZE: "snoozed",
    ReasonCode.SLEEP: "sleeping",
    ReasonCode.DEBOUNCE: "debounced",
}
_SAID_UNTIL_DUE: Final = {
    "delayed": "it was submitted for later",
    "retry_backoff": "attempt {attempt} failed and is tried again later",
    "snoozed": "its handler asked to be called again later",
    "sleeping": "its handler sleeps, and is run again when the time has come",
    "debounced": "it waits for further submits, which would go into it",
}


def explain(
    run: Run,
    *,
    workers: Sequence[Worker],
    ahead: int,
    queue: QueueControl,
    now: Instant,
    sharing: Sequence[Domain] = (),
    parents: Sequence[Parent] = (),
    gate: LaneUse | RateUse | None = None,
    wait: EventWait | None = None,
    closing: Closing | None = None,
) -> Explanation:
    """Why `run` is not running, or where it is, or how it ended.

    `workers` are the processes of its domain; `ahead` is how many ready runs of its line go first, counted to
    `MOST_COUNTED`; `queue` is what its queue was told; `sharing` are the domains that may share those workers, its own
    among them; `parents` are those of a blocked run; `gate` is the lane or rate that it waits for: then `ahead` counts
    those that wait for it and go first; `wait` is the event that it waits for; `closing` is told while the installation
    moves away.
    """
    if run.state in TERMINAL:
        return _finished(run)
    if run.state is State.RUNNING:
        return _running(run, workers)
    workers = [worker for worker in workers if worker.role is Role.WORKER]
    held = _held(run, ahead, parents, gate, wait, now)
    if held is not None:
        return _paused_too(held, run.queue) if queue.state is QueueState.PAUSED else held
    if queue.state is QueueState.PAUSED:
        message = f"its queue {run.queue!r} is paused; it goes on once somebody resumes it"
        return Explanation(code="queue_paused", message=message, details={"queue": run.queue})
    if closing is not None:
        return explain_closing(closing)
    able = [one for one in workers if can_take(one.queues, one.requires, one.traits, run.queue, run.requires)]
    online = [worker for worker in able if worker.state is WorkerState.ONLINE]
    if not online:
        return nobody_takes(run, workers, able)
    if queue.rate is not None and not queue.may_go(now):
        return _beyond_rate(run, queue.rate, queue.next_at(now) or now, ahead)
    return _not_its_share(run, online, sharing) or _in_line(run, online, ahead, now)


def _held(
    run: Run,
    ahead: int,
    parents: Sequence[Parent],
    gate: LaneUse | RateUse | None,
    wait: EventWait | None,
    now: Instant,
) -> Explanation | None:
    """What holds the run itself back; None where it is what holds its whole line."""
    if run.state is State.SCHEDULED and run.due_at > now:
        return _not_due(run)
    if run.state is not State.BLOCKED:
        return None
    if run.depends is not None and run.reason is not None and run.reason.code is ReasonCode.PARENTS:
        return _waits_for_parents(run.depends, parents)
    if run.reason is not None and run.reason.code is ReasonCode.APPROVAL:
        return _waits_for_approval(run.reason.subject, wait)
    if wait is not None:
        return _waits_for_event(wait)
    if isinstance(gate, LaneUse):
        return _lane_full(gate, ahead)
    if isinstance(gate, RateUse):
        return _rate_limited(gate, ahead, now)
    return None if run.reason is not None and run.reason.code is ReasonCode.LINE else _blocked(run)


def _paused_too(held: Explanation, queue: str) -> Explanation:
    """What holds a run of a paused queue: without it the run would not start either."""
    return replace(
        held,
        message=f"{held.message}; its queue {queue!r} is paused, too",
        details={**held.details, "queue_paused": True},
        expected_start=None,
    )


def _finished(run: Run) -> Explanation:
    said = f": {run.error.message}" if run.error else ""
    return Explanation(
        code=run.state.value,
        message=f"it {'was' if run.state in (State.CANCELLED, State.SKIPPED) else 'has'} {run.state.value}{said}",
        details={"attempt": run.attempt, "error": run.error.code if run.error else None},
    )


def _running(run: Run, workers: Sequence[Worker]) -> Explanation:
    worker = next((worker for worker in workers if worker.id == run.worker_id), None)
    where = f"{worker.host} (process {worker.pid})" if worker else "a worker that is no longer listed"
    since = run.claimed_at
    details = {
        "worker_id": run.worker_id,
        "host": worker.host if worker else None,
        "pid": worker.pid if worker else None,
        "since": None if since is None else to_iso(since),
        "attempt": run.attempt,
    }
    if worker is None or worker.state in (WorkerState.LOST, WorkerState.STOPPED):
        message = f"its worker on {where} no longer answers; the run will be taken back and run again"
        return Explanation(code="worker_lost", message=message, details=details)
    if run.cancel_requested_at is not None:
        details["cancel_requested_at"] = to_iso(run.cancel_requested_at)
        message = f"its cancel was accepted; the worker on {where} is ending it"
        return Explanation(code="cancel_requested", message=message, details=details)
    message = f"attempt {run.attempt} runs on {where}" + (f" since {to_iso(since)}" if since is not None else "")
    return Explanation(code="running", message=message, details=details)


def _blocked(run: Run) -> Explanation:
    code = run.reason.code.value if run.reason else "unknown"
    subject = run.reason.subject if run.reason else ""
    message = f"it waits for {code}{f' {subject}' if subject else ''}"
    return Explanation(code="blocked", message=message, details={"waits_for": code, "subject": subject})


def _waits_for_approval(approval: str, wait: EventWait | None) -> Explanation:
    """An approval is told to the run as an event."""
    timeout_at = None if wait is None else wait.timeout_at
    until = "" if timeout_at is None else f", until {to_iso(timeout_at)} at the latest"
    return Explanation(
        code="waits_for_approval",
        message=f"it waits for the approval {approval!r}{until}",
        details={"approval": approval, "timeout_at": None if timeout_at is None else to_iso(timeout_at)},
        expected_start=timeout_at,
    )


def _waits_for_event(wait: EventWait) -> Explanation:
    matching = "" if wait.match == EMPTY_OBJECT else f" whose data contains {wait.match.decode()}"
    until = "" if wait.timeout_at is None else f", until {to_iso(wait.timeout_at)} at the latest"
    return Explanation(
        code="waits_for_event",
        message=f"its handler waits for an event {wait.event!r}{matching}{until}",
        details={
            "event": wait.event,
            "match": wait.match.decode(),
            "step": wait.step,
            "timeout_at": None if wait.timeout_at is None else to_iso(wait.timeout_at),
        },
        expected_start=wait.timeout_at,
    )


def _lane_full(lane: LaneUse, ahead: int) -> Explanation:
    by_hand = "" if lane.by_hand is None else ", set by hand"
    holders = f"held by {', '.join(lane.holders[:_MOST_HOLDERS])}" if lane.holders else "held by none"
    more = f" and {lane.held - _MOST_HOLDERS} more" if lane.held > _MOST_HOLDERS else ""
    message = (
        f"its lane {lane.key!r} lets {lane.limit} be active at once{by_hand}, and is {holders}{more}; "
        f"{_counted(ahead)} that wait for it go first"
    )
    details = {
        "lane": lane.key,
        "limit": lane.limit,
        "by_hand": lane.by_hand is not None,
        "held": lane.held,
        "holders": list(lane.holders),
        "ahead": ahead,
    }
    return Explanation(code="lane_full", message=message, details=details)


def _rate_limited(rate: RateUse, ahead: int, now: Instant) -> Explanation:
    at = rate.next_token(now) + ahead * rate.rate.interval
    runs, window = rate.rate.runs, to_seconds(rate.rate.window)
    message = (
        f"its rate {rate.key!r} lets {runs} start in {window:g} s; {_counted(ahead)} that wait for it go first, "
        f"so it may start at {to_iso(at)}"
    )
    details = {"rate": rate.key, "max_runs": runs, "window_sec": window, "reserved": rate.reserved, "ahead": ahead}
    return Explanation(code="rate_limited", message=message, details=details, expected_start=at)


def _counted(ahead: int) -> str:
    return f"{'at least ' if ahead >= MOST_COUNTED else ''}{ahead}"


def _waits_for_parents(depends: Depends, parents: Sequence[Parent]) -> Explanation:
    went = TERMINAL if depends.join is Join.ALWAYS else _WENT_WELL
    left = [parent for parent in parents if parent.state not in went]
    told = [f"{parent.id} ({parent.state or 'no longer known'})" for parent in left[:_MOST_PARENTS]]
    more = f" and {len(left) - len(told)} more" if len(left) > len(told) else ""
    message = (
        f"it waits for {_SAID_JOIN[depends.join].format(count=len(parents))}; not so far: {', '.join(told)}{more}. "
        f"{_SAID_ON_FAILURE[depends.on_failure]}"
    )
    details = {
        "waits_for": told,
        "left": len(left),
        "parents": len(parents),
        "join": depends.join.value,
        "on_parent_failure": depends.on_failure.value,
    }
    return Explanation(code="waits_for_parents", message=message, details=details)


_MOST_PARENTS: Final = 20
_WENT_WELL: Final = (State.COMPLETED, State.SKIPPED)
_SAID_JOIN: Final = {
    Join.ALL: "all of its {count} parents to complete",
    Join.ANY: "one of its {count} parents to complete",
    Join.ALWAYS: "all of its {count} parents to end, however they do",
}
_SAID_ON_FAILURE: Final = {
    OnParentFailure.CANCEL: "Should that become impossible, it is cancelled",
    OnParentFailure.RUN: "Should that become impossible, it runs all the same once they have ended",
    OnParentFailure.WAIT: "Where one has failed, it waits until that is retried by hand and completes",
}


def _not_due(run: Run) -> Explanation:
    code = _UNTIL_DUE.get(run.reason.code, "delayed") if run.reason else "delayed"
    why = _SAID_UNTIL_DUE[code].format(attempt=run.failures + run.losses)
    return Explanation(
        code=code,
        message=f"{why}: it is due at {to_iso(run.due_at)}",
        details={"due_at": to_iso(run.due_at), "failures": run.failures},
        expected_start=run.due_at,
    )


def _beyond_rate(run: Run, rate: Rate, next_at: Instant, ahead: int) -> Explanation:
    """Where it is known how many go first, it is known when its turn comes: one goes per interval of the rate."""
    counted = f"{'at least ' if ahead >= MOST_COUNTED else ''}{ahead}"
    expected = None if ahead >= MOST_COUNTED else next_at + ahead * rate.interval
    return Explanation(
        code="queue_rate",
        message=f"its queue {run.queue!r} lets {rate.runs} runs start per {to_seconds(rate.window):g} s; the next one "
        f"may at {to_iso(next_at)}, and {counted} runs of its line go first",
        details={
            "queue": run.queue,
            "runs": rate.runs,
            "window_sec": to_seconds(rate.window),
            "until": to_iso(next_at),
            "ahead": ahead,
        },
        expected_start=expected,
    )


def _not_its_share(run: Run, online: Sequence[Worker], sharing: Sequence[Domain]) -> Explanation | None:
    """That other domains, which run less for their weight, get the next free slots; None where that is not so."""
    own = next((domain for domain in sharing if domain.name == run.domain), None)
    if own is None or any(not worker.is_busy or not shares(worker.domains) for worker in online):
        return None
    before = [
        other
        for other in sharing
        if other.waiting and other.load < own.load and any(serves(worker.domains, other.name) for worker in online)
    ]
    if not before:
        return None
    message = (
        f"its domain runs {own.running} at a weight of {own.weight}, and the workers that it shares are busy; of the "
        f"other domains {len(before)} that wait run less for their weight, and go first"
    )
    details = {"running": own.running, "weight": own.weight, "domains_before": len(before)}
    return Explanation(code="domain_share", message=message, details=details)


def _in_line(run: Run, online: Sequence[Worker], ahead: int, now: Instant) -> Explanation:
    slots, running = sum(worker.slots for worker in online), sum(worker.running for worker in online)
    counted = f"{'at least ' if ahead >= MOST_COUNTED else ''}{ahead}"
    details = {"ahead": ahead, "workers": len(online), "slots": slots, "running": running}
    if run.suspect:
        message = "its last worker died while it ran, so it waits for a worker that runs nothing else"
        return Explanation(code="waits_to_run_alone", message=message, details=details)
    if all(worker.is_busy for worker in online):
        if any(worker.alone for worker in online):
            message = (
                f"the workers that could take it run others alone, or are busy; {counted} runs of its line go first"
            )
            return Explanation(code="worker_runs_alone", message=message, details=details)
        message = f"all {slots} slots of the workers that could take it are busy; {counted} runs of its line go first"
        return Explanation(code="slots_busy", message=message, details=details)
    if ahead:
        return Explanation(code="in_line", message=f"{counted} runs of its line go first", details=details)
    message = "it is next: a free worker is about to take it"
    return Explanation(code="next", message=message, details=details, expected_start=now)
