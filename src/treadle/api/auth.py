"""Who may call: everything needs the bearer token but what `PUBLIC_ROUTES` names."""

from __future__ import annotations

import hashlib
from hmac import compare_digest
from typing import Final

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from treadle.api.errors import refuse
from treadle.api.tokens import AdminToken, is_loopback
from treadle.domain.errors import Unauthorized

PUBLIC_ROUTES: Final = frozenset(
    {
        "/",
        "/docs",
        "/docs/favicon-32x32.png",
        "/docs/start.js",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "/healthz",
        "/openapi.json",
        "/readyz",
    }
)
"""Every path that answers without a token, whole and exact. None of them tells anything about jobs or runs."""

_SCHEME: Final = "bearer "


class Caller(Struct, frozen=True):
    """Who calls, and the domain in which they act."""

    name: str
    domain: str


class Gate:
    """ASGI middleware: lets calls through that carry a token in force, and says for whom they act."""

    def __init__(self, app: ASGIApp, token: AdminToken, domain: str) -> None:
        self._app = app
        self._digest = _digest(token.value)
        self._local_digest = _digest(token.local)
        self._admin = Caller("admin", domain)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["path"] not in PUBLIC_ROUTES:
            if not self._is_admin(Headers(scope=scope).get("authorization", ""), scope["client"]):
                error = Unauthorized("send the header `Authorization: Bearer TOKEN` with a valid token")
                await refuse(error, scope)(scope, receive, send)
                return
            scope["state"]["caller"] = self._admin
        await self._app(scope, receive, send)

    def _is_admin(self, authorization: str, client: tuple[str, int] | None) -> bool:
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return False
        digest = _digest(authorization[len(_SCHEME) :].strip())
        if compare_digest(digest, self._digest):
            return True
        return compare_digest(digest, self._local_digest) and client is not None and is_loopback(client[0])


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
