"""The one translation of errors into RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from treadle.api.etags import tagged
from treadle.api.schemas.problems import Fault, Problem
from treadle.domain import errors
from treadle.domain.errors import TreadleError, below
from treadle.domain.json import encode

MEDIA_TYPE: Final = "application/problem+json"

_STATUS: Final[dict[type[TreadleError], int]] = {
    errors.MalformedInput: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.StaleVersion: 412,
    errors.PayloadTooLarge: 413,
    errors.InvalidInput: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.Moved: 503,
}
_HEADERS: Final[dict[int, dict[str, str]]] = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}
_SAID: Final = {404: "there is nothing at {path}", 405: "{path} does not take {method}"}

_logger = structlog.get_logger(__name__)


def refuse(error: TreadleError, scope: Scope) -> Response:
    """The response that an error of Treadle's means."""
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
    listed = [Fault(pointer=fault.pointer, message=fault.message, code=fault.code) for fault in error.problems]
    return respond(scope, status, error.code, error.message, listed, _told(error))


def _told(error: TreadleError) -> dict[str, str]:
    """What an error says in headers."""
    match error:
        case errors.TooMany():
            return {"Retry-After": str(error.after)}
        case errors.StaleVersion() if error.stands is not None:
            return tagged(error.stands)
        case _:
            return {}


def install(app: FastAPI) -> None:
    """Answer every error of an app with a problem."""

    async def on_treadle(request: Request, error: Exception) -> Response:
        assert isinstance(error, TreadleError)  # noqa: S101
        return refuse(error, request.scope)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        said = _SAID.get(error.status_code)
        detail = error.detail if said is None else said.format(method=request.method, path=request.url.path)
        headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
        return respond(request.scope, error.status_code, code, detail, headers=headers)

    async def on_parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return refuse(errors.InvalidInput(_parameter_fault(each) for each in error.errors()), request.scope)

    async def on_gone(request: Request, error: Exception) -> Response:
        return respond(request.scope, 400, "bad_request", "the connection ended before the body did")  # heard by nobody

    async def on_fault(request: Request, error: Exception) -> Response:
        trace_id = request.scope["state"]["trace_id"]
        _logger.error("a request failed", trace_id=trace_id, path=request.url.path, error=repr(error))
        message = "something is wrong inside Treadle; its log has more under this trace id"
        return respond(request.scope, 500, "internal_error", message)

    app.add_exception_handler(TreadleError, on_treadle)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_parameters)
    app.add_exception_handler(ClientDisconnect, on_gone)
    app.add_exception_handler(Exception, on_fault)


def _allowed(request: Request) -> str:
    """The methods that a path takes, whichever routes take them."""
    scopes = {method: {**request.scope, "method": method} for method in ("DELETE", "GET", "PATCH", "POST", "PUT")}
    routes = request.app.router.routes
    return ", ".join(
        name for name, scope in scopes.items() if any(each.matches(scope)[0] is Match.FULL for each in routes)
    )


def _parameter_fault(error: Mapping[str, Any]) -> errors.Problem:
    """A fault in a parameter. Its pointer begins with where it stands: `/query/limit`."""
    pointer = ""
    for part in error["loc"]:
        pointer = below(pointer, part)
    return errors.Problem(pointer, error["msg"], error["type"])


def respond(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as the answer to a request, whose scope knows its trace."""
    problem = Problem(
        type=f"urn:treadle:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=list(faults),
        trace_id=scope["state"]["trace_id"],
    )
    return Response(encode(problem), status, {**_HEADERS.get(status, {}), **(headers or {})}, MEDIA_TYPE)
