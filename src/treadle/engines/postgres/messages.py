"""The messages of runs that are being settled."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.states import Row, Transition
from treadle.engines.postgres.writer import Transaction
from treadle.engines.sql import messages
from treadle.engines.sql.messages import Leased, to_message


async def settle(tx: Transaction, settled: Sequence[tuple[Transition, Row]]) -> None:
    """Decide what becomes of the messages that runs have, each with the way that it goes."""
    by_run = {transition.run.id: (transition, way) for transition, way in settled}
    rows = [(seq, to_message(row)) for seq, *row in await tx.call("messages.settling", list(by_run))]
    await messages.settle(tx, [Leased(seq, one, *by_run[one.run_id or ""]) for seq, one in rows])
