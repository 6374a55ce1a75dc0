"""Enqueue: rows, events and keys of new runs. Also the way by which schedules submit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw

from treadle.domain.admission import AT_THE_GATE
from treadle.domain.instants import Instant
from treadle.domain.limits import is_rendered
from treadle.domain.queues import QueueState
from treadle.domain.runs import NewRun
from treadle.domain.states import QUEUED_EVENT
from treadle.domain.submitting import wait_for
from treadle.engines.contract import Accepted, Admission
from treadle.engines.sqlite.admission import arrive
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.dependencies import Standing, attach
from treadle.engines.sqlite.gates import declare, gates_of
from treadle.engines.sqlite.keys import named, put_key
from treadle.engines.sqlite.letters import resolve_by
from treadle.engines.sqlite.lines import Line, put_line
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.queues import QueueName, controls
from treadle.engines.sqlite.records import to_json

_SQL: Final = load("runs")
_ADMISSION: Final = load("admission")


def enqueue(connection: apsw.Connection, runs: Sequence[NewRun], now: Instant) -> list[Accepted]:
    """Insert runs; the caller holds the write transaction, and calls `dependencies.work_off` in it.

    A key that stands names its first run instead. A queue that drains takes none, and a run that names a parent which
    is not there is not stored. A retry by hand resolves the dead letter that it does again.
    """
    answers: list[Accepted] = []
    rows: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    lines: dict[Line, int] = {}
    created: list[NewRun] = []
    closed = draining(connection, runs)
    known = Standing(connection, runs)
    limited: list[NewRun] = []
    for wanted in runs:
        run = known.expand(wanted)
        if run.key is not None and (standing := named(connection, run.domain, run.key, now)) is not None:
            answers.append(standing)
            continue
        if (run.domain, run.queue) in closed:
            answers.append(Accepted(run.id, Admission.QUEUE_DRAINING))
            continue
        if (at := known.missing(run)) is not None:
            answers.append(Accepted(run.id, Admission.PARENT_MISSING, at))
            continue
        # After this nothing may refuse the run: its letter is resolved.
        if run.retry_of is not None and not resolve_by(connection, run) and run.for_letter:
            answers.append(Accepted(run.id, Admission.LETTER_RESOLVED))
            continue
        if run.key is not None:
            put_key(connection, run.domain, run.key, run.id)
        known.add(run)
        created.append(run)
        line = Line(run.domain, run.queue, run.requires, False)
        if (number := lines.get(line)) is None:
            number = lines[line] = put_line(connection, line)
        held = wait_for(run, known.known(run))
        rows.append(_row(held, number))
        events.append((run.domain, QUEUED_EVENT, run.id, 1, run.job_id, run.created_at, b"{}"))
        answers.append(Accepted(run.id, Admission.CREATED))
        if run.limits is not None and run.limits.gated:
            limited.append(held)
    connection.executemany(_SQL["insert_run"], rows)
    connection.executemany(_SQL["insert_event"], events)
    attach(connection, created, known)
    if limited:
        _bring_to_gates(connection, limited, now)
    return answers


def draining(connection: apsw.Connection, runs: Sequence[NewRun]) -> frozenset[QueueName]:
    """Of the queues of runs, those that take none."""
    told = controls(connection, {(run.domain, run.queue) for run in runs})
    return frozenset(name for name, control in told.items() if control.state is QueueState.DRAINING)


def _bring_to_gates(connection: apsw.Connection, limited: Sequence[NewRun], now: Instant) -> None:
    """Put down the limits of new runs, and let those pass that nothing else holds."""
    changed: set[int] = set()
    for domain, limits, again in dict.fromkeys((run.domain, run.limits, run.retry_of is not None) for run in limited):
        assert limits is not None  # noqa: S101
        changed |= declare(connection, domain, limits, over=_never if again else is_rendered)
    waiting = [run.id for run in limited if run.reason == AT_THE_GATE.reason]
    arrive(connection, fetch(connection, _ADMISSION["new_gated"], (json_list(waiting),)), now, changed)


def _never(_key: str) -> bool:
    """The limits of a run that is done again are those of then."""
    return False


def _row(run: NewRun, line: int) -> tuple[Any, ...]:
    return (
        run.id,
        line,
        run.state,
        run.rank,
        run.due_at,
        run.created_at,
        run.domain,
        run.job_id,
        run.job_version,
        run.queue,
        run.requires,
        run.priority,
        run.cause,
        run.schedule_id,
        run.slot,
        run.retry_of,
        to_json(run.limits),
        to_json(run.depends),
        json_list(gates) if (gates := gates_of(run.domain, run.limits)) else None,
        to_json(run.reason),
        run.work,
        run.inputs,
    )
