"""Runs by id, and pages of runs, newest first. Ids sort by creation: a page walks an index in their order and stops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from treadle.domain.runs import Run, State
from treadle.engines.contract import RunQuery
from treadle.engines.postgres.look import Look
from treadle.engines.sql.records import HISTORY, LIVE, Half, to_run

_FEW: Final = "state <> 'completed'"
_DEAD: Final = "state = 'failed' AND resolution IS NULL"
"""Conditions of indexes over some rows only, which a statement must repeat to be let use them."""


class _Search(Struct, frozen=True):
    """One statement's part of a page: a table, what is asked of it, and the condition of an index."""

    half: Half
    query: RunQuery
    which: str = "true"


async def get(look: Look, domain: str, run_ids: Sequence[str]) -> list[Run]:
    """Live and finished runs by id."""
    found: list[Run] = []
    for half in (LIVE, HISTORY):
        rows = await look.fetch(f"{_select(half)} WHERE domain = $1 AND id = ANY ($2)", domain, list(run_ids))
        found.extend(to_run(row) for row in rows)
    return found


async def find(look: Look, query: RunQuery) -> list[Run]:
    """A page of runs."""
    return await _page(look, _searches(query), query.limit)


async def find_dead(look: Look, query: RunQuery) -> list[Run]:
    """A page of dead letters; the query's states say nothing."""
    return await _page(look, _dead_searches(replace(query, states=())), query.limit)


async def _page(look: Look, searches: Iterable[_Search], limit: int) -> list[Run]:
    """What the searches find, each in the same order and at most a page, merged."""
    pages = []
    for search in searches:
        where, values = _conditions(search)
        rows = await look.fetch(f"{_select(search.half)} WHERE {where} ORDER BY id DESC LIMIT {limit:d}", *values)
        pages.append([to_run(row) for row in rows])
    return list(islice(merge(*pages, key=lambda run: run.id, reverse=True), limit))


def _select(half: Half) -> str:
    return f"SELECT {half.columns} FROM treadle.{half.table}"  # noqa: S608 - made of constants


def _dead_searches(query: RunQuery) -> Iterator[_Search]:
    """The same for dead letters: one job or one queue at a time."""
    if query.job_ids:
        for job_id in query.job_ids:
            yield _Search(HISTORY, replace(query, job_ids=(job_id,)), _DEAD)
    elif query.queues:
        for queue in query.queues:
            yield _Search(HISTORY, replace(query, queues=(queue,)), _DEAD)
    else:
        yield _Search(HISTORY, query, _DEAD)


def _searches(query: RunQuery) -> Iterator[_Search]:
    """An index keeps the order of ids for one job or one state at a time, so each of several is a search."""
    for half in (LIVE, HISTORY):
        states = tuple(state for state in query.states if state in half.states)
        if query.states and not states:
            continue
        narrowed = replace(query, states=states)
        if query.job_ids:
            for job_id in query.job_ids:
                yield _Search(half, replace(narrowed, job_ids=(job_id,)))
        elif half is HISTORY and states and State.COMPLETED not in states:
            for state in states:
                yield _Search(half, replace(narrowed, states=(state,)), _FEW)
        else:
            yield _Search(half, narrowed)


def _conditions(search: _Search) -> tuple[str, list[Any]]:
    """The WHERE of a search and its values; the column names are fixed here, values are always bound."""
    query = search.query
    clauses = [search.which, "domain = $1"]
    values: list[Any] = [query.domain]
    for condition, value in (
        ("state = ANY (${})", list(query.states) or None),
        ("job_id = ANY (${})", list(query.job_ids) or None),
        ("queue = ANY (${})", list(query.queues) or None),
        ("id < ${}", query.before),
        ("created_at >= ${}", query.created_after),
        ("created_at < ${}", query.created_before),
    ):
        if value is not None:
            values.append(value)
            clauses.append(condition.format(len(values)))
    return " AND ".join(clauses), values
