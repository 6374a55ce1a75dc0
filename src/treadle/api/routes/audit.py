"""The audit log: who changed what."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Query
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.routing import NounRouter
from treadle.api.schemas.audit import AuditPage, to_entry
from treadle.engines.contract import AuditQuery
from treadle.services.paging import DEFAULT_LIMIT

router = NounRouter(tags=["audit"])

Who: TypeAlias = Annotated[str | None, Query(description="Only what this caller changed, such as `token:ci`.")]
Action: TypeAlias = Annotated[str | None, Query(description="Only this operation, by its id.")]
Target: TypeAlias = Annotated[
    str | None, Query(description="Only what was changed at this path or below it, such as `/jobs/report`.")
]


@router.get("/audit-events", operation_id="list_audit_events", responses=answers(AuditPage, "A page of the audit log."))
async def list_audit_events(
    call: CallDep,
    who: Who = None,
    action: Action = None,
    target: Target = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Changes, newest first."""
    query = AuditQuery(who=who, action=action, target=target)
    page = await call.services.audit.page(call.caller, query, limit=limit, cursor=cursor)
    items = [to_entry(entry) for entry in page.items]
    return reply(AuditPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))
