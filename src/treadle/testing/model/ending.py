"""How runs of the model end."""

from __future__ import annotations

import msgspec

from treadle.domain.instants import Instant
from treadle.domain.outcomes import RunError
from treadle.domain.runs import TERMINAL, Run, State
from treadle.domain.states import CANCEL_REQUESTED_EVENT, CANCEL_ROW, cancel_data
from treadle.engines.contract import Topic, Trigger
from treadle.testing.model.state import Data, Entry


def finish(data: Data, entry: Entry, state: State, at: Instant) -> None:
    """Move a run to the history."""
    entry.wait = None
    entry.run = msgspec.structs.replace(entry.run, state=state, reason=None, finished_at=at)
    data.history[entry.run.id] = data.live.pop(entry.run.id)
    _trigger(data, entry.run)


def _trigger(data: Data, run: Run) -> None:
    """Write down what a completed run brings about."""
    for (domain, _, job_id), links in data.links.items():
        if run.state is State.COMPLETED and domain == run.domain and run.job_id in links.after:
            seq = data.number()
            data.triggers.append(Trigger(seq=seq, domain=domain, job_id=job_id, upstream=run.job_id, run_id=run.id))
            data.wake([Topic.TRIGGERS])


def cancel(data: Data, entry: Entry, now: Instant, why: RunError | None = None) -> None:
    """Accept a cancel: a run that waits ends, one that runs is marked, any other is left as it is."""
    run = entry.run
    if run.state in TERMINAL or run.cancel_requested_at is not None:
        return
    entry.run = msgspec.structs.replace(run, cancel_requested_at=now)
    if run.state is State.RUNNING:
        data.tell(entry, CANCEL_REQUESTED_EVENT, now, cancel_data(why))
    else:
        if why is not None:
            entry.run = msgspec.structs.replace(entry.run, error=why)
        data.tell(entry, CANCEL_ROW.event, now, cancel_data(why))
        finish(data, entry, CANCEL_ROW.to, now)
