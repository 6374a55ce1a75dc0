"""The end of runs that no worker holds: cancelled, or ended by their parents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import apsw
import msgspec

from treadle.domain.instants import Instant
from treadle.domain.outcomes import RunError
from treadle.domain.runs import State
from treadle.domain.states import Row, cancel_data
from treadle.engines.sqlite.admission import admit, release
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.waits import end_waits

_SQL: Final = load("runs")
_ADMISSION: Final = load("admission")
_DEPENDENCIES: Final = load("dependencies")


class End(NamedTuple):
    """A waiting run that ends: where its way leads, and why where it was not somebody's wish."""

    seq: int
    row: Row
    why: RunError | None


def end_waiting(connection: apsw.Connection, ends: Sequence[End], now: Instant) -> None:
    """Move waiting runs to the history, note those that others wait for, and hand on the slots that they had.

    The caller holds the write transaction.
    """
    if not ends:
        return
    seqs = json_list([end.seq for end in ends])
    rows = json_list(
        [
            (seq, row.to, now if row.to is State.CANCELLED else None, why, row.event, msgspec.Raw(cancel_data(why)))
            for seq, row, why in ends
        ]
    )
    end_waits(connection, seqs)
    connection.execute(_DEPENDENCIES["resolve_waiting"], (seqs,))
    connection.execute(_DEPENDENCIES["forget_ended"], (seqs,))
    connection.execute(_SQL["finish_waiting"], (rows, now))
    connection.execute(_SQL["waiting_events"], (rows, now))
    gates = release(connection, fetch(connection, _ADMISSION["gated"], (seqs,)))
    connection.execute(_SQL["delete_live"], (seqs,))
    admit(connection, gates, now)
