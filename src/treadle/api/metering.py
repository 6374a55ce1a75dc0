"""Times requests, and counts the streams that are open."""

from __future__ import annotations

from http import HTTPStatus
from time import perf_counter
from typing import Final

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from treadle.api.answers import EVENT_STREAM
from treadle.meters.catalog import OTHER, REQUESTS, STREAMS
from treadle.meters.tally import Tally

_BROKEN: Final = int(HTTPStatus.INTERNAL_SERVER_ERROR)


class Meter:
    """ASGI middleware. Requests are told apart by their operation and the class of their status: `2xx`."""

    def __init__(self, app: ASGIApp, tally: Tally) -> None:
        self._app = app
        self._tally = tally
        tally.add(STREAMS, by=0.0)  # so that it is told before there is any

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        began = perf_counter()
        status, streams = _BROKEN, False

        async def noting(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                if Headers(raw=message["headers"]).get("content-type", "").startswith(EVENT_STREAM):
                    streams = True
                    self._tally.add(STREAMS)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            if streams:
                self._tally.add(STREAMS, by=-1.0)
            else:
                took = perf_counter() - began
                self._tally.observe(REQUESTS, took, _operation(scope), f"{status // 100}xx")


def _operation(scope: Scope) -> str:
    """What was asked for; paths that lead nowhere are all the same."""
    route = scope.get("route")
    return (route.operation_id or route.name) if isinstance(route, APIRoute) else OTHER
