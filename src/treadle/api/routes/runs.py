"""Runs: list, read, cancel, explain. How they are submitted is in `submitting`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import Depends, Query
from msgspec import structs
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.body import NoBody
from treadle.api.deps import Call, CallDep, Cursor, Limit
from treadle.api.moments import Moment
from treadle.api.routing import NounRouter
from treadle.api.schemas.runs import (
    Comparison,
    Explanation,
    Run,
    RunDetail,
    RunPage,
    StepList,
    to_comparison,
    to_detail,
    to_explanation,
    to_run,
    to_steps,
)
from treadle.domain import runs as domain
from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.filters import MAX_RUNS, RunsWanted
from treadle.domain.runs import TERMINAL, State
from treadle.services.paging import DEFAULT_LIMIT, Page

_WHERE: Final = "A value of an input that jobs declare as searchable, such as `customer.id=42`; all paths must be met."
_Q: Final = "A text in the job's id or name, or `run_…` for how the run's id begins."

TERMINAL_STATES: Final = [state for state in State if state in TERMINAL]

States = Annotated[list[State] | None, Query(alias="status")]
Names = Annotated[list[str] | None, Query()]

router = NounRouter(tags=["runs"])


async def runs_wanted(
    run: Annotated[list[str] | None, Query(max_length=MAX_RUNS, description="These alone, by their ids.")] = None,
    status: States = None,
    job: Names = None,
    queue: Names = None,
    tag: Annotated[list[str] | None, Query(description="Of the job, as it is defined now.")] = None,
    where: Annotated[list[str] | None, Query(description=_WHERE)] = None,
    q: Annotated[str | None, Query(min_length=1, max_length=200, description=_Q)] = None,
    created_after: Moment = None,
    created_before: Moment = None,
    finished_after: Moment = None,
    finished_before: Moment = None,
    failure_group: Annotated[list[str] | None, Query(description="Of this group of equal failures.")] = None,
    *,
    dead_letters: Annotated[bool, Query(description="Only failed runs that nobody has retried or discarded.")] = False,
) -> RunsWanted:
    """Which runs a list is asked for."""
    return RunsWanted(
        run=tuple(run or ()),
        status=tuple(status or ()),
        job=tuple(job or ()),
        queue=tuple(queue or ()),
        tag=tuple(tag or ()),
        where=tuple(where or ()),
        q=q,
        created_after=created_after,
        created_before=created_before,
        finished_after=finished_after,
        finished_before=finished_before,
        failure_group=tuple(failure_group or ()),
        dead_letters=dead_letters,
    )


Wanted = Annotated[RunsWanted, Depends(runs_wanted)]


@router.get("/runs", operation_id="list_runs", responses=answers(RunPage, "A page of runs."))
async def list_runs(call: CallDep, wanted: Wanted, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Runs, newest first. A filter given several times means any of its values."""
    return await _page(call, wanted, limit, cursor)


@router.get("/history", operation_id="list_history", responses=answers(RunPage, "A page of finished runs."))
async def list_history(call: CallDep, wanted: Wanted, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Finished runs, newest first. A filter given several times means any of its values."""
    states = tuple(state for state in wanted.status or TERMINAL_STATES if state in TERMINAL)
    if not states:
        raise InvalidInput([Problem("/query/status", f"history has {', '.join(TERMINAL_STATES)} alone")])
    return await _page(call, structs.replace(wanted, status=states), limit, cursor)


@router.get("/jobs/{job_id}/runs", operation_id="list_job_runs", responses=answers(RunPage, "A page of runs.", 404))
async def list_job_runs(
    call: CallDep, job_id: str, status: States = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """The runs of a job, newest first; also of one that was deleted."""
    await call.services.jobs.versions(call.domain, job_id, limit=1)
    return await _page(call, RunsWanted(status=tuple(status or ()), job=(job_id,)), limit, cursor)


@router.get("/runs/{run_id}", operation_id="get_run", responses=answers(RunDetail, "The run.", 404))
async def get_run(call: CallDep, run_id: str) -> Response:
    """A run with its attempts, and with the runs that it depends on."""
    return await detailed(call, await call.services.runs.get(call.domain, run_id))


@router.get("/runs/{run_id}/children", operation_id="list_children", responses=answers(RunPage, "A page of runs.", 404))
async def list_children(call: CallDep, run_id: str, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """The runs that depend on a run, oldest first."""
    return page_of(await call.services.runs.children(call.domain, run_id, limit=limit, cursor=cursor))


@router.post(
    "/runs/{run_id}/cancel",
    operation_id="cancel_run",
    dependencies=[NoBody],
    responses=answers(Run, "The run: cancelled, or about to be.", 404, 409),
)
async def cancel_run(call: CallDep, run_id: str) -> Response:
    """Accept a cancel. A waiting run ends at once; a running one is told to, and begins no further attempt."""
    return reply(to_run(await call.services.runs.cancel(call.domain, run_id)))


@router.get("/runs/{run_id}/compare", operation_id="compare_run", responses=answers(Comparison, "What differs.", 404))
async def compare_run(
    call: CallDep,
    run_id: str,
    against: Annotated[str | None, Query(description="By default the last of its job before it to complete.")] = None,
) -> Response:
    """What differs between a run and another: what was asked for, what was done and where, and what came of it."""
    return reply(to_comparison(*await call.services.runs.compare(call.domain, run_id, against)))


@router.get("/runs/{run_id}/steps", operation_id="list_run_steps", responses=answers(StepList, "The steps.", 404))
async def list_run_steps(call: CallDep, run_id: str) -> Response:
    """What the run has done for good: its durable steps, oldest first."""
    return reply(to_steps(await call.services.runs.steps(call.domain, run_id)))


@router.get(
    "/runs/{run_id}/explain",
    operation_id="explain_run",
    responses=answers(Explanation, "Why it is where it is.", 404),
)
async def explain_run(call: CallDep, run_id: str) -> Response:
    """Why a run is not running, or where it is, or how it ended."""
    run, explanation = await call.services.runs.explain(call.domain, run_id)
    return reply(to_explanation(run, explanation))


async def _page(call: Call, wanted: RunsWanted, limit: int, cursor: str | None) -> Response:
    return page_of(await call.services.runs.page(call.domain, wanted, limit=limit, cursor=cursor))


def page_of(page: Page[domain.Run]) -> Response:
    """A page of runs as it is answered."""
    items = [to_run(run) for run in page.items]
    return reply(RunPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


async def detailed(call: Call, run: domain.Run) -> Response:
    """A run as it is answered, with all that belongs to it."""
    runs = call.services.runs
    return reply(to_detail(run, *await asyncio.gather(runs.attempts(run), runs.parents(run), runs.told(run))))
