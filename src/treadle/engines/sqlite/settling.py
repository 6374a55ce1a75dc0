"""Settle: apply transitions to running runs, each only while its fence holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import apsw

from treadle.domain.runs import TERMINAL, State
from treadle.domain.states import Row, Transition, row_for, settled_data
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.lines import Line, put_line
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.records import to_json

_SQL: Final = load("runs")


class _Fence(NamedTuple):
    """A live run as far as settling needs it."""

    seq: int
    token: int
    state: str
    cancel_at: int | None
    events: int
    queue: str
    requires: str
    attempt: int
    worker_id: str | None


def settle(connection: apsw.Connection, done: Sequence[Transition]) -> tuple[str, ...]:
    """Apply what may be applied; answers the ids of the refused. The caller holds the write transaction."""
    fences = _fences(connection, [transition.run_id for transition in done])
    stand: dict[str, tuple[Transition, _Fence]] = {}
    doubtful: list[Transition] = []
    for transition in done:
        fence = fences.get(transition.run_id)
        if (
            fence is not None
            and fence.state == "running"
            and fence.token == transition.token
            and transition.run_id not in stand
        ):
            stand[transition.run_id] = transition, fence
        else:
            doubtful.append(transition)
    if stand:
        _apply(connection, stand.values())
    return _refused(connection, doubtful) if doubtful else ()


def _apply(connection: apsw.Connection, settled: Iterable[tuple[Transition, _Fence]]) -> None:
    finished: list[tuple[Any, ...]] = []
    put_back: list[tuple[Any, ...]] = []
    attempts: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    for transition, fence in settled:
        row = row_for(transition, cancel_requested=fence.cancel_at is not None)
        events.append(_event(transition, fence, row))
        if row.to in TERMINAL:
            finished.append(_history_row(transition, fence, row.to))
        else:
            put_back.append(_live_row(connection, transition, fence))
            attempts.append(_attempt_row(transition, fence))
    if finished:
        connection.executemany(_SQL["finish"], finished)
        connection.execute(_SQL["delete_live"], (json_list([row[0] for row in finished]),))
    if put_back:
        connection.executemany(_SQL["put_back"], put_back)
        connection.executemany(_SQL["insert_attempt"], attempts)
    connection.executemany(_SQL["insert_event"], events)


def _history_row(transition: Transition, fence: _Fence, to: State) -> tuple[Any, ...]:
    return (
        fence.seq,
        to,
        fence.attempt,
        transition.failures,
        transition.losses,
        transition.solo_losses,
        transition.suspect,
        transition.started_at,
        transition.at,
        to_json(transition.error),
        transition.result,
    )


def _live_row(connection: apsw.Connection, transition: Transition, fence: _Fence) -> tuple[Any, ...]:
    line = Line(transition.domain, fence.queue, fence.requires, transition.suspect)
    return (
        fence.seq,
        transition.to,
        put_line(connection, line),
        transition.rank,
        transition.due_at,
        transition.failures,
        transition.losses,
        transition.solo_losses,
        transition.suspect,
        transition.started_at,
        to_json(transition.reason),
        to_json(transition.error),
    )


def _attempt_row(transition: Transition, fence: _Fence) -> tuple[Any, ...]:
    return (
        transition.run_id,
        transition.domain,
        transition.token,
        fence.attempt,
        fence.worker_id,
        transition.started_at,
        transition.at,
        transition.event,
        to_json(transition.error),
    )


def _event(transition: Transition, fence: _Fence, row: Row) -> tuple[Any, ...]:
    data = settled_data(transition, fence.attempt)
    return transition.domain, row.event, transition.run_id, fence.events + 1, transition.job_id, transition.at, data


def _refused(connection: apsw.Connection, doubtful: Sequence[Transition]) -> tuple[str, ...]:
    """Of transitions that found no running run under their fence: all but those that were applied before."""
    ids = json_list([transition.run_id for transition in doubtful])
    put_back: dict[tuple[str, int], str] = {
        (run_id, token): event for run_id, token, event in fetch(connection, _SQL["put_back_fences"], (ids,))
    }
    finished: dict[tuple[str, int], tuple[str, bool]] = {
        (run_id, token): (state, cancel_at is not None)
        for run_id, token, state, cancel_at in fetch(connection, _SQL["finished_fences"], (ids,))
    }

    def was_applied(transition: Transition) -> bool:
        fence = transition.run_id, transition.token
        if fence in put_back:
            return put_back[fence] == transition.event
        if fence not in finished:
            return False
        state, cancel_requested = finished[fence]
        return row_for(transition, cancel_requested=cancel_requested).to == state

    return tuple(transition.run_id for transition in doubtful if not was_applied(transition))


def _fences(connection: apsw.Connection, run_ids: Sequence[str]) -> dict[str, _Fence]:
    return {row[0]: _Fence(*row[1:]) for row in fetch(connection, _SQL["fences"], (json_list(run_ids),))}
