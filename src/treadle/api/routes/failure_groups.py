"""Groups of equal failures: list, read, resolve, snooze."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from treadle.api.answers import answers, reply, takes
from treadle.api.body import JsonBody, NoBody
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.moments import Moment, read_moments
from treadle.api.routing import NounRouter
from treadle.api.schemas.failure_groups import FailureGroup, FailureGroupPage, to_group
from treadle.api.schemas.runs import RunPage, to_run
from treadle.domain.failures import GroupState, Resolve, Snooze
from treadle.domain.shapes import read
from treadle.services.failure_groups import GroupFilters
from treadle.services.paging import DEFAULT_LIMIT

_ANSWERED: Final = answers(FailureGroup, "The group.", 400, 404, 413, 415)

router = NounRouter(tags=["failure-groups"])


@router.get(
    "/failure-groups", operation_id="list_failure_groups", responses=answers(FailureGroupPage, "A page of groups.")
)
async def list_failure_groups(
    call: CallDep,
    status: Annotated[list[GroupState] | None, Query()] = None,
    job: Annotated[list[str] | None, Query(description="Those with failures of this job.")] = None,
    error: Annotated[list[str] | None, Query(description="The class of the error.", examples=[["ValueError"]])] = None,
    failed_after: Moment = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Groups of equal failures, those that failed last first. A filter given several times means any of its values.

    Failures are equal that are of one class of error and came up at one place: in the same line of a handler's code, or
    where there is no such line, in the same job with the same message, but for numbers, ids and the like.
    """
    (after,) = read_moments(failed_after=failed_after)
    filters = GroupFilters(
        states=tuple(status or ()), job_ids=tuple(job or ()), kinds=tuple(error or ()), failed_after=after
    )
    page = await call.services.failure_groups.page(call.domain, filters, limit=limit, cursor=cursor)
    items = [to_group(each) for each in page.items]
    return reply(FailureGroupPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get(
    "/failure-groups/{group_id}", operation_id="get_failure_group", responses=answers(FailureGroup, "The group.", 404)
)
async def get_failure_group(call: CallDep, group_id: str) -> Response:
    """One group."""
    return reply(to_group(await call.services.failure_groups.get(call.domain, group_id)))


@router.get(
    "/failure-groups/{group_id}/runs",
    operation_id="list_failure_group_runs",
    responses=answers(RunPage, "A page of failed runs.", 404),
)
async def list_failure_group_runs(
    call: CallDep, group_id: str, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """The failed runs of a group, newest first, as long as they are kept."""
    page = await call.services.failure_groups.runs(call.domain, group_id, limit=limit, cursor=cursor)
    items = [to_run(run) for run in page.items]
    return reply(RunPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.post(
    "/failure-groups/{group_id}/resolve",
    operation_id="resolve_failure_group",
    responses=_ANSWERED,
    openapi_extra=takes(Resolve, example={"why": "fixed in 4.2"}, required=False),
)
async def resolve_failure_group(call: CallDep, group_id: str, document: JsonBody) -> Response:
    """Say that a failure is done with. A new failure opens the group again."""
    said = read(document, Resolve)
    return reply(to_group(await call.services.failure_groups.resolve(call.domain, group_id, said, by=call.who)))


@router.post(
    "/failure-groups/{group_id}/snooze",
    operation_id="snooze_failure_group",
    responses=_ANSWERED,
    openapi_extra=takes(Snooze, example={"until": "2027-01-04T09:00:00+07:00", "why": "the vendor is on it"}),
)
async def snooze_failure_group(call: CallDep, group_id: str, document: JsonBody) -> Response:
    """Put a failure aside until a moment: it goes on counting, and is open again from then on."""
    said = read(document, Snooze)
    return reply(to_group(await call.services.failure_groups.snooze(call.domain, group_id, said, by=call.who)))


@router.post(
    "/failure-groups/{group_id}/reopen",
    operation_id="reopen_failure_group",
    dependencies=[NoBody],
    responses=answers(FailureGroup, "The group.", 404),
)
async def reopen_failure_group(call: CallDep, group_id: str) -> Response:
    """Take back that a failure was resolved or snoozed."""
    return reply(to_group(await call.services.failure_groups.reopen(call.domain, group_id, by=call.who)))
