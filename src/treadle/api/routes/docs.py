"""The documentation page: Swagger UI from a wheel. No other host is asked for anything."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

_PACKAGE: Final = "fastapi_swagger.resources"
_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_POLICY: Final = {
    # Swagger UI sets styles on elements and has its icons as data; scripts come from here alone.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
_CACHED: Final = {"Cache-Control": "public, max-age=3600"}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Treadle API</title>
<link rel="icon" href="{prefix}/docs/favicon-32x32.png">
<link rel="stylesheet" href="{prefix}/docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="{prefix}/docs/swagger-ui-bundle.js"></script>
<script src="{prefix}/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """const here = document.currentScript.src;
SwaggerUIBundle({
  url: new URL("../openapi.json", here).href,
  dom_id: "#page",
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def send_to_docs(request: Request) -> Response:
    """The way from the front door to the page."""
    return RedirectResponse(f"{request.scope['state']['prefix']}/docs", 307)


@router.get("/openapi.json")
async def read_openapi(request: Request) -> Response:
    """What the API offers, for programs."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def show_docs(request: Request) -> Response:
    """The page."""
    return Response(_PAGE.format(prefix=request.scope["state"]["prefix"]), headers=_POLICY, media_type="text/html")


@router.get("/docs/start.js")
async def start_docs() -> Response:
    """What starts it: a file, so that the policy need not allow scripts within the page."""
    return Response(_START, headers=_CACHED, media_type="text/javascript")


@router.get("/docs/{asset}")
async def serve_asset(asset: str) -> Response:
    """One of its files."""
    if asset not in _ASSETS:
        return Response(status_code=404)
    return Response(_load(asset), headers=_CACHED, media_type=_ASSETS[asset])


@lru_cache
def _load(asset: str) -> bytes:
    return (resources.files(_PACKAGE) / asset).read_bytes()
