"""Waiting for an engine that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from treadle.domain.errors import Unavailable

T = TypeVar("T")

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 2.0
"""How long the return of an engine may go unnoticed."""

_logger = structlog.get_logger(__name__)


async def until_available(what: str, call: Callable[[], Awaitable[T]]) -> T:
    """Make a call again and again until the engine takes it; says when it does not, and when it does again."""
    failures = 0
    while True:
        try:
            answer = await call()
        except Unavailable as error:
            pause = min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE)
            failures += 1
            _logger.warning("engine unavailable, trying again", what=what, error=error.message, in_sec=pause)
            await asyncio.sleep(pause)
        else:
            if failures:
                _logger.warning("engine available again", what=what, failed_attempts=failures)
            return answer
