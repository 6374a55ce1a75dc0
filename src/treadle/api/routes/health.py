"""Whether the process lives, and whether it can take work."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import services_of
from treadle.api.schemas.health import Health, Readiness
from treadle.domain.errors import TreadleError

PING_SECONDS: Final = 2.0

router = APIRouter(tags=["health"])


@router.get("/healthz", operation_id="get_health", responses=answers(Health, "The process lives."))
async def get_health() -> Response:
    """Whether the process lives. Says nothing of storage."""
    return reply(Health())


@router.get(
    "/readyz",
    operation_id="get_readiness",
    responses={
        **answers(Readiness, "Work can be taken."),
        **answers(Readiness, "Work cannot be taken now; it says why.", status=503),
    },
)
async def get_readiness(request: Request) -> Response:
    """Whether storage takes writes."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            await services_of(request).engine.ping()
    except TimeoutError:
        wrong = f"no answer within {PING_SECONDS:.0f} s"
    except TreadleError as error:
        wrong = error.message
    else:
        return reply(Readiness(status="ready", checks={"engine": "ok"}))
    return reply(Readiness(status="unavailable", checks={"engine": wrong}), 503, {"Retry-After": "1"})
