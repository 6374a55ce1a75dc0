"""Enqueue: rows, events and keys of new runs. Also the way by which schedules submit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import apsw

from treadle.domain.admission import AT_THE_GATE
from treadle.domain.clashes import OnClash
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.limits import is_rendered
from treadle.domain.queues import QueueState
from treadle.domain.runs import NewRun
from treadle.domain.states import QUEUED_EVENT
from treadle.domain.submitting import wait_for
from treadle.engines.contract import Accepted, Admission
from treadle.engines.lines import Line, gates_of
from treadle.engines.records import to_json
from treadle.engines.sqlite.admission import arrive
from treadle.engines.sqlite.clashing import NO_CLASH, Clash, look, may_clash, take_keys
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.dependencies import Standing, attach
from treadle.engines.sqlite.gates import declare
from treadle.engines.sqlite.keys import named, put_key
from treadle.engines.sqlite.letters import resolve_by
from treadle.engines.sqlite.lines import put_line
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.queues import QueueName, controls

_SQL: Final = load("runs")
_ADMISSION: Final = load("admission")


def enqueue(connection: apsw.Connection, runs: Sequence[NewRun], now: Instant) -> list[Accepted]:
    """Insert runs; the caller holds the write transaction, and calls `dependencies.work_off` in it.

    A key that stands names its first run instead. A queue that drains takes none, and a run that names a parent which
    is not there is not stored. One that is the same as a run that stands is, or is not, as its rule says. A retry by
    hand resolves the dead letter that it does again.
    """
    batch = _Batch(connection, runs, now)
    answers = [batch.submit(run) for run in runs]
    batch.store()
    batch.bring_to_gates()
    return answers


class _Batch:
    """Runs that are submitted together, one after the other. What is new is stored at last, or when it is looked at."""

    def __init__(self, connection: apsw.Connection, runs: Sequence[NewRun], now: Instant) -> None:
        self._connection = connection
        self._now = now
        self._closed = draining(connection, runs)
        self._known = Standing(connection, runs)
        self._lines: dict[Line, int] = {}
        self._new: list[NewRun] = []
        self._rows: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._limited: list[NewRun] = []

    def submit(self, wanted: NewRun) -> Accepted:
        """The answer to a run."""
        run = self._known.expand(wanted)
        if run.key is not None and (standing := named(self._connection, run.domain, run.key, self._now)) is not None:
            return standing
        if (run.domain, run.queue) in self._closed:
            return Accepted(run.id, Admission.QUEUE_DRAINING)
        if (at := self._known.missing(run)) is not None:
            return Accepted(run.id, Admission.PARENT_MISSING, at)
        clash = self._look(run) if may_clash(run) else NO_CLASH
        if clash.answer is not None:
            put_key(self._connection, run.domain, run.key, clash.answer.run_id)
            return clash.answer
        # After this nothing may refuse the run: its letter is resolved.
        if run.retry_of is not None and not resolve_by(self._connection, run) and run.for_letter:
            return Accepted(run.id, Admission.LETTER_RESOLVED)
        put_key(self._connection, run.domain, run.key, run.id)
        self._add(run, take_keys(self._connection, run, clash, self._now))
        return Accepted(run.id, Admission.CREATED)

    def _look(self, run: NewRun) -> Clash:
        self.store()  # it may clash with one of these
        clash = look(self._connection, run, self._now)
        if clash.answer is not None and clash.answer.admission is Admission.DEBOUNCED:
            self._note_limits(run)
        if clash.how is OnClash.REPLACE and clash.holder is not None:
            self._known.end(run.domain, clash.holder.run_id)
        return clash

    def _add(self, run: NewRun, told: Json) -> None:
        self._known.add(run)
        line = Line(run.domain, run.queue, run.requires, False)
        if (number := self._lines.get(line)) is None:
            number = self._lines[line] = put_line(self._connection, line)
        held = wait_for(run, self._known.known(run))
        self._new.append(run)
        self._rows.append(_row(held, number))
        self._events.append((run.domain, QUEUED_EVENT, run.id, 1, run.job_id, run.created_at, told))
        self._note_limits(held)

    def _note_limits(self, run: NewRun) -> None:
        if run.limits is not None and run.limits.gated:
            self._limited.append(run)

    def store(self) -> None:
        """Insert what is new so far."""
        self._connection.executemany(_SQL["insert_run"], self._rows)
        self._connection.executemany(_SQL["insert_event"], self._events)
        attach(self._connection, self._new, self._known)
        for stored in (self._new, self._rows, self._events):
            stored.clear()

    def bring_to_gates(self) -> None:
        """Put down the limits of the runs, and let those pass that nothing else holds."""
        if self._limited:
            _bring_to_gates(self._connection, self._limited, self._now)


def draining(connection: apsw.Connection, runs: Sequence[NewRun]) -> frozenset[QueueName]:
    """Of the queues of runs, those that take none."""
    told = controls(connection, {(run.domain, run.queue) for run in runs})
    return frozenset(name for name, control in told.items() if control.state is QueueState.DRAINING)


def _bring_to_gates(connection: apsw.Connection, limited: Sequence[NewRun], now: Instant) -> None:
    """Put down the limits of new runs, and let those pass that nothing else holds."""
    changed: set[int] = set()
    declared = ((run.domain, run.limits, run.retry_of is not None) for run in limited)
    for (domain, limits, again), _ in groupby(declared):  # in their order: of a key's limits, the newest holds
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
