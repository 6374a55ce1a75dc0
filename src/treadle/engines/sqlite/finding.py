"""Runs by id, and pages of runs, newest first. Ids sort by creation: a page walks an index in their order and stops.

Runs that are asked for by values of their inputs are walked among those that are filed under them.

The index is named each time: the planner knows no numbers of rows, and would rather read and sort a whole history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final

import apsw
from msgspec import Struct
from msgspec.structs import replace

from treadle.domain.instants import FIRST, LAST
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

MOST_WALKS: Final = 100
"""Of how many jobs each is looked for by itself: of more, all runs are walked."""


_FILED: Final = "SELECT run_id FROM run_values AS filed WHERE domain = ? AND path = ? AND value = ? AND run_id < ?"
_ALSO: Final = (
    " AND EXISTS (SELECT 1 FROM run_values AS other WHERE other.domain = ? AND other.path = ? AND other.value IN ({})"
    " AND other.run_id = filed.run_id)"
)
_ENDED: Final = (
    "SELECT min(seq), max(seq) FROM history INDEXED BY history_finished WHERE finished_at >= ? AND finished_at < ?"
)
_LAST: Final = "\U0010ffff"
"""Greater than any id."""


class _Search(Struct, frozen=True):
    """One statement's part of a page: a table, the index it follows, what is asked of it, from which row to which."""

    half: Half
    index: str
    query: RunQuery
    rows: tuple[int, int] | None = None


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
    if query.where:
        found = get(connection, query.domain, find_ids(connection, query))
        return sorted(found, key=lambda run: run.id, reverse=True)
    pages = []
    for search in _searches(query, _ended_rows(connection, query)):
        where, values = _conditions(search)
        statement = f"{_select(search.half, where, search.index)} ORDER BY id DESC LIMIT ?"
        pages.append([to_run(row) for row in fetch(connection, statement, (*values, query.limit))])
    return list(islice(merge(*pages, key=lambda run: run.id, reverse=True), query.limit))


def find_dead(connection: apsw.Connection, query: RunQuery) -> list[Run]:
    """A page of dead letters; the query's states say nothing."""
    return find(connection, replace(query, states=(), dead=True))


def find_ids(connection: apsw.Connection, query: RunQuery) -> list[str]:
    """The ids of a page of runs."""
    pages = [[row[0] for row in fetch(connection, *select)] for select in _id_selects(connection, query)]
    return list(islice(merge(*pages, reverse=True), query.limit))


def count(connection: apsw.Connection, query: RunQuery) -> int:
    """How many runs there are, up to the query's limit."""
    total = 0
    for text, values in _id_selects(connection, query):
        ((counted,),) = fetch(connection, f"SELECT count(*) FROM ({text})", values)  # noqa: S608 - made of constants
        total += counted
    return min(total, query.limit)


def _id_selects(connection: apsw.Connection, query: RunQuery) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Statements that answer ids, newest first and at most a page, with their values. No id is found by two of them."""
    if query.where:
        yield from _filed_selects(query)
        return
    for search in _searches(query, _ended_rows(connection, query)):
        where, values = _conditions(search)
        text = f"SELECT id FROM {search.half.table} INDEXED BY {search.index} WHERE {where}"  # noqa: S608
        yield f"{text} ORDER BY id DESC LIMIT ?", (*values, query.limit)


def _filed_selects(query: RunQuery) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Those that walk the runs which are filed under each of the values of one path; a run has but one there."""
    (path, wanted), *others = query.where
    standing, values = [], []
    for half, states in _halves(query):
        where, of_half = _conditions(_Search(half, _by_id(half), replace(query, states=states)))
        standing.append(f"EXISTS ({_select(half, f'id = filed.run_id AND {where}', _by_id(half))})")
        values += of_half
    if not standing:
        return
    text = f"{_FILED} AND ({' OR '.join(standing)})"
    for other, any_of in others:
        text += _ALSO.format(", ".join("?" * len(any_of)))
        values += [query.domain, other, *any_of]
    before = _LAST if query.before is None else query.before
    for value in dict.fromkeys(wanted):
        yield f"{text} ORDER BY run_id DESC LIMIT ?", (query.domain, path, value, before, *values, query.limit)


