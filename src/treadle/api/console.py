"""The console's pages: built files below `/console/`; every other path there is the one page that shows them all."""

from __future__ import annotations

import os
import secrets
from importlib import resources
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

HOME: Final = "/console"
"""Below which path the console lives."""

_ASSETS: Final = f"{HOME}/assets"
_NONCE: Final = "__NONCE__"
"""What stands in the built page in place of the nonce of one answer."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_FOREVER: Final = "public, max-age=31536000, immutable"
_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Treadle</title>
<h1>The console is not built</h1>
<p>This server runs from a checkout whose pages have not been made yet. In the checkout, run
<pre>scripts/console build</pre>
<p>and load this page again. The API is there meanwhile: <a href="/docs">its documentation</a>.
"""


class Console:
    """ASGI middleware: answers what lies below `/console`, and sends browsers there from `/`. Nothing of it needs a
    token: the pages hold nothing but themselves, and what they show they ask of the API."""

    def __init__(self, app: ASGIApp, pages: Path | None = None) -> None:
        self._app = app
        self._pages = pages or Path(str(resources.files("treadle.api") / "pages"))
        self._assets = GZipMiddleware(_Assets(directory=self._pages / "assets", check_dir=False))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
        elif path == "/" and "text/html" in Headers(scope=scope).get("accept", ""):
            await RedirectResponse(f"{HOME}/", 307)(scope, receive, send)
        elif path.startswith(f"{_ASSETS}/"):
            # Whole or not at all: a page needs no part of a file, and a thousand parts of one cost more than it.
            headers = [header for header in scope["headers"] if header[0] != b"range"]
            await self._assets({**scope, "path": path.removeprefix(_ASSETS), "headers": headers}, receive, send)
        elif path == HOME or path.startswith(f"{HOME}/"):
            await self._page()(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _page(self) -> Response:
        """The one page. Its nonce is new each time, so it is kept by nobody."""
        try:
            text = (self._pages / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError:
            return HTMLResponse(_NOT_BUILT, 503, {"Cache-Control": "no-store"})
        nonce = secrets.token_urlsafe(16)
        policy = _POLICY.format(nonce=nonce)
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
        return HTMLResponse(text.replace(_NONCE, nonce), headers=headers)


class _Assets(StaticFiles):
    """Files whose names tell their content, so that they may be kept for good."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. A browser asks for what is not there after an upgrade, from a page of before."""
        try:
            await super().__call__(scope, receive, send)
        except HTTPException as error:
            await PlainTextResponse(f"{error.detail}\n", error.status_code)(scope, receive, send)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """See StaticFiles."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = _FOREVER
        return response
