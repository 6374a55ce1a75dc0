"""Calling twice: a call that comes again under its key is answered as the first was, and does nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from treadle.domain.errors import Conflict, KeyReused, Moved, TreadleError, Unavailable
from treadle.domain.runs import RunKey
from treadle.domain.submitting import run_key
from treadle.engines.contract import Engine, Named


class Answer(Struct, frozen=True):
    """What a call was answered, to the byte."""

    status: int
    headers: dict[str, str]
    body: str


class Keyed(Struct, frozen=True):
    """A call with an idempotency key: who makes it, in which domain, and what it asks for as JSON values."""

    who: str
    domain: str
    key: str
    operation: str
    asked: dict[str, Any]


_UNDER_WAY: Final = ""
_logger: Final = structlog.get_logger(__name__)
_decoder: Final = msgspec.json.Decoder(Answer)
_encoder: Final = msgspec.json.Encoder()


class Answers:
    """The first answers to calls with a key, for 24 hours. Refusals are not kept: the call may succeed later."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def repeatable(self, call: Keyed, act: Callable[[], Awaitable[Answer]]) -> tuple[Answer, bool]:
        """The answer to a call that does nothing more when it is repeated; and whether it was given before.

        Raises what `act` does, and KeyReused where the key came first with another call.
        """
        key = self._key(call)
        if (named := await self._engine.keys.get(call.domain, key)) is not None:
            return _again(named, key), True
        answer = await act()
        try:
            if await self._engine.keys.take(call.domain, key, _encoder.encode(answer).decode()):
                return answer, False
            # Of calls that came at once, one was the first: all are answered as that was.
            named = await self._engine.keys.get(call.domain, key)
        except (Unavailable, Moved) as error:
            return _unkept(call, answer, error), False
        return (answer if named is None else _again(named, key)), False

    async def once(
        self, call: Keyed, act: Callable[[], Awaitable[Answer]], *, kept: bool = True
    ) -> tuple[Answer, bool]:
        """The same for a call that must not be made twice: the key is taken first.

        An answer that tells a secret is not `kept`. Raises Conflict where the first call is under way, was cut off, or
        its answer was not kept.
        """
        key = self._key(call)
        if not await self._engine.keys.take(call.domain, key, _UNDER_WAY):
            named = await self._engine.keys.get(call.domain, key)
            if named is not None:
                return _again(named, key), True
        try:
            answer = await act()
        except TreadleError:
            with suppress(Unavailable, Moved):  # the caller is to hear of what was the matter first
                await self._engine.keys.free(call.domain, key)
            raise
        if kept:
            try:
                await self._engine.keys.alter(call.domain, key, _encoder.encode(answer).decode())
            except (Unavailable, Moved) as error:
                return _unkept(call, answer, error), False
        return answer, False

    def _key(self, call: Keyed) -> RunKey:
        """A key of an operation, and of a caller: nobody is told what another was, who may see more."""
        scope = f"answer {call.operation} {call.who}"
        return run_key(call.key, self._engine.now(), call.asked, scope=scope)


def _unkept(call: Keyed, answer: Answer, error: TreadleError) -> Answer:
    """The answer to a call that was carried out: that it could not be kept does not undo what was done."""
    _logger.error("an answer is not kept for its idempotency key", operation=call.operation, error=error.message)
    return answer


def _again(named: Named, key: RunKey) -> Answer:
    if named.body_hash != key.body_hash:
        raise KeyReused("this idempotency key came before with another call; take a new key for a new one")
    if named.stands == _UNDER_WAY:
        message = "the first call with this key is under way, or was cut off, or was told a secret that is kept nowhere"
        raise Conflict(f"{message}: see what came of it, and take a new key")
    return _decoder.decode(named.stands)
