"""What every request passes before its route, as plain ASGI: it runs for each call, so it does little."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from treadle import tracing
from treadle.api.errors import refuse
from treadle.api.spellings import read_spelling
from treadle.domain.errors import Forbidden, InvalidInput, TreadleError
from treadle.domain.shapes import said_twice
from treadle.hosts import is_own_name

PREFIXES: Final = ("/api/v1", "/api")
"""The same routes are served below each of them, and below nothing: the longest is tried first."""

_CSP: Final = b"content-security-policy"
_ALWAYS: Final = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
_BY_DEFAULT: Final = (
    (_CSP, b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
HEADERS: Final = (*_ALWAYS, *_BY_DEFAULT)
"""What every answer tells that says nothing else."""


class Entrance:
    """The first to see a request: gives it a trace id, brings its path into one form, adds headers to its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        parent = _traceparent(scope)
        with tracing.span(scope["method"], tracing.Kind.SERVER, parent=parent) as served:
            traceparent = tracing.current() if tracing.is_on() else parent or tracing.begun()
            tracing.carry_on(traceparent)
            await self._serve(scope, receive, send, tracing.trace_id(traceparent), served)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, trace_id: str, served: tracing.Part) -> None:
        prefix, path = split_prefix(scope["path"])
        state = {**scope.get("state", {}), "trace_id": trace_id, "prefix": prefix, "raw_path": scope["raw_path"]}
        inner = {**scope, "path": path, "state": state}
        if (told := read_spelling(scope["method"], path, scope["query_string"])) is not None:
            inner |= {"path": told.path, "query_string": told.query}
            if told.accept:
                others = [header for header in scope["headers"] if header[0] != b"accept"]
                inner["headers"] = [*others, (b"accept", told.accept.encode())]
        inner["raw_path"] = inner["path"].encode()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = inner.get("route")
                name = scope["method"] if route is None else f"{scope['method']} {route.path}"
                served.name(name, **{"http.response.status_code": message["status"]})
                headers = message["headers"]
                present = {name for name, _ in headers}
                missing = [header for header in _BY_DEFAULT if header[0] not in present]
                message["headers"] = [*headers, *_ALWAYS, *missing, (b"x-trace-id", trace_id.encode())]
            await send(message)

        await self._app(inner, receive, send_with_headers)


class HostGuard:
    """Refuses requests under a name or from a page that is not this server's: the defence against DNS rebinding.

    An IP address as host cannot be rebound; names are `localhost` and those allowed. A browser's Origin, where there
    is one, must be the server itself, or one that the installation names.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str], allowed_origins: Iterable[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(allowed_origins)
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        error: TreadleError
        if repeated := [name for name in ("host", "origin") if len(headers.getlist(name)) > 1]:
            error = InvalidInput(said_twice("/header", name) for name in repeated)
        elif not is_own_name(host, self._allowed):
            error = Forbidden(f"this server is not called {host!r:.80}: add the name to TREADLE_ALLOWED_HOSTS")
        elif origin is not None and not self._is_known(origin, host):
            error = Forbidden(f"pages of {origin!r:.80} may not call this server")
        else:
            await self._app(scope, receive, send)
            return
        await refuse(error, scope)(scope, receive, send)

    def _is_known(self, origin: str, host: str) -> bool:
        return origin.lower() in self._origins or urlsplit(origin).netloc.lower() == host.lower()


def split_prefix(path: str) -> tuple[str, str]:
    """A path's prefix, and the path as the routers know it: without the prefix and without a slash at its end."""
    for prefix in PREFIXES:
        if path == prefix or path.startswith(prefix + "/"):
            return prefix, path[len(prefix) :].rstrip("/") or "/"
    return "", path.rstrip("/") or "/"


def _traceparent(scope: Scope) -> str:
    """The caller's W3C `traceparent`; empty where it sent none that can be read."""
    sent = (value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent")
    return next((value for value in sent if tracing.trace_id(value)), "")
