"""Settle: apply transitions to running runs, each only while its fence holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import apsw

from treadle.domain.json import encode
from treadle.domain.runs import TERMINAL, State
from treadle.domain.states import CANCEL_ROW, Change, Transition
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
        to, event = _row(transition, fence)
        events.append(_event(transition, fence, event))
        if to in TERMINAL:
            finished.append(_history_row(transition, fence, to))
        else:
            put_back.append(_live_row(connection, transition, fence))
            attempts.append(_attempt_row(transition, fence, event))
    if finished:
        connection.executemany(_SQL["finish"], finished)
        connection.execute(_SQL["delete_live"], (json_list([row[0] for row in finished]),))
    if put_back:
        connection.executemany(_SQL["put_back"], put_back)
        connection.executemany(_SQL["insert_attempt"], attempts)
    connection.executemany(_SQL["insert_event"], events)


def _row(transition: Transition, fence: _Fence) -> tuple[State, str]:
    """Where the transition leads: an accepted cancel lets nothing but success stand."""
    if fence.cancel_at is not None and transition.change is not Change.SUCCEED:
        return CANCEL_ROW.to, CANCEL_ROW.event
    return transition.to, transition.event


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


def _attempt_row(transition: Transition, fence: _Fence, event: str) -> tuple[Any, ...]:
    return (
        transition.run_id,
        transition.domain,
        transition.token,
        fence.attempt,
        fence.worker_id,
        transition.started_at,
        transition.at,
        event,
        to_json(transition.error),
    )


def _event(transition: Transition, fence: _Fence, event: str) -> tuple[Any, ...]:
    data: bytes
    if transition.error is None and transition.due_at is None:
        data = b'{"attempt":%d,"token":%d}' % (fence.attempt, fence.token)
    else:
        error = transition.error
        data = encode(
            {
                "attempt": fence.attempt,
                "token": fence.token,
                **({"error": {"code": error.code, "message": error.message[:500]}} if error else {}),
                **({"due_at": transition.due_at} if transition.due_at is not None else {}),
            }
        )
    return transition.domain, event, transition.run_id, fence.events + 1, transition.job_id, transition.at, data


def _refused(connection: apsw.Connection, doubtful: Sequence[Transition]) -> tuple[str, ...]:
    """Of transitions that found no running run under their fence: all but those that were applied before."""
    ids = json_list([transition.run_id for transition in doubtful])
    settled: dict[str, tuple[int, str]] = {
        run_id: (token, state) for run_id, token, state in fetch(connection, _SQL["finished_fences"], (ids,))
    }
    for run_id, fence in _fences(connection, [transition.run_id for transition in doubtful]).items():
        if fence.state != "running":
            settled[run_id] = fence.token, fence.state
    return tuple(
        transition.run_id for transition in doubtful if not _already(transition, settled.get(transition.run_id))
    )


def _already(transition: Transition, settled: tuple[int, str] | None) -> bool:
    """Whether this transition is what became of its token. A run put back may have moved on to ready since."""
    if settled is None or settled[0] != transition.token:
        return False
    if transition.to not in TERMINAL and settled[1] not in TERMINAL:
        return True
    return settled[1] == transition.to or (settled[1] == CANCEL_ROW.to and transition.change is not Change.SUCCEED)


def _fences(connection: apsw.Connection, run_ids: Sequence[str]) -> dict[str, _Fence]:
    return {row[0]: _Fence(*row[1:]) for row in fetch(connection, _SQL["fences"], (json_list(run_ids),))}
