"""Who may call: everything needs a token or a session but what `PUBLIC_ROUTES` names."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import partial
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from treadle.api.attempts import Attempts
from treadle.api.errors import refuse
from treadle.api.tokens import AdminToken
from treadle.domain.access import ADMIN, Principal
from treadle.domain.access import Scope as Right
from treadle.domain.errors import Forbidden, TreadleError, Unauthorized
from treadle.hosts import is_loopback
from treadle.services.access import Access

PUBLIC_ROUTES: Final = frozenset(
    {
        "/",
        "/docs",
        "/docs/favicon-32x32.png",
        "/docs/start.js",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "/health",
        "/healthz",
        "/openapi.json",
        "/readyz",
    }
)
"""Every path that answers without a token, whole and exact. None of them tells anything about jobs or runs."""

MORE_TO_CALLERS: Final = frozenset({"/health", "/readyz"})
"""Of these, the ones that tell more to who has a token or a session."""

LOGIN: Final = ("POST", "/session")
"""The one call that may come with a name and a password in place of a token."""

COOKIE: Final = "treadle_session"
CSRF_HEADER: Final = "x-csrf-token"

_SCHEME: Final = "bearer "
_WANTED: Final = "send the header `Authorization: Bearer TOKEN` with a valid token, or log in"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """ASGI middleware: lets calls through that carry something in force, and says for whom they act."""

    def __init__(self, app: ASGIApp, token: AdminToken, access: Access, attempts: Attempts, domain: str) -> None:
        """`domain` is the server's, in which the API token acts."""
        self._app = app
        self._attempts = attempts
        self._digest = _digest(token.value)
        self._local_digest = _digest(token.local)
        self._api_digest = _digest(token.api) if token.api else None
        self._api = Principal("api", (Right.WRITE,), domain)
        self._access = access
        self._start = tuple(filter(None, (token.value, token.local, token.api)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["path"] in MORE_TO_CALLERS:
            with suppress(TreadleError):  # who cannot be told now is told what strangers are
                scope["state"]["caller"] = await self._caller(scope)
        elif scope["path"] not in PUBLIC_ROUTES:
            try:
                scope["state"]["caller"] = await self._caller(scope)
                scope["state"]["authenticate"] = partial(self._caller, scope)  # again, for what takes long
            except TreadleError as error:
                await refuse(error, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Principal | None:
        """Who calls; None for somebody who is about to log in. Raises Unauthorized, and Forbidden for a forged call."""
        headers = Headers(scope=scope)
        caller: Principal | None = None
        if (authorization := headers.get("authorization")) is not None:
            caller = await self._by_token(authorization, scope["client"])
        elif (scope["method"], scope["path"]) == LOGIN:
            return None
        elif (session := session_in(headers)) is not None:
            caller = await self._access.by_session(session, self._start)
            if caller is not None and scope["method"] not in _SAFE:
                _check_csrf(headers, session)
        if caller is None:
            raise Unauthorized(_WANTED)
        return caller

    async def _by_token(self, authorization: str, client: tuple[str, int] | None) -> Principal:
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise Unauthorized(_WANTED)
        text = authorization[len(_SCHEME) :].strip()
        digest, host = _digest(text), client[0] if client else ""
        with self._attempts.of_token(digest, host):
            local = compare_digest(digest, self._local_digest) and is_loopback(host)
            if local or compare_digest(digest, self._digest):
                return ADMIN
            if self._api_digest is not None and compare_digest(digest, self._api_digest):
                return self._api
            if (caller := await self._access.by_token(text)) is None:
                raise Unauthorized(_WANTED)
            return caller


def session_in(headers: Headers) -> str | None:
    """The session that a browser sends along."""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return None if cookie is None else cookie.value


def csrf_token(session: str) -> str:
    """What a page must say to change anything: it follows from the session, which no other page can read."""
    return hashlib.sha256(b"csrf:" + session.encode()).hexdigest()


def _check_csrf(headers: Headers, session: str) -> None:
    if not compare_digest(headers.get(CSRF_HEADER, "").encode(), csrf_token(session).encode()):
        raise Forbidden(f"a call by cookie that changes something needs the header {CSRF_HEADER} of its session")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
