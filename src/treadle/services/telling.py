"""Telling what a process counts: on a port of its own where the settings name one, else to the API on its data folder.

Each figure is thus told in one place. A worker that has a port for its figures is asked there, and not by the API too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog

from treadle.domain.workers import Role
from treadle.meters.sharing import offered
from treadle.meters.tally import Rows
from treadle.settings import Settings

_logger = structlog.get_logger(__name__)


@asynccontextmanager
async def told(settings: Settings, role: Role, read: Callable[[], Rows]) -> AsyncIterator[None]:
    """Let others see what this process counts, until the block ends. Raises Unavailable for a port that is taken."""

    async def rows() -> Rows:
        return read()

    async with AsyncExitStack() as stack:
        if settings.metrics_port:
            from treadle.meters.exposition import own_port

            stack.enter_context(own_port(settings.metrics_host, settings.metrics_port, rows, settings.host_names))
        elif (folder := Path(settings.data)).is_dir():
            try:
                await stack.enter_async_context(offered(folder, role, read))
            except OSError as error:  # nothing else depends on it
                _logger.warning("the API cannot see the metrics of this process", folder=str(folder), error=str(error))
        yield
