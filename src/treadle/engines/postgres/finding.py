"""Runs by id, and pages of runs, newest first. Ids sort by creation: a page walks an index in their order and stops.

Runs that are asked for by values of their inputs are walked among those that are filed under them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from treadle.domain.runs import Run, State
from treadle.engines.contract import RunQuery
from treadle.engines.postgres.look import Connection
from treadle.engines.sql.records import HISTORY, LIVE, Half, to_run

_FEW: Final = "state <> 'completed'"
_DEAD: Final = "state = 'failed' AND resolution IS NULL"
"""Conditions of indexes over some rows only, which a statement must repeat to be let use them."""

_FILED: Final = "SELECT filed.run_id AS id FROM treadle.run_values AS filed"
_UNDER: Final = "WHERE filed.domain = $1 AND filed.path = $2 AND filed.value = $3 AND filed.run_id < $4"
_ALSO: Final = (
    " AND EXISTS (SELECT 1 FROM treadle.run_values AS other WHERE other.run_id = filed.run_id"
    " AND other.domain = $1 AND other.path = ${} AND other.value = ANY (${}))"
)
_LAST: Final = "\U0010ffff"
"""Greater than any id."""

MOST_WALKS: Final = 100
"""Of how many jobs each is looked for by itself: of more, all runs are walked."""


class _Search(Struct, frozen=True):
    """One statement's part of a page: a table, what is asked of it, and the condition of an index."""

    half: Half
    query: RunQuery
    which: str = "true"


async def get(look: Connection, domain: str, run_ids: Sequence[str]) -> list[Run]:
    """Live and finished runs by id, by one statement: whatever ends meanwhile is in one table or the other."""
    both = (f"{_select(half)} WHERE domain = $1 AND id = ANY ($2)" for half in (LIVE, HISTORY))
    return [to_run(row) for row in await look.fetch(" UNION ALL ".join(both), domain, list(run_ids))]


async def find(look: Connection, query: RunQuery) -> list[Run]:
    """A page of runs, by one statement likewise."""
    if query.where:
        found = await get(look, query.domain, await find_ids(look, query))
        return sorted(found, key=lambda run: run.id, reverse=True)
    pages, values = [], [query.domain]
    for search in _searches(query):
        where, values = _conditions(search, values)
        pages.append(f"({_select(search.half)} WHERE {where} ORDER BY id DESC LIMIT {query.limit:d})")
    if not pages:
        return []
    text = f"SELECT * FROM ({' UNION ALL '.join(pages)}) AS found ORDER BY id DESC LIMIT {query.limit:d}"  # noqa: S608 - made of constants
    rows = await look.fetch(text, *values)
    return [to_run(row) for row in rows]


async def find_dead(look: Connection, query: RunQuery) -> list[Run]:
    """A page of dead letters; the query's states say nothing."""
    return await find(look, replace(query, states=(), dead=True))


async def find_ids(look: Connection, query: RunQuery) -> list[str]:
    """The ids of a page of runs."""
    pages = [[row[0] for row in await look.fetch(text, *values)] for text, values in _id_selects(query)]
    return list(islice(merge(*pages, reverse=True), query.limit))


async def count(look: Connection, query: RunQuery) -> int:
    """How many runs there are, up to the query's limit."""
    total = 0
    for text, values in _id_selects(query):
        ((counted,),) = await look.fetch(f"SELECT count(*) FROM ({text}) AS those", *values)  # noqa: S608
        total += counted
    return min(total, query.limit)


def _id_selects(query: RunQuery) -> Iterator[tuple[str, list[Any]]]:
    """Statements that answer ids, newest first and at most a page, with their values. No id is found by two of them."""
    if query.where:
        yield from _filed_selects(query)
        return
    for search in _searches(query):
        where, values = _conditions(search)
        text = f"SELECT id FROM treadle.{search.half.table} WHERE {where}"  # noqa: S608 - made of constants
        yield f"{text} ORDER BY id DESC LIMIT {query.limit:d}", values


def _filed_selects(query: RunQuery) -> Iterator[tuple[str, list[Any]]]:
    """Those that walk the runs which are filed under each of the values of one path; a run has but one there.

    The runs themselves are looked for one by one (LATERAL, with a limit): a plan that reads all of history to find them
    would be taken for a cheap one.
    """
    (path, wanted), *others = query.where
    values: list[Any] = [query.domain, path, None, _LAST if query.before is None else query.before]
    standing = []
    for half, states in _halves(query):
        where, values = _conditions(_Search(half, replace(query, states=states)), values)
        standing.append(f"(SELECT 1 FROM treadle.{half.table} WHERE id = filed.run_id AND {where})")  # noqa: S608
    if not standing:
        return
    text = f"{_FILED} CROSS JOIN LATERAL ({' UNION ALL '.join(standing)} LIMIT 1) AS run {_UNDER}"
    for other, any_of in others:
        values += [other, list(any_of)]
        text += _ALSO.format(len(values) - 1, len(values))
    for value in dict.fromkeys(wanted):
        yield f"{text} ORDER BY filed.run_id DESC LIMIT {query.limit:d}", [*values[:2], value, *values[3:]]


def _select(half: Half) -> str:
    return f"SELECT {half.columns} FROM treadle.{half.table}"  # noqa: S608 - made of constants


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
            yield _Search(HISTORY, replace(query, job_ids=(job_id,)))
    elif query.queues:
        for queue in query.queues:
            yield _Search(HISTORY, replace(query, queues=(queue,)))
    else:
        yield _Search(HISTORY, query)


def _searches(query: RunQuery) -> Iterator[_Search]:
    """An index keeps the order of ids for one job or one state at a time, so each of several is a search."""
    if query.dead and not query.run_ids:
        yield from _dead_searches(query)
        return
    for half, states in _halves(query):
        narrowed = replace(query, states=states)
        if query.run_ids:
            yield _Search(half, narrowed)
        elif 0 < len(query.job_ids) <= MOST_WALKS:
            for job_id in query.job_ids:
                yield _Search(half, replace(narrowed, job_ids=(job_id,)))
        elif half is HISTORY and states and State.COMPLETED not in states:
            for state in states:
                yield _Search(half, replace(narrowed, states=(state,)), _FEW)
        else:
            yield _Search(half, narrowed)


def _conditions(search: _Search, before: Sequence[Any] = ()) -> tuple[str, list[Any]]:
    """The WHERE of a search and its values; the column names are fixed here, values are always bound.

    Those of a statement around it come `before`: the first is the domain.
    """
    query = search.query
    clauses = [_DEAD if query.dead else search.which, "domain = $1"]
    values: list[Any] = [*before] or [query.domain]
    for condition, value in (
        ("id = ANY (${})", list(query.run_ids) or None),
        ("state = ANY (${})", list(query.states) or None),
        ("job_id = ANY (${})", list(query.job_ids) or None),
        ("queue = ANY (${})", list(query.queues) or None),
        ("id < ${}", query.before),
        ("id >= ${}", query.prefix),
        ("id < ${}", query.beyond),
        ("created_at >= ${}", query.created_after),
        ("created_at < ${}", query.created_before),
        ("finished_at >= ${}", query.finished_after),
        ("finished_at < ${}", query.finished_before),
    ):
        if value is not None:
            values.append(value)
            clauses.append(condition.format(len(values)))
    return " AND ".join(clauses), values
