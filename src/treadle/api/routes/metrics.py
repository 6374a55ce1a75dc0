"""Figures for Prometheus."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from treadle.api.answers import PLAIN_TEXT
from treadle.api.deps import CallDep
from treadle.api.routing import NounRouter

_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The figures.", "content": {PLAIN_TEXT: {"schema": {"type": "string"}}}}
}

router = NounRouter(tags=["health"])


@router.get("/metrics", operation_id="get_metrics", response_class=Response, responses=_ANSWER)
async def get_metrics(call: CallDep) -> Response:
    """Figures in Prometheus' text format: all of them, or for a call that acts in a domain, those of the domain."""
    from treadle.meters.exposition import MEDIA_TYPE, render

    return Response(render(await call.services.metrics.rows(call.bound)), media_type=MEDIA_TYPE)
