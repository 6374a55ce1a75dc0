"""Domains: their names, their parts of shared workers, their tokens. A caller bound to one sees no other."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from treadle.api.answers import answers, problem_answers, reply, takes
from treadle.api.body import JsonBody, NoBody
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.etags import ExpectedRevision, tagged
from treadle.api.once import once, once_untold
from treadle.api.routing import NounRouter
from treadle.api.schemas.access import NewTokenAnswer, to_token
from treadle.api.schemas.domains import Domain, DomainPage, to_domain
from treadle.domain.domains import DomainSettings, DomainState, DomainToken, NewDomain, RuledDomain
from treadle.domain.shapes import read
from treadle.services.paging import DEFAULT_LIMIT

_SWITCHED: Final = answers(Domain, "The domain.", 404, 409, 412)

router = NounRouter(tags=["domains"])


@router.get("/domains", operation_id="list_domains", responses=answers(DomainPage, "A page of domains."))
async def list_domains(call: CallDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Domains by name: those that were made, those to which runs were submitted, and those with a weight."""
    page = await call.services.domains.page(call.caller.domain, limit=limit, cursor=cursor)
    items = [to_domain(found) for found in page.items]
    return reply(DomainPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.post(
    "/domains",
    status_code=201,
    operation_id="create_domain",
    responses=answers(Domain, "The domain.", 400, 409, 413, 415, status=201),
    openapi_extra=takes(NewDomain, example={"name": "team-a", "title": "Team A", "weight": 3}),
)
@once
async def create_domain(call: CallDep, document: JsonBody) -> Response:
    """Make a domain. One comes about by its use too; making it gives it a name for people, and tells who did."""
    made = await call.services.domains.create(read(document, NewDomain), call.caller.domain)
    return _told(made, 201, {"Location": f"{call.prefix}/domains/{made.use.name}"})


@router.get("/domains/{name}", operation_id="get_domain", responses=answers(Domain, "The domain.", 404))
async def get_domain(call: CallDep, name: str) -> Response:
    """One domain."""
    return _told(await call.services.domains.get(name, call.caller.domain))


@router.put(
    "/domains/{name}",
    operation_id="set_domain",
    responses=answers(Domain, "The domain.", 400, 409, 412, 413, 415),
    openapi_extra=takes(DomainSettings, example={"weight": 3, "title": "Team A"}),
)
async def set_domain(call: CallDep, name: str, document: JsonBody, expected: ExpectedRevision) -> Response:
    """Set a domain's title, and its weight, 1 by default: on shared workers, 3 gets three slots for each one of a 1.

    One that is not in use yet is made by it.
    """
    settings = read(document, DomainSettings)
    return _told(await call.services.domains.set(name, settings, call.caller.domain, expected=expected))


@router.delete(
    "/domains/{name}",
    operation_id="delete_domain",
    dependencies=[NoBody],
    status_code=204,
    responses={204: {"description": "It is gone."}, **problem_answers(404, 409, 412)},
)
async def delete_domain(call: CallDep, name: str, expected: ExpectedRevision) -> Response:
    """Delete a domain that has no jobs, no runs, no messages, and no tokens or users in force."""
    await call.services.domains.delete(name, call.caller.domain, expected=expected)
    return Response(status_code=204)


@router.post("/domains/{name}/disable", operation_id="disable_domain", dependencies=[NoBody], responses=_SWITCHED)
async def disable_domain(call: CallDep, name: str, expected: ExpectedRevision) -> Response:
    """Close a domain within a second: its tokens and users open nothing, and nobody changes or runs anything in it.

    What it had accepted goes on, its schedules too: pause its queues to hold it.
    """
    state = DomainState.DISABLED
    return _told(await call.services.domains.switch(name, state, call.caller.domain, expected=expected))


@router.post("/domains/{name}/enable", operation_id="enable_domain", dependencies=[NoBody], responses=_SWITCHED)
async def enable_domain(call: CallDep, name: str, expected: ExpectedRevision) -> Response:
    """Open a domain that was disabled."""
    state = DomainState.ENABLED
    return _told(await call.services.domains.switch(name, state, call.caller.domain, expected=expected))


@router.post(
    "/domains/{name}/token",
    status_code=201,
    operation_id="create_domain_token",
    responses=answers(NewTokenAnswer, "The token, with its secret.", 400, 404, 409, 413, 415, status=201),
    openapi_extra=takes(DomainToken, example={"label": "workers", "scopes": ["operate"]}, required=False),
)
@once_untold
async def create_domain_token(call: CallDep, name: str, document: JsonBody) -> Response:
    """Make a token that acts in a domain alone, for callers and for workers. Its secret is answered this once."""
    wanted = read(document, DomainToken)
    await call.services.domains.get(name, call.caller.domain)
    issued = await call.services.access.create_token(call.caller, wanted.of(name))
    location = {"Location": f"{call.prefix}/tokens/{issued.credential.id}"}
    return reply(NewTokenAnswer(token=to_token(issued.credential), secret=issued.secret), 201, location)


def _told(domain: RuledDomain, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return reply(to_domain(domain), status, {**tagged(domain.revision), **(headers or {})})
