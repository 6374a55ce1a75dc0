"""Admission: the one place that moves waiting runs to what holds them next, or to ready.

Whatever takes a hold away calls `advance`: a parent ended, a due time came, an event came, a sleep ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from treadle.domain.admission import next_hold
from treadle.domain.instants import Instant
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.records import to_json

_SQL: Final = load("admission")


def advance(connection: apsw.Connection, seqs: Sequence[int], now: Instant) -> None:
    """Move runs that wait, and whose parents let them go, on; the caller holds the write transaction."""
    if not seqs:
        return
    moved = []
    for seq, due_at in fetch(connection, _SQL["waiting"], (json_list(seqs),)):
        hold = next_hold(has_parents=False, due_at=due_at, gated=False, now=now)
        moved.append((seq, hold.state, to_json(hold.reason)))
    connection.execute(_SQL["hold"], (json_list(moved),))
