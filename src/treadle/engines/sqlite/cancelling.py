"""Cancel: the one place where runs end that no worker holds. Also the way by which other runs take their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from treadle.domain.instants import Instant
from treadle.domain.outcomes import RunError
from treadle.domain.runs import State
from treadle.domain.states import CANCEL_REQUESTED_EVENT, CANCEL_ROW, cancel_data
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.ending import End, end_waiting
from treadle.engines.sqlite.queries import load

_SQL: Final = load("runs")


def cancel(
    connection: apsw.Connection, domain: str, run_ids: Sequence[str], now: Instant, why: RunError | None = None
) -> dict[str, State]:
    """End runs that wait and mark those that run; the caller holds the write transaction.

    Answers the state of each known run; a finished one is left as it was. `why` is told, and kept with those that end.
    """
    ids = json_list(run_ids)
    answer = {run_id: State(state) for run_id, state in fetch(connection, _SQL["finished_states"], (domain, ids))}
    ends = []
    for seq, run_id, state, job_id in fetch(connection, _SQL["cancel_candidates"], (domain, ids)):
        if state == State.RUNNING:
            answer[run_id] = State.RUNNING
            for (marked,) in fetch(connection, _SQL["mark_cancel"], (seq, now)):
                event = (domain, CANCEL_REQUESTED_EVENT, run_id, marked, job_id, now, cancel_data(why))
                connection.execute(_SQL["insert_event"], event)
            continue
        answer[run_id] = CANCEL_ROW.to
        ends.append(End(seq, CANCEL_ROW, why))
    end_waiting(connection, ends, now)
    return answer
