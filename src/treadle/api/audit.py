"""Writes every change that is made through the API into the audit log, before it is answered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import structlog
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from treadle.api.answers import DRY_RUN
from treadle.api.deps import acting_domain
from treadle.api.once import REPLAYED
from treadle.api.scopes import needed
from treadle.domain import access
from treadle.domain.errors import TreadleError
from treadle.services.audit import Audit

MOST_BYTES: Final = 64 * 1024
"""The longest answer that is written whole; of a longer one only its length."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_TOLD_IN_SHORT: Final = frozenset({"cancel_run", "retry_dead_letter", "discard_dead_letter"})
"""What changes a thing, and answers less of it than its route does."""

_logger = structlog.get_logger(__name__)


class Auditor:
    """ASGI middleware between the gate and the routes.

    How a thing stood before is what its own route answers: the one at the same path, or, for a verb such as
    `/queues/{name}/pause` or `/jobs/{job_id}/rollback/{version}`, the nearest one above, if it answers the same record
    or more of it.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute], audit: Audit, default_domain: str) -> None:
        self._app = app
        self._audit = audit
        self._default_domain = default_domain
        self._routes = [each for each in routes if isinstance(each, APIRoute)]
        self._readers = {each.path_format: each for each in self._routes if "GET" in (each.methods or ())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        route = None if scope["method"] in _SAFE else self._find(scope)
        if route is None or _only_reads(scope["method"], route):
            await self._app(scope, receive, send)
            return
        before = await self._before(scope, route)
        answer = _Answer()
        await self._app(scope, receive, answer.take)
        if answer.status < 400 and not answer.idle:
            await self._record(scope, route, before, answer)
        for message in answer.messages:
            await send(message)

    def _find(self, scope: Scope) -> APIRoute | None:
        return next((each for each in self._routes if each.matches(scope)[0] is Match.FULL), None)

    async def _before(self, scope: Scope, route: APIRoute) -> Any:
        """How the thing stands that a call is about to change; None where there is none."""
        pattern, path = route.path_format, scope["path"]
        while pattern and pattern not in self._readers:
            pattern, path = pattern.rpartition("/")[0], path.rpartition("/")[0]
        reader = self._readers.get(pattern)
        if reader is None or not pattern.endswith("}") or not _same_record(reader, route):
            return None
        answer = _Answer()
        headers = [each for each in scope["headers"] if each[0] != b"if-match"]  # it is about the change
        told = {"method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
        inner = {**scope, **told}
        await self._app({**inner, "state": {**scope["state"]}}, _no_body, answer.take)
        return answer.value if answer.status == 200 else None

    async def _record(self, scope: Scope, route: APIRoute, before: Any, answer: _Answer) -> None:
        caller: access.Principal | None = scope["state"]["caller"]
        after = answer.value  # of a login: who has logged in
        entry = {
            "who": after["name"] if caller is None else caller.name,
            "domain": after["domain"] if caller is None else acting_domain(caller, scope, self._default_domain),
            "action": route.operation_id or route.name,
            "target": scope["path"],
            "trace_id": scope["state"]["trace_id"],
        }
        try:
            await self._audit.record(**entry, before=before, after=after)
        except TreadleError as error:
            # It has happened: refusing now would have the caller do it again.
            _logger.error("a change is missing in the audit log", error=error.message, **entry)


class _Answer:
    """An answer that is held back."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def idle(self) -> bool:
        """Whether nothing was changed this time: it was given before, or only tells what would be."""
        return any(name.decode() in (REPLAYED, DRY_RUN) for name, _ in self.messages[0]["headers"])

    @property
    def value(self) -> Any:
        """The JSON in it, None where there is nothing."""
        body = b"".join(message.get("body", b"") for message in self.messages[1:])
        if len(body) > MOST_BYTES:
            return {"bytes": len(body)}
        return json.loads(body) if body else None


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _only_reads(method: str, route: APIRoute) -> bool:
    scope = needed(method, route.operation_id or "", frozenset(map(str, route.tags)))
    return scope is access.Scope.READ


def _same_record(reader: APIRoute, writer: APIRoute) -> bool:
    """Whether a change answers what its reader does, or nothing."""
    if writer.operation_id in _TOLD_IN_SHORT:
        return True
    read = reader.responses[200]["content"]
    answered = [each for status, each in writer.responses.items() if str(status).startswith("2")]
    return all(each.get("content", read) == read for each in answered)
