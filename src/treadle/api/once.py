"""Idempotency-Key: the one place where a call that comes again is told from a new one."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from treadle.api.deps import Call, IdempotencyKey
from treadle.services.answers import Answer, Keyed

REPLAYED: Final = "idempotency-replayed"

Endpoint: TypeAlias = Callable[..., Awaitable[Response]]

_KEY: Final = "idempotency_key"
_LEFT_OUT: Final = frozenset({REPLAYED, "content-length"})


def repeatable(endpoint: Endpoint) -> Endpoint:
    """A route that knows by itself what it has done under a key, also after a crash: so calls at once may all try."""
    return _keyed(endpoint, lambda call, keyed, act: call.services.answers.repeatable(keyed, act))


def once(endpoint: Endpoint) -> Endpoint:
    """A route that must not be called twice under a key: whoever comes while the first is under way is refused."""
    return _keyed(endpoint, lambda call, keyed, act: call.services.answers.once(keyed, act))


def once_untold(endpoint: Endpoint) -> Endpoint:
    """The same of a route whose answer tells a secret, which is kept nowhere."""
    return _keyed(endpoint, lambda call, keyed, act: call.services.answers.once(keyed, act, kept=False))


def _keyed(endpoint: Endpoint, answered: Callable[..., Awaitable[tuple[Answer, bool]]]) -> Endpoint:
    """A route that takes the header, and is handed its key where it names it among its parameters."""
    signature = inspect.signature(endpoint)
    takes_key = _KEY in signature.parameters

    @wraps(endpoint)
    async def called(call: Call, **given: Any) -> Response:
        key = given.get(_KEY) if takes_key else given.pop(_KEY, None)
        if key is None:
            return await endpoint(call=call, **given)
        asked = {name: value for name, value in given.items() if name != _KEY and not isinstance(value, Request)}
        keyed = Keyed(call.who, call.domain, key, endpoint.__name__, asked)

        async def act() -> Answer:
            response = await endpoint(call=call, **given)
            headers = {name: value for name, value in response.headers.items() if name not in _LEFT_OUT}
            replayed.extend(REPLAYED for name in response.headers if name == REPLAYED)
            return Answer(response.status_code, headers, bytes(response.body).decode())

        replayed: list[str] = []
        answer, before = await answered(call, keyed, act)
        headers = {**answer.headers, REPLAYED: "true"} if before or replayed else answer.headers
        return Response(answer.body, answer.status, headers)

    if not takes_key:
        key = inspect.Parameter(_KEY, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=IdempotencyKey)
        signature = signature.replace(parameters=[*signature.parameters.values(), key])
    called.__signature__ = signature  # type: ignore[attr-defined]
    return called
