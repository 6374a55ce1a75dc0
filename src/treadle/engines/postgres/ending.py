"""The end of runs that no worker holds: cancelled, or ended by their parents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from treadle.domain.instants import Instant
from treadle.domain.outcomes import RunError
from treadle.domain.runs import State
from treadle.domain.states import Row, cancel_data
from treadle.engines.postgres.admission import admit, release
from treadle.engines.postgres.gates import lock_gates
from treadle.engines.postgres.look import columns
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.waits import end_waits
from treadle.engines.postgres.writer import Transaction
from treadle.engines.records import to_json

_SQL: Final = load("runs")
_ADMISSION: Final = load("admission")
_DEPENDENCIES: Final = load("dependencies")


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
    rows = [
        (seq, row.to, now if row.to is State.CANCELLED else None, to_json(why), row.event, cancel_data(why))
        for seq, row, why in ends
    ]
    gated = [(rank, seq, gates) for rank, seq, gates in await tx.fetch(_ADMISSION["gated"], seqs)]
    await lock_gates(tx, {gate for _, _, gates in gated for gate in gates})
    await end_waits(tx, seqs)
    await tx.fetch(_DEPENDENCIES["resolve_waiting"], seqs)
    await tx.fetch(_DEPENDENCIES["forget_ended"], seqs)
    await tx.fetch(_SQL["finish_waiting"], *columns(rows, 6), tx.batch, tx.numbers(len(rows)), now)
    await admit(tx, await release(tx, gated), now)
