"""Bulk actions: what is done to each run of a selection."""

from __future__ import annotations

from starlette.responses import Response

from treadle.api.answers import DRY_RUN, answers, reply, takes
from treadle.api.body import JsonBody
from treadle.api.deps import CallDep, Cursor, IdempotencyKey, Limit
from treadle.api.once import repeatable
from treadle.api.routing import NounRouter
from treadle.api.schemas.bulk_actions import BulkAction, BulkActionPage, to_bulk_action, to_page
from treadle.domain.bulk_actions import BulkRequest
from treadle.domain.shapes import read
from treadle.services.paging import DEFAULT_LIMIT

router = NounRouter(tags=["bulk actions"])


@router.post(
    "/bulk-actions",
    status_code=202,
    operation_id="start_bulk_action",
    responses={
        **answers(BulkAction, "What would become of each run: of a dry run."),
        **answers(BulkAction, "The action, which is being carried out.", 400, 404, 409, 413, 415, status=202),
    },
    openapi_extra=takes(
        BulkRequest,
        example={"selection": "sel_019d2f6c1e5b7c3a9f40b1d2c3e4f506", "action": "retry", "spread_ms": 60_000},
    ),
)
@repeatable
async def start_bulk_action(call: CallDep, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Retry, cancel or discard the runs of a selection. A dry run changes nothing, and tells what would be done."""
    request = read(document, BulkRequest)
    if request.dry_run:
        foreseen = await call.services.bulk_actions.foresee(call.domain, request, by=call.who)
        return reply(to_bulk_action(foreseen, dry_run=True), headers={DRY_RUN: "true"})
    begun = await call.services.bulk_actions.begin(call.domain, request, by=call.who, key=idempotency_key)
    headers = {"Location": f"{call.prefix}/bulk-actions/{begun.action.id}"}
    if begun.replayed:
        headers["Idempotency-Replayed"] = "true"
    return reply(to_bulk_action(begun.action), 202, headers)


@router.get(
    "/bulk-actions",
    operation_id="list_bulk_actions",
    responses=answers(BulkActionPage, "A page of bulk actions."),
)
async def list_bulk_actions(call: CallDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Bulk actions, newest first; for 30 days after their end."""
    return reply(to_page(await call.services.bulk_actions.page(call.domain, limit=limit, cursor=cursor)))


@router.get(
    "/bulk-actions/{action_id}",
    operation_id="get_bulk_action",
    responses=answers(BulkAction, "The action, as far as it has come.", 404),
)
async def get_bulk_action(call: CallDep, action_id: str) -> Response:
    """How far a bulk action has come, and what became of the runs."""
    return reply(to_bulk_action(await call.services.bulk_actions.get(call.domain, action_id)))
