"""Settle: apply transitions to running runs, each only while its fence holds; whole batches at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import apsw
import msgspec

from treadle.domain.instants import Instant
from treadle.domain.runs import TERMINAL, State
from treadle.domain.states import ATTEMPT_DATA, CANCEL_ROW, ENDS, Change, Transition, row_for, settled_data
from treadle.domain.waits import EventWait
from treadle.engines.contract import Topic
from treadle.engines.sql.admission import arrive, release
from treadle.engines.sql.lines import Lines
from treadle.engines.sql.numbers import Line
from treadle.engines.sql.waits import begin_waits
from treadle.engines.sqlite import messages
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.writer import Write

_SQL: Final = load("runs")
_DEPENDENCIES: Final = load("dependencies")
_TRIGGERS: Final = load("triggers")


async def settle(write: Write, lines: Lines, done: Sequence[Transition], now: Instant) -> tuple[str, ...]:
    """Apply what may be applied; answers the ids of the refused. The caller holds the write transaction."""
    connection = write.connection
    connection.execute(_SQL["create_settling"])
    back = {_line(transition) for transition in done if transition.to not in TERMINAL}
    numbers = await lines.put(write, back) if back else {}
    connection.execute(_SQL["match"], (json_list([_row(t, numbers) for t in done]), CANCEL_ROW.to, CANCEL_ROW.event))
    doubtful = _unmatched(connection, done) if connection.changes() < len(done) else []
    connection.execute(_SQL["settle_events"], (ATTEMPT_DATA,))
    await messages.settle(write, done)
    if all(transition.to is not State.READY for transition in done):
        _hand_over(connection)
    gated = await write.call("runs.settled_gates")
    freed = await release(write, [(rank, seq, gates) for rank, seq, gates, _ in gated]) if gated else set()
    connection.execute(_SQL["settle_finished"])
    if any(transition.to not in TERMINAL or transition.run.token > 1 for transition in done):
        connection.execute(_SQL["settle_attempts"])
    if back:
        connection.execute(_SQL["settle_put_back"])
    _note_ends(write)
    connection.execute(_SQL["settle_delete"])
    if gated:
        again = [(seq, gates) for _, seq, gates, is_back in gated if is_back]
        await arrive(write, again, now, freed, were_ready=True)
    if any(transition.wait is not None for transition in done):
        await begin_waits(write, _waits(connection, done), now)
    connection.execute(_SQL["clear_settling"])
    return _refused(connection, doubtful) if doubtful else ()


def _hand_over(connection: apsw.Connection) -> None:
    """Let slots of lanes go to the next in line at once: what `release` and `admit` would come to, run by run.

    Nothing of it passes through the interpreter. Not while runs are put back, which may go before those that wait.
    """
    connection.execute(_SQL["name_heirs"])
    if connection.changes():
        for statement in ("leave_slots", "inherit_slots", "let_heirs_in"):
            connection.execute(_SQL[statement])


def _note_ends(write: Write) -> None:
    """Note of the runs that end those that others wait for, and of those that complete what follows them."""
    connection = write.connection
    if fetch(connection, _DEPENDENCIES["any_dependents"])[0][0]:
        connection.execute(_DEPENDENCIES["resolve_settled"])
    if fetch(connection, _TRIGGERS["any_after"])[0][0]:
        connection.execute(_TRIGGERS["trigger"])
        if connection.changes():
            write.topics.add(Topic.TRIGGERS)


def _waits(connection: apsw.Connection, done: Sequence[Transition]) -> list[tuple[int, str, EventWait]]:
    """The runs that wait for an event, as `begin_waits` takes them."""
    by_fence = {(each.run.id, each.run.token): each for each in reversed(done)}  # the first counts
    found = [(seq, by_fence[run_id, token]) for seq, run_id, token in fetch(connection, _SQL["settled_waits"])]
    return [(seq, said.run.domain, said.wait) for seq, said in found if said.wait is not None]


def _line(transition: Transition) -> Line:
    run = transition.run
    return Line(run.domain, run.queue, run.requires, transition.suspect)


def _row(transition: Transition, lines: Mapping[Line, int]) -> tuple[Any, ...]:
    """A transition as the statement `match` reads it."""
    succeeds = transition.change is Change.SUCCEED
    return (
        transition.run.id,
        transition.run.token,
        transition.to,
        transition.event,
        succeeds,
        transition.at,
        transition.started_at,
        None if transition.result is None else transition.result.decode(),
        None if succeeds else _more(transition, lines),
    )


def _more(transition: Transition, lines: Mapping[Line, int]) -> dict[str, Any]:
    """What changes beside the state. Of these, success changes none."""
    return {
        "line": lines.get(_line(transition)),
        "due_at": transition.due_at,
        "rank": transition.rank,
        "reason": transition.reason,
        "error": transition.error,
        "failures": transition.failures,
        "losses": transition.losses,
        "solo_losses": transition.solo_losses,
        "suspect": int(transition.suspect),
        "data": msgspec.Raw(settled_data(transition)),
    }


def _unmatched(connection: apsw.Connection, done: Sequence[Transition]) -> list[Transition]:
    """Those that are not being settled: whose fence does not hold, or which name a run for the second time."""
    matched = {(run_id, token) for run_id, token in fetch(connection, _SQL["matched"])}
    doubtful = []
    for transition in done:
        fence = transition.run.id, transition.run.token
        if fence in matched:
            matched.remove(fence)
        else:
            doubtful.append(transition)
    return doubtful


def _refused(connection: apsw.Connection, doubtful: Sequence[Transition]) -> tuple[str, ...]:
    """Of those that were not settled now, all but those that were before."""
    ids = json_list([transition.run.id for transition in doubtful])
    put_back: dict[tuple[str, int], str] = {
        (run_id, token): event
        for run_id, token, event in fetch(connection, _SQL["put_back_fences"], (ids,))
        if event not in ENDS
    }
    finished: dict[tuple[str, int], tuple[str, bool]] = {
        (run_id, token): (state, cancel_at is not None)
        for run_id, token, state, cancel_at in fetch(connection, _SQL["finished_fences"], (ids,))
    }

    def was_applied(transition: Transition) -> bool:
        fence = transition.run.id, transition.run.token
        if fence in put_back:
            return put_back[fence] == transition.event
        if fence not in finished:
            return False
        state, cancel_requested = finished[fence]
        return row_for(transition, cancel_requested=cancel_requested).to == state

    return tuple(transition.run.id for transition in doubtful if not was_applied(transition))
