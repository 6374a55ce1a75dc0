"""How runs of the model end."""

from __future__ import annotations

import msgspec

from treadle.domain.instants import Instant
from treadle.domain.outcomes import RunError
from treadle.domain.runs import TERMINAL, State
from treadle.domain.states import CANCEL_REQUESTED_EVENT, CANCEL_ROW, cancel_data
from treadle.testing.model.state import Data, Entry


def finish(data: Data, entry: Entry, state: State, at: Instant) -> None:
    """Move a run to the history."""
    entry.wait = None
    entry.run = msgspec.structs.replace(entry.run, state=state, reason=None, finished_at=at)
    data.history[entry.run.id] = data.live.pop(entry.run.id)


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
