"""Pages elsewhere: those of the origins that an installation names may call with a token, never by a cookie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")
_SENT: Final = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID"),
    *("Traceparent", "Treadle-Domain"),
)
_TOLD: Final = ("ETag", "Idempotency-Replayed", "Location", "Retry-After", "Run-Admission", "X-Trace-Id")
_KEPT_SECONDS: Final = 600


def open_to(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """An app that lets pages of these origins read its answers; as it was where there are none."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=_METHODS,
        allow_headers=_SENT,
        expose_headers=_TOLD,
        allow_credentials=False,
        max_age=_KEPT_SECONDS,
    )