def _select(half: Half, where: str, index: str) -> str:
    return f"SELECT {half.columns} FROM {half.table} INDEXED BY {index} WHERE {where}"  # noqa: S608 - made of constants


def _by_id(half: Half) -> str:
    """The index that SQLite keeps for the uniqueness of ids."""
    return f"sqlite_autoindex_{half.table}_1"


def _ended_rows(connection: apsw.Connection, query: RunQuery) -> tuple[int, int] | None:
    """Between which rows of the history all stand that ended when it is asked for; None where that is not asked.

    An index tells the row of each entry: whatever ended at other times is passed over without being read.
    """
    if query.finished_after is None and query.finished_before is None:
        return None
    first = FIRST if query.finished_after is None else query.finished_after
    last = LAST if query.finished_before is None else query.finished_before
    ((low, high),) = fetch(connection, _ENDED, (first, last))
    return (0, -1) if low is None else (low, high)


def _searches(query: RunQuery, rows: tuple[int, int] | None) -> Iterator[_Search]:
    """The searches of a query, over all rows or from one to another."""
    return (replace(search, rows=rows) for search in _walks(query))


def _walks(query: RunQuery) -> Iterator[_Search]:
    """An index keeps the order of ids for one job or one state at a time, so each of several is a search."""
    if query.dead and not query.run_ids:
        yield from _dead_searches(query)
        return
    for half, states in _halves(query):
        narrowed = replace(query, states=states)
        if query.run_ids:
            yield _Search(half, _by_id(half), narrowed)
        elif 0 < len(query.job_ids) <= MOST_WALKS:
            for job_id in query.job_ids:
                yield _Search(half, f"{half.table}_job", replace(narrowed, job_ids=(job_id,)))
        elif states == (State.RUNNING,):
            yield _Search(half, "runs_held", narrowed)  # they are few, and would be looked for among all that wait
        elif half is HISTORY and states and State.COMPLETED not in states:
            for state in states:
                yield _Search(half, "history_state", replace(narrowed, states=(state,)))
        else:
            yield _Search(half, _by_id(half), narrowed)


def _halves(query: RunQuery) -> Iterator[tuple[Half, tuple[State, ...]]]:
    """The tables in which there may be such runs, with those of the states asked for that runs have there."""
    for half in (HISTORY,) if query.ended else (LIVE, HISTORY):
        states = tuple(state for state in query.states if state in half.states)
        if states or not query.states:
            yield half, states


def _dead_searches(query: RunQuery) -> Iterator[_Search]:
    """The same for dead letters: one job or one queue at a time."""
    if 0 < len(query.job_ids) <= MOST_WALKS:
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
    clauses = [_PARTIAL.get(search.index, _DEAD if query.dead else "true"), "domain = ?"]
    values: list[Any] = [query.domain]
    for column, wanted in (
        ("id", query.run_ids),
        ("state", query.states),
        ("job_id", query.job_ids),
        ("queue", query.queues),
    ):
        if wanted:
            clauses.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values.extend(wanted)
    for condition, value in (
        ("id < ?", query.before),
        ("id >= ?", query.prefix),
        ("id < ?", query.beyond),
        ("created_at >= ?", query.created_after),
        ("created_at < ?", query.created_before),
        ("finished_at >= ?", query.finished_after),
        ("finished_at < ?", query.finished_before),
    ):
        if value is not None:
            clauses.append(condition)
            values.append(value)
    if search.rows is not None:
        clauses.append("seq BETWEEN ? AND ?")
        values.extend(search.rows)
    return " AND ".join(clauses), values
