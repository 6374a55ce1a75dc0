"""Doing a thing again and again, whatever the engine's mood."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from treadle.domain.errors import Unavailable

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0

_logger = structlog.get_logger(__name__)


async def repeat(
    name: str,
    once: Callable[[], Awaitable[float]],
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Call `once` for ever, waiting as many seconds as it answers; `wait` may return sooner.

    While the engine is unavailable the pauses grow up to `LONGEST_PAUSE`, and the first and the last failure are said.
    """
    failures = 0
    while True:
        try:
            pause = await once()
        except Unavailable as error:
            if not failures:
                _logger.warning("engine unavailable, trying again", loop=name, error=error.message)
            pause = min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE)
            failures += 1
            await asyncio.sleep(pause)
            continue
        if failures:
            _logger.warning("engine available again", loop=name, failed_attempts=failures)
            failures = 0
        await wait(pause)
