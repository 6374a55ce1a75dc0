"""What routes get handed: the services, and for whom the call acts."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request
from fastapi.routing import APIRoute
from msgspec import Struct

from treadle.bootstrap import Services
from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.shapes import unknown_key
from treadle.domain.submitting import MAX_KEY
from treadle.services.paging import MAX_LIMIT

_ETAG: Final = r'^(\*|"[0-9]{1,18}")$'


class Call(Struct, frozen=True):
    """One authorised call. `who` makes it; `prefix` is what stood before the route's path."""

    services: Services
    who: str
    domain: str
    prefix: str


def services_of(request: Request) -> Services:
    """The services of the app that serves a request."""
    services: Services = request.app.state.services
    return services


async def current_call(request: Request) -> Call:
    """The call that a request makes."""
    state = request.scope["state"]
    return Call(services_of(request), state["caller"].name, state["caller"].domain, state["prefix"])


async def known_query(request: Request) -> None:
    """Refuses query parameters that the route does not have."""
    if not request.scope["query_string"]:
        return
    route = request.scope["route"]
    assert isinstance(route, APIRoute)  # noqa: S101
    known = {field.alias for field in route.dependant.query_params}
    problems = [unknown_key("/query", name, known) for name in request.query_params if name not in known]
    if problems:
        raise InvalidInput(problems)


async def expected_version(
    if_match: Annotated[
        str | None, Header(json_schema_extra={"pattern": _ETAG}, description="The version that was read, as its ETag.")
    ] = None,
) -> int | None:
    """The version in If-Match; None where any will do. Raises InvalidInput for what is no ETag of a job."""
    if if_match is None or if_match == "*":
        return None
    if re.fullmatch(_ETAG, if_match) is None:
        raise InvalidInput([Problem("/header/if-match", f'{if_match!r:.40} is no ETag of a job, such as "3"')])
    return int(if_match.strip('"'))


CallDep = Annotated[Call, Depends(current_call)]
Expected = Annotated[int | None, Depends(expected_version)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        json_schema_extra={"pattern": f"^[ -~]{{1,{MAX_KEY}}}$"},
        description="Kept for 24 hours: a repeated call with the same key is answered as the first was.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page.")]
Cursor = Annotated[str | None, Query(min_length=1, description="`next_cursor` of the page before.")]
