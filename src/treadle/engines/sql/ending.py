"""The end of runs that no worker holds: cancelled, or ended by their parents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from treadle.domain.instants import Instant
from treadle.domain.outcomes import RunError
from treadle.domain.runs import State
from treadle.domain.states import Row, cancel_data
from treadle.engines.sql.admission import admit, release
from treadle.engines.sql.gates import lock_gates
from treadle.engines.sql.records import to_json
from treadle.engines.sql.transaction import Transaction
from treadle.engines.sql.waits import end_waits


class End(NamedTuple):
    """A waiting run that ends: where its way leads, and why where it was not somebody's wish."""

    seq: int
    row: Row
    why: RunError | None


async def end_waiting(tx: Transaction, ends: Sequence[End], now: Instant) -> None:
    """Move waiting runs to the history, note those that others wait for, and hand on the slots that they had.

    The caller holds the transaction, and in it the locks on these runs.
    """
    if not ends:
        return
    seqs = [end.seq for end in ends]
    rows = [(seq, row.to, now if row.to is State.CANCELLED else None, to_json(why)) for seq, row, why in ends]
    gated = [(rank, seq, gates) for rank, seq, gates in await tx.call("admission.gated", seqs)]
    await lock_gates(tx, {gate for _, _, gates in gated for gate in gates})
    await end_waits(tx, seqs)
    await tx.call("dependencies.resolve_waiting", seqs)
    await tx.call("dependencies.forget_ended", seqs)
    await tx.feed("runs.finish_waiting", rows, now)
    gone = await tx.call("runs.end_waiting", seqs)
    told = {end.seq: (end.row.event, cancel_data(end.why)) for end in ends}
    await tx.tell(
        [(domain, told[seq][0], run_id, n, job_id, now, told[seq][1]) for seq, domain, run_id, n, job_id in gone]
    )
    await admit(tx, await release(tx, gated), now)
