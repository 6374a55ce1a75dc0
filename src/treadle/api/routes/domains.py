"""Domains: their parts of the workers that serve several. A caller bound to one sees no other."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from treadle.api.answers import answers, reply, takes
from treadle.api.body import JsonBody
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.schemas.domains import Domain, DomainPage, to_domain
from treadle.domain.shapes import read
from treadle.domain.sharing import DomainSettings
from treadle.services.paging import DEFAULT_LIMIT

router = APIRouter(tags=["domains"])


@router.get("/domains", operation_id="list_domains", responses=answers(DomainPage, "A page of domains."))
async def list_domains(call: CallDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Domains by name: those to which runs were submitted, and those with a weight."""
    page = await call.services.domains.page(call.caller.domain, limit=limit, cursor=cursor)
    items = [to_domain(found) for found in page.items]
    return reply(DomainPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get("/domains/{name}", operation_id="get_domain", responses=answers(Domain, "The domain.", 404))
async def get_domain(call: CallDep, name: str) -> Response:
    """One domain."""
    return reply(to_domain(await call.services.domains.get(name, call.caller.domain)))


@router.put(
    "/domains/{name}",
    operation_id="set_domain",
    responses=answers(Domain, "The domain.", 400, 413, 415),
    openapi_extra=takes(DomainSettings, example={"weight": 3}),
)
async def set_domain(call: CallDep, name: str, document: JsonBody) -> Response:
    """Set the weight of a domain, 1 by default: on shared workers, 3 gets three slots for each one of a 1."""
    settings = read(document, DomainSettings)
    return reply(to_domain(await call.services.domains.set(name, settings, call.caller.domain)))
