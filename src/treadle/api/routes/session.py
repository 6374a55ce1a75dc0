"""The caller: who it is, and how a browser becomes one without keeping a token."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from starlette.responses import Response

from treadle.api.answers import answers, reply, takes
from treadle.api.attempts import Attempts
from treadle.api.auth import COOKIE, csrf_token, session_in
from treadle.api.body import JsonBody, NoBody
from treadle.api.deps import CallDep, services_of
from treadle.api.once import once_untold
from treadle.api.routing import NounRouter
from treadle.api.schemas.access import LinkAnswer, NewTokenAnswer, Session, to_session, to_token
from treadle.api.schemas.common import moment
from treadle.api.tokens import AdminToken
from treadle.domain.access import ADMIN, Login, OwnToken
from treadle.domain.errors import Forbidden, InvalidInput, Problem, Unauthorized
from treadle.domain.shapes import read
from treadle.hosts import is_loopback
from treadle.services.access import Issued, principal_of

router = NounRouter(tags=["session"])

_ANSWERED: Final = answers(Session, "Who calls.")


@router.post(
    "/session",
    status_code=201,
    operation_id="open_session",
    responses=answers(Session, "The session; its cookie comes along.", 400, 413, 415, 429, status=201),
    openapi_extra=takes(Login, example={"name": "ana", "password": "correct horse battery"}, required=False),
)
async def open_session(request: Request, document: JsonBody) -> Response:
    """Log in by name and password, or turn the token that comes with the call into a session for a browser.

    The code of a link that `treadle up` or `treadle console` prints does so once, for a browser on the server's own
    machine.
    """
    login = read(document, Login)
    access, caller = services_of(request).access, request.scope["state"]["caller"]
    attempts: Attempts = request.app.state.attempts
    client = request.client.host if request.client else ""
    if login.code:
        with attempts.of_code(client):
            issued = await _followed(request, login, client)
    elif login.name or login.password:
        with attempts.of_password(login.name, client):
            issued = await access.log_in(login.name, login.password, login.domain)
    elif login.domain:
        raise InvalidInput([Problem("/domain", "is that of a name and a password: a token has its own")])
    elif caller is not None:
        issued = await access.exchange(caller, _token_in(request))
    else:
        raise Unauthorized("send a name and a password, or a token")
    return _opened(issued, secure=request.url.scheme == "https" or services_of(request).settings.secure_cookies)


@router.get("/session", operation_id="get_session", responses=_ANSWERED)
async def get_session(call: CallDep, request: Request) -> Response:
    """Who calls, and what they may do."""
    by_token = "authorization" in request.headers
    session = None if by_token else session_in(request.headers)
    ends = await call.services.access.ends_at(_token_in(request) or session or "")
    return reply(to_session(call.caller, None if session is None else csrf_token(session), moment(ends)))


@router.delete(
    "/session",
    operation_id="close_session",
    dependencies=[NoBody],
    responses=answers(Session, "Who has logged out.", 422),
)
async def close_session(call: CallDep, request: Request) -> Response:
    """Log out: the session ends, and its cookie is taken back. So does a token of `POST /session/token`."""
    if not await call.services.access.log_out(_token_in(request) or session_in(request.headers) or ""):
        raise InvalidInput("there is no session to close: this call came with a token that no login has made")
    answer = reply(to_session(call.caller))
    answer.delete_cookie(COOKIE)
    return answer


@router.post(
    "/session/token",
    status_code=201,
    operation_id="create_own_token",
    responses=answers(NewTokenAnswer, "The token, with its secret.", 400, 413, 415, 422, status=201),
    openapi_extra=takes(OwnToken, example={"expires_in_days": 30}, required=False),
)
@once_untold
async def create_own_token(call: CallDep, request: Request, document: JsonBody) -> Response:
    """Make a token for the user whose session it is, as for a command line: it may do what they may.

    It ends when their sessions do, with another password or other scopes. Its secret is answered this once.
    """
    issued = await call.services.access.own_token(session_in(request.headers) or "", read(document, OwnToken))
    return reply(NewTokenAnswer(token=to_token(issued.credential), secret=issued.secret), 201)


@router.post(
    "/session/link",
    status_code=201,
    operation_id="create_link",
    dependencies=[NoBody],
    responses=answers(LinkAnswer, "What the link carries.", status=201),
)
@once_untold
async def create_link(call: CallDep, request: Request) -> Response:
    """Make what a link into the console carries: it logs a browser on the server's own machine in, once and soon.

    Only who is on that machine too, with an administrator's token of the start, makes one.
    """
    at_home = request.client is not None and is_loopback(request.client.host)
    if not (at_home and call.caller == ADMIN and _token_in(request)):
        raise Forbidden("links are made on the server's own machine, with the administrator's token of its start")
    issued = await call.services.access.make_link(call.caller)
    return reply(LinkAnswer(secret=issued.secret, expires_at=moment(issued.credential.expires_at)), 201)


async def _followed(request: Request, login: Login, client: str) -> Issued:
    """The session of a link. Raises Unauthorized, before it is used up, for who comes from another machine."""
    if login.name or login.password or login.domain:
        raise InvalidInput([Problem("/code", "comes alone: leave out the name, the password and the domain")])
    if not is_loopback(client):
        raise Unauthorized("a link logs in browsers on the server's own machine alone")
    token: AdminToken = request.app.state.token
    return await services_of(request).access.follow_link(login.code, token.local)


def _token_in(request: Request) -> str:
    """The token that came with a call that was let through; "" where none did."""
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def _opened(issued: Issued, *, secure: bool) -> Response:
    session = issued.credential
    answer = reply(to_session(principal_of(session), csrf_token(issued.secret), moment(session.expires_at)), 201)
    answer.set_cookie(
        COOKIE,
        issued.secret,
        max_age=((session.expires_at or 0) - session.created_at) // 1_000_000,
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    return answer
