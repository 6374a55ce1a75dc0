"""Cancel: the one place where runs end that no worker holds. Also the way by which other runs take their place."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.instants import Instant
from treadle.domain.outcomes import RunError
from treadle.domain.runs import State
from treadle.domain.states import CANCEL_REQUESTED_EVENT, CANCEL_ROW, cancel_data
from treadle.engines.sql.ending import End, end_waiting
from treadle.engines.sql.transaction import Transaction


async def cancel(
    tx: Transaction, domain: str, run_ids: Sequence[str], now: Instant, why: RunError | None = None
) -> dict[str, State]:
    """End runs that wait and mark those that run; the caller holds the transaction.

    Answers the state of each known run; a finished one is left as it was. `why` is told, and kept with those that end.
    """
    answer: dict[str, State] = {}
    ends, marked = [], []
    for seq, run_id, state, _ in await tx.call("runs.cancel_candidates", domain, list(run_ids)):
        if state == State.RUNNING:
            answer[run_id] = State.RUNNING
            marked.append(seq)
        else:
            answer[run_id] = CANCEL_ROW.to
            ends.append(End(seq, CANCEL_ROW, why))
    if marked:
        rows = await tx.call("runs.mark_cancel", marked, now)
        data = cancel_data(why)
        await tx.tell([(domain, CANCEL_REQUESTED_EVENT, run_id, n, job_id, now, data) for run_id, job_id, n in rows])
    await end_waiting(tx, ends, now)
    if gone := [run_id for run_id in run_ids if run_id not in answer]:
        finished = await tx.call("runs.finished_states", domain, gone)
        answer.update((run_id, State(state)) for run_id, state in finished)
    return answer
