"""Views of jobs: their last runs side by side, and how they hang on each other."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import CallDep, Cursor
from treadle.api.routing import NounRouter
from treadle.api.schemas.job_views import (
    JobGantt,
    JobGraph,
    JobGrid,
    JobOverviewPage,
    to_gantt,
    to_graph,
    to_grid,
    to_summary,
)
from treadle.services.job_views import JobFilters

MOST_RUNS: Final = 100

Runs = Annotated[int, Query(ge=1, le=MOST_RUNS, description="How many of the last runs.")]

router = NounRouter(tags=["jobs"])


@router.get("/overview/jobs", operation_id="list_job_overviews", responses=answers(JobOverviewPage, "A page of jobs."))
async def list_job_overviews(
    call: CallDep,
    runs: Runs = 30,
    q: Annotated[str, Query(max_length=200, description="Part of an id, a name or a description.")] = "",
    tag: Annotated[list[str] | None, Query(description="Those with one of these tags.")] = None,
    enabled: Annotated[bool | None, Query(description="Only those that are, or are not.")] = None,
    failing: Annotated[bool, Query(description="Only those whose last run failed.")] = False,
    limit: Annotated[int, Query(ge=1, le=100, description="Items on a page.")] = 50,
    cursor: Cursor = None,
) -> Response:
    """Jobs by id, each with how its last runs ended and when it fires next.

    With filters that few jobs fit a page may have fewer items than it could, and still a next one.
    """
    filters = JobFilters(text=q, tags=tuple(tag or ()), enabled=enabled, failing=failing)
    page = await call.services.job_views.overview(call.domain, filters, limit=limit, runs=runs, cursor=cursor)
    items = [to_summary(each) for each in page.items]
    return reply(JobOverviewPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get("/jobs/{job_id}/grid", operation_id="get_job_grid", responses=answers(JobGrid, "The grid.", 404))
async def get_job_grid(call: CallDep, job_id: str, limit: Runs = 30) -> Response:
    """The last runs of a job, newest first, with the attempts and the durable steps of each."""
    return reply(to_grid(job_id, await call.services.job_views.grid(call.domain, job_id, limit)))


@router.get("/jobs/{job_id}/gantt", operation_id="get_job_gantt", responses=answers(JobGantt, "The spans.", 404))
async def get_job_gantt(call: CallDep, job_id: str, limit: Runs = 30) -> Response:
    """The last runs of a job, newest first, with the times for which each was held, queued, running or in backoff."""
    return reply(to_gantt(job_id, await call.services.job_views.gantt(call.domain, job_id, limit)))


@router.get("/jobs/{job_id}/graph", operation_id="get_job_graph", responses=answers(JobGraph, "The graph.", 404))
async def get_job_graph(call: CallDep, job_id: str) -> Response:
    """The jobs that hang together with one, by `dependencies` and by `after`, in both directions."""
    return reply(to_graph(job_id, await call.services.job_views.graph(call.domain, job_id)))
