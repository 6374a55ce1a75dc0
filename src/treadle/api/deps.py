"""What routes get handed: the services, and for whom the call acts."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request
from fastapi.routing import APIRoute
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.types import Scope as AsgiScope

from treadle.api.scopes import needed
from treadle.bootstrap import Services
from treadle.domain.access import Principal, Scope
from treadle.domain.errors import Forbidden, InvalidInput, Problem
from treadle.domain.names import MAX_DOMAIN_NAME, is_name
from treadle.domain.submitting import MAX_KEY
from treadle.services.paging import MAX_LIMIT

_IN_A_DOMAIN: Final = (Scope.OPERATE, Scope.WRITE)
"""What changes something in the domain of the call; it must be open."""


class Call(Struct, frozen=True):
    """One authorised call. `caller` makes it, in `domain`; `prefix` is what stood before the route's path.

    `bound` is the domain where the caller has none but that, or names it; None for one who may see all of them.
    """

    services: Services
    caller: Principal
    domain: str
    prefix: str
    bound: str | None

    @property
    def who(self) -> str:
        """The caller's name."""
        return self.caller.name


def services_of(request: Request) -> Services:
    """The services of the app that serves a request."""
    services: Services = request.app.state.services
    return services


def known_caller(request: Request) -> Principal | None:
    """Who calls a public route, where that is known."""
    caller: Principal | None = request.scope["state"].get("caller")
    return caller


async def current_call(
    request: Request,
    treadle_domain: Annotated[
        str | None,
        Header(description="The domain to act in, for a caller bound to none; the server's own by default."),
    ] = None,
) -> Call:
    """The call that a request makes. Raises Forbidden where its caller may not make it."""
    state = request.scope["state"]
    caller: Principal = state["caller"]
    route = request.scope["route"]
    assert isinstance(route, APIRoute)  # noqa: S101
    scope = needed(request.method, route.operation_id or "", frozenset(map(str, route.tags)))
    if scope is not None and not caller.may(scope):
        raise Forbidden(f"this needs the scope {scope}; {caller.name} has {', '.join(caller.scopes)}")
    services = services_of(request)
    domain = _domain(caller, treadle_domain, services.settings.domain)
    await _check_open(services, caller, domain, scope)
    return Call(services, caller, domain, state["prefix"], bound_to(caller, treadle_domain))


async def judge_again(request: Request, call: Call) -> None:
    """Raises Unauthorized or Forbidden where a call that reads, and takes long, would no longer be let through."""
    caller = await request.scope["state"]["authenticate"]()
    if caller != call.caller:
        raise Forbidden("what you may do has changed: come back as who you are now")
    await _check_open(call.services, caller, call.domain, Scope.READ)


async def _check_open(services: Services, caller: Principal, domain: str, scope: Scope | None) -> None:
    if caller.domain is not None or scope in _IN_A_DOMAIN:
        await services.domains.check_open(domain)


def bound_to(caller: Principal, wanted: str | None) -> str | None:
    """The domain of a call whose caller has none but that, or names it; None for one who may see all of them."""
    return None if caller.domain is None and wanted is None else _domain(caller, wanted, "")


def acting_domain(caller: Principal, scope: AsgiScope, default: str) -> str:
    """The domain in which a call acts that was let through."""
    return _domain(caller, Headers(scope=scope).get("treadle-domain"), default)


def _domain(caller: Principal, wanted: str | None, default: str) -> str:
    """The domain of a call: the caller's own, else the one that is asked for."""
    if wanted is None:
        return caller.domain or default
    if not is_name(wanted, MAX_DOMAIN_NAME):
        raise InvalidInput([Problem("/header/treadle-domain", f"{wanted!r:.40} can be no domain's name")])
    if caller.domain not in (None, wanted):
        raise Forbidden(f"{caller.name} acts in its own domain alone")
    return wanted


CallDep = Annotated[Call, Depends(current_call)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=f"^[ -~]{{1,{MAX_KEY}}}$",
        description="Kept for 24 hours: a repeated call with the same key is answered as the first was.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page.")]
Cursor = Annotated[str | None, Query(min_length=1, description="`next_cursor` of the page before.")]
