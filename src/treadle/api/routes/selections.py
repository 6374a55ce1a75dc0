"""Selections: runs that a filter finds, frozen."""

from __future__ import annotations

from starlette.responses import Response

from treadle.api.answers import answers, reply, takes
from treadle.api.body import JsonBody
from treadle.api.deps import CallDep, IdempotencyKey
from treadle.api.once import repeatable
from treadle.api.routing import NounRouter
from treadle.api.schemas.selections import Selection, to_selection
from treadle.domain.selections import SelectionRequest
from treadle.domain.shapes import read

router = NounRouter(tags=["bulk actions"])


@router.post(
    "/selections",
    status_code=201,
    operation_id="create_selection",
    responses=answers(Selection, "The runs that were selected.", 400, 409, 413, 415, status=201),
    openapi_extra=takes(SelectionRequest, example={"filter": {"job": ["greeting"], "status": ["failed"]}}),
)
@repeatable
async def create_selection(call: CallDep, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Freeze the runs that a filter finds now, 100,000 at most. The filter has the keys of the list of runs."""
    wanted = read(document, SelectionRequest).filter
    seen = await call.services.selections.freeze(call.domain, wanted, by=call.who, key=idempotency_key)
    headers = {"Location": f"{call.prefix}/selections/{seen.selection.id}"}
    if seen.replayed:
        headers["Idempotency-Replayed"] = "true"
    return reply(to_selection(seen), 201, headers)


@router.get(
    "/selections/{selection_id}",
    operation_id="get_selection",
    responses=answers(Selection, "The runs that were selected.", 404),
)
async def get_selection(call: CallDep, selection_id: str) -> Response:
    """A selection, for an hour after it was made."""
    return reply(to_selection(await call.services.selections.see(call.domain, selection_id)))
