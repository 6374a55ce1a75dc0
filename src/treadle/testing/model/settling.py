"""What becomes of runs of the model that are settled."""

from __future__ import annotations

import msgspec

from treadle.domain.instants import Instant
from treadle.domain.runs import TERMINAL, Attempt, State
from treadle.domain.states import Transition, row_for, settled_data
from treadle.testing.model.ending import finish
from treadle.testing.model.lanes import gates_of
from treadle.testing.model.messages import settle_messages
from treadle.testing.model.state import Data, Entry, Settled
from treadle.testing.model.steps import begin_wait


def stands(data: Data, transition: Transition, now: Instant) -> bool:
    """Apply a transition whose fence holds; whether it is in force, by this call or an earlier one."""
    entry = data.entries().get(transition.run.id)
    if entry is None:
        return False
    before = entry.settled.get(transition.run.token)
    if before is not None:
        row = row_for(transition, cancel_requested=before.cancel_requested)
        return row.to == before.row.to and (row.to in TERMINAL or row.event == before.row.event)
    if entry.run.state is not State.RUNNING or entry.run.token != transition.run.token:
        return False
    _apply(data, entry, transition, now)
    return True


def _apply(data: Data, entry: Entry, transition: Transition, now: Instant) -> None:
    cancel_requested = entry.run.cancel_requested_at is not None
    row = row_for(transition, cancel_requested=cancel_requested)
    entry.settled[transition.run.token] = Settled(row, cancel_requested)
    data.tell(entry, row.event, transition.at, settled_data(transition))
    settle_messages(data, transition, row)
    started_at = transition.started_at if entry.run.started_at is None else entry.run.started_at
    entry.run = msgspec.structs.replace(
        entry.run,
        started_at=started_at,
        failures=transition.failures,
        losses=transition.losses,
        solo_losses=transition.solo_losses,
        suspect=transition.suspect,
    )
    if row.to in TERMINAL:
        entry.run = msgspec.structs.replace(entry.run, error=transition.error, result=transition.result)
        if transition.run.token > 1:
            entry.attempts.append(_to_attempt(entry, transition, row.event))
        finish(data, entry, row.to, transition.at)
    else:
        entry.attempts.append(_to_attempt(entry, transition, row.event))
        _put_back(data, entry, transition, row.to)
        if transition.wait is not None and row.to is State.BLOCKED:
            begin_wait(data, entry, transition.wait, now)


def _put_back(data: Data, entry: Entry, transition: Transition, to: State) -> None:
    run = entry.run
    entry.claimed_at = None
    entry.at_gate = to is State.READY and bool(gates_of(run))
    entry.run = msgspec.structs.replace(
        run,
        state=to,
        reason=transition.reason,
        attempt=run.failures + run.losses,
        worker_id=None,
        rank=run.rank if transition.rank is None else transition.rank,
        due_at=run.due_at if transition.due_at is None else transition.due_at,
        error=run.error if transition.error is None else transition.error,
    )


def _to_attempt(entry: Entry, transition: Transition, event: str) -> Attempt:
    return Attempt(
        run_id=transition.run.id,
        token=transition.run.token,
        attempt=entry.run.attempt,
        worker_id=entry.run.worker_id,
        started_at=transition.started_at,
        finished_at=transition.at,
        event=event,
        error=transition.error,
    )
