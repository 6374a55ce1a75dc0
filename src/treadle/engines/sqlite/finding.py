"""Runs by id, and pages of runs, newest first. Ids sort by creation: a page walks an index in their order and stops.

The index is named each time: the planner knows no numbers of rows, and would rather read and sort a whole history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final

import apsw
from msgspec import Struct
from msgspec.structs import replace

from treadle.domain.runs import Run, State
from treadle.engines.contract import RunQuery
from treadle.engines.sql.records import HISTORY, LIVE, Half, to_run
from treadle.engines.sqlite.connection import fetch, json_list

_DEAD: Final = "state = 'failed' AND resolution IS NULL"
_PARTIAL: Final = {
    "runs_held": "state = 'running'",
    "history_state": "state <> 'completed'",
    "history_dead": _DEAD,
    "history_dead_job": _DEAD,
    "history_dead_queue": _DEAD,
}
"""Indexes over some rows only, with the condition that a statement must repeat word for word to be let use them."""


class _Search(Struct, frozen=True):
    """One statement's part of a page: a table, the index it follows, and what is asked of it."""

    half: Half
    index: str
    query: RunQuery


def get(connection: apsw.Connection, domain: str, run_ids: Sequence[str]) -> list[Run]:
    """Live and finished runs by id."""
    listed = json_list(run_ids)
    found: list[Run] = []
    for half in (LIVE, HISTORY):
        where = "domain = ? AND id IN (SELECT value FROM json_each(?))"
        statement = _select(half, where, _by_id(half))
        found.extend(to_run(row) for row in fetch(connection, statement, (domain, listed)))
    return found


def find(connection: apsw.Connection, query: RunQuery) -> list[Run]:
    """A page of runs."""
    return _page(connection, _searches(query), query.limit)


def find_dead(connection: apsw.Connection, query: RunQuery) -> list[Run]:
    """A page of dead letters; the query's states say nothing."""
    return _page(connection, _dead_searches(replace(query, states=())), query.limit)


def _page(connection: apsw.Connection, searches: Iterable[_Search], limit: int) -> list[Run]:
    """What the searches find, each in the same order and at most a page, merged."""
    pages = []
    for search in searches:
        where, values = _conditions(search)
        statement = f"{_select(search.half, where, search.index)} ORDER BY id DESC LIMIT ?"
        pages.append([to_run(row) for row in fetch(connection, statement, (*values, limit))])
    return list(islice(merge(*pages, key=lambda run: run.id, reverse=True), limit))


def _select(half: Half, where: str, index: str) -> str:
    return f"SELECT {half.columns} FROM {half.table} INDEXED BY {index} WHERE {where}"  # noqa: S608 - made of constants


def _by_id(half: Half) -> str:
    """The index that SQLite keeps for the uniqueness of ids."""
    return f"sqlite_autoindex_{half.table}_1"


def _searches(query: RunQuery) -> Iterator[_Search]:
    """An index keeps the order of ids for one job or one state at a time, so each of several is a search."""
    for half in (LIVE, HISTORY):
        states = tuple(state for state in query.states if state in half.states)
        if query.states and not states:
            continue
        narrowed = replace(query, states=states)
        if query.job_ids:
            for job_id in query.job_ids:
                yield _Search(half, f"{half.table}_job", replace(narrowed, job_ids=(job_id,)))
        elif states == (State.RUNNING,):
            yield _Search(half, "runs_held", narrowed)  # they are few, and would be looked for among all that wait
        elif half is HISTORY and states and State.COMPLETED not in states:
            for state in states:
                yield _Search(half, "history_state", replace(narrowed, states=(state,)))
        else:
            yield _Search(half, _by_id(half), narrowed)


def _dead_searches(query: RunQuery) -> Iterator[_Search]:
    """The same for dead letters: one job or one queue at a time."""
    if query.job_ids:
        for job_id in query.job_ids:
            yield _Search(HISTORY, "history_dead_job", replace(query, job_ids=(job_id,)))
    elif query.queues:
        for queue in query.queues:
            yield _Search(HISTORY, "history_dead_queue", replace(query, queues=(queue,)))
    else:
        yield _Search(HISTORY, "history_dead", query)


def _conditions(search: _Search) -> tuple[str, list[Any]]:
    """The WHERE of a search and its values; the column names are fixed here, values are always bound."""
    query = search.query
    clauses = [_PARTIAL.get(search.index, "true"), "domain = ?"]
    values: list[Any] = [query.domain]
    for column, wanted in (("state", query.states), ("job_id", query.job_ids), ("queue", query.queues)):
        if wanted:
            clauses.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values.extend(wanted)
    for condition, value in (
        ("id < ?", query.before),
        ("created_at >= ?", query.created_after),
        ("created_at < ?", query.created_before),
    ):
        if value is not None:
            clauses.append(condition)
            values.append(value)
    return " AND ".join(clauses), values
