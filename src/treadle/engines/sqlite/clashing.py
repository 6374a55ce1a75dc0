"""Clashes: submits that are one and the same as a run that stands, decided in the transaction that would store them."""

from __future__ import annotations

from typing import Final, NamedTuple

import apsw

from treadle.domain.clashes import (
    DEBOUNCE_SCOPE,
    NO_WINDOW,
    UNIQUE_SCOPE,
    Debounce,
    Holder,
    OnClash,
    Unique,
    find_clash,
    queued_data,
    replaced_by,
)
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.priority import rank
from treadle.domain.runs import NewRun
from treadle.domain.states import DEBOUNCED_EVENT, debounced_data
from treadle.engines.contract import Accepted, Admission
from treadle.engines.lines import Line, gates_of
from treadle.engines.records import to_json, to_limits
from treadle.engines.sqlite.cancelling import cancel
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.lines import put_line
from treadle.engines.sqlite.queries import load

_SQL: Final = load("clashes")
_RUNS: Final = load("runs")


class Clash(NamedTuple):
    """What a submit comes to: `answer` where it makes no new run, else who has its unique key, and `how` both go on."""

    answer: Accepted | None = None
    holder: Holder | None = None
    how: OnClash | None = None


NO_CLASH: Final = Clash()


def may_clash(run: NewRun) -> bool:
    """Whether there is anything to look at."""
    return run.debounce is not None or _unique(run) is not None


def look(connection: apsw.Connection, run: NewRun, now: Instant) -> Clash:
    """What stands in a submit's way; it goes into a run that waits for it. The caller holds the write transaction."""
    if run.debounce is not None:
        return Clash(_absorb(connection, run, run.debounce, now))
    if (unique := _unique(run)) is None:
        return NO_CLASH
    found = fetch(connection, _SQL["holder"], (run.domain, UNIQUE_SCOPE, unique.key))
    holder = next((_to_holder(*row) for row in found), None)
    how = find_clash(unique, holder, retry_of=run.retry_of, now=now)
    if holder is not None and how is OnClash.SKIP:
        return Clash(Accepted(holder.run_id, Admission.DUPLICATE))
    return Clash(None, holder, how)


def take_keys(connection: apsw.Connection, run: NewRun, clash: Clash, now: Instant) -> Json:
    """Give its keys to a run that is about to be stored, ending what gives way; answers what its event tells."""
    if clash.holder is not None and clash.how is OnClash.REPLACE:
        cancel(connection, run.domain, [clash.holder.run_id], now, replaced_by(run.id))
    if (unique := _unique(run)) is not None:
        row = (run.domain, UNIQUE_SCOPE, unique.key, run.id, "", unique.expires_at(now))
        connection.execute(_RUNS["take_keys"], row)
    if run.debounce is not None:
        row = (run.domain, DEBOUNCE_SCOPE, run.debounce.key, run.id, "", NO_WINDOW)
        connection.execute(_RUNS["take_keys"], row)
    return queued_data(clash.how, clash.holder)


def _unique(run: NewRun) -> Unique | None:
    return None if run.limits is None else run.limits.unique


def _to_holder(run_id: str, expires_at: Instant, token: int | None, limits: str | None) -> Holder:
    unique = None if limits is None else to_limits(limits).unique
    return Holder(run_id, expires_at, unique, started=bool(token))


def _absorb(connection: apsw.Connection, run: NewRun, debounce: Debounce, now: Instant) -> Accepted | None:
    for seq, run_id, first in fetch(connection, _SQL["waiting"], (run.domain, DEBOUNCE_SCOPE, debounce.key, now)):
        due_at = debounce.due_at(first, now)
        row = (
            seq,
            put_line(connection, Line(run.domain, run.queue, run.requires, False)),
            run.job_version,
            run.queue,
            run.requires,
            run.priority,
            due_at,
            rank(due_at, run.priority),
            to_json(run.limits),
            run.work,
            run.inputs,
            json_list(gates) if (gates := gates_of(run.domain, run.limits)) else None,
        )
        ((number,),) = fetch(connection, _SQL["absorb"], row)
        event = (run.domain, DEBOUNCED_EVENT, run_id, number, run.job_id, now, debounced_data(due_at))
        connection.execute(_RUNS["insert_event"], event)
        return Accepted(run_id, Admission.DEBOUNCED)
    return None
