"""What comes over a connection and is no HTTP request, or none in time: refused by a problem too.

The HTTP server would answer the one in plain text, and wait for the other for ever.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from treadle import tracing
from treadle.api.errors import respond
from treadle.api.middleware import HEADERS

HEAD_SECONDS: Final = 10.0
"""Within which the head of a request has to be there, from the connection or its first byte on."""

BODY_SECONDS: Final = 60.0
"""Within which its body has to follow."""

_MAX_URL: Final = 65_535
"""Bytes that the parser reads."""

_UNREADABLE: Final = "this is no HTTP request that can be read: its first line, its URL (ASCII, %-encoded) or a header"
_TOO_LONG: Final = f"the URL is longer than {_MAX_URL} bytes: ask for less at a time, or send it in a body"
_TOO_LATE: Final = f"the head of a request has to be there within {HEAD_SECONDS:g} s, its body {BODY_SECONDS:g} s later"


class Protocol(HttpToolsProtocol):
    """Uvicorn's reading of requests."""

    _timer: asyncio.TimerHandle | None = None
    _has_asked = False
    """Whether a head was ever there: before it, there is no cycle of request and response."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there, who is to say what they want."""
        super().connection_made(transport)
        self._expect(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something comes, which may be no request yet, after a while in which nothing was due."""
        if self._timer is None and self._is_idle():
            self._expect(HEAD_SECONDS)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins, also behind one that is not answered yet."""
        super().on_message_begin()
        self._expect(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """The head is there."""
        super().on_headers_complete()
        self._has_asked = True
        self._expect(BODY_SECONDS)

    def on_message_complete(self) -> None:
        """All of it is there."""
        super().on_message_complete()
        self._arrived()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, and close."""
        if len(getattr(self, "url", b"")) > _MAX_URL:
            self._refuse(414, "uri_too_long", _TOO_LONG)
        else:
            self._refuse(400, "bad_request", _UNREADABLE)

    def _expect(self, seconds: float) -> None:
        self._arrived()
        self._timer = self.loop.call_later(seconds, self._give_up)

    def _arrived(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """What was due has not come. Where an answer is under way or was given, there is none beside it."""
        self._timer = None
        if self.transport.is_closing():
            return
        if not (self._has_asked and self.cycle.response_started):
            self._refuse(408, "request_timeout", _TOO_LATE)
        else:
            self.transport.close()

    def _is_idle(self) -> bool:
        return not self._has_asked or self.cycle.response_complete

    def _refuse(self, status: int, code: str, detail: str) -> None:
        trace_id = tracing.trace_id(tracing.begun())
        answer = respond({"state": {"trace_id": trace_id}}, status, code, detail, headers={"Connection": "close"})
        headers = (*answer.raw_headers, *HEADERS, (b"x-trace-id", trace_id.encode()))
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), *(b"%s: %s" % each for each in headers)]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()
