"""The messages of runs that are being settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from treadle.domain.runs import State
from treadle.domain.states import Row, Transition
from treadle.engines.sql import messages
from treadle.engines.sql.messages import Leased, to_message
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.writer import Write

_SQL: Final = load("messages")
_RUN_ID, _TOKEN = 10, 11


async def settle(write: Write, done: Sequence[Transition]) -> None:
    """Decide what becomes of the messages that runs have; see `settling`.

    That nothing at all is leased is found by a look at an empty index: runs without messages pay no more than that.
    """
    if not fetch(write.connection, _SQL["any_leased"])[0][0]:
        return
    by_fence = {(each.run.id, each.run.token): each for each in reversed(done)}  # the first counts
    leased = [
        Leased(seq, to_message(row), by_fence[row[_RUN_ID], row[_TOKEN]], Row(State(state), event))
        for seq, state, event, *row in fetch(write.connection, _SQL["settling"])
    ]
    await messages.settle(write, leased)
