"""The app: routes, errors, middleware."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Final

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp

from treadle import __version__
from treadle.api import errors, openapi
from treadle.api.answers import problem_answers
from treadle.api.attempts import Attempts
from treadle.api.audit import Auditor
from treadle.api.auth import Gate
from treadle.api.console import Console
from treadle.api.cors import open_to
from treadle.api.metering import Meter
from treadle.api.middleware import Entrance, HostGuard
from treadle.api.parameters import known_parameters
from treadle.api.routes import (
    access,
    audit,
    bulk_actions,
    dead_letters,
    docs,
    domains,
    events,
    failure_groups,
    health,
    job_views,
    jobs,
    lanes,
    logs,
    messages,
    metrics,
    overview,
    queues,
    runs,
    schedule_views,
    schedules,
    selections,
    session,
    sources,
    stats,
    submitting,
    workers,
)
from treadle.api.sse import StreamLimits, Streams
from treadle.api.tokens import AdminToken
from treadle.bootstrap import Services
from treadle.settings import Settings

_DESCRIPTION: Final = (
    "Jobs, their runs, and what becomes of them. Every call needs a bearer token or a session, but for those of "
    "health, this document and logging in."
)


def create_app(
    services: Services, token: AdminToken, stopping: asyncio.Event, limits: StreamLimits | None = None
) -> ASGIApp:
    """The ASGI app on open services. `stopping` ends the streams that are open when it is set."""
    app = FastAPI(
        title="Treadle",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=None,  # served by `docs`, as strictly as the rest
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # `Entrance` and `Meter` see all requests
    )
    app.state.services = services
    app.state.streams = Streams(limits or stream_limits(services.settings), stopping)
    app.state.token = token
    attempts = app.state.attempts = Attempts()
    strict = [Depends(known_parameters)]
    app.include_router(health.router, dependencies=strict, responses=problem_answers(403, 422, 500))
    app.include_router(docs.router, dependencies=strict)
    nouns = (
        jobs,
        submitting,
        runs,
        dead_letters,
        selections,
        bulk_actions,
        queues,
        lanes,
        messages,
        metrics,
        logs,
        events,
        schedule_views,
        schedules,
        sources,
        workers,
        domains,
        stats,
        job_views,
        overview,
        failure_groups,
        audit,
        session,
    )
    routers = (*(noun.router for noun in nouns), access.tokens, access.users)
    for router in routers:
        app.include_router(router, dependencies=strict, responses=problem_answers(401, 403, 422, 429, 500, 503))
    errors.install(app)
    openapi.install(app)
    settings = services.settings
    audited = Auditor(app, chain.from_iterable(router.routes for router in routers), services.audit, settings.domain)
    gate = open_to(Gate(audited, token, services.access, attempts, settings.domain), settings.allowed_origins)
    guarded = HostGuard(Console(gate), settings.host_names, settings.allowed_origins)
    return Entrance(Meter(guarded, services.tally))


def stream_limits(settings: Settings) -> StreamLimits:
    """What streams may take, as the settings say."""
    return StreamLimits(most=settings.max_streams, most_each=settings.max_streams_per_caller)
