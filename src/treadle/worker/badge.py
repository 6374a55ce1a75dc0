"""A worker with a token: it serves the domain of the token, for as long as that is in force.

Whoever holds the engine's URL is trusted; the token keeps a worker to what it was meant for, and ends it from afar.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import structlog
from msgspec.structs import replace

from treadle.domain.errors import Forbidden, InvalidInput, Problem, Unauthorized, Unavailable
from treadle.engines.contract import Engine
from treadle.services.badges import domain_of_worker
from treadle.settings import Settings
from treadle.worker.patience import until_available

_logger = structlog.get_logger(__name__)


@asynccontextmanager
async def on_badge(engine: Engine, settings: Settings, stop: asyncio.Event) -> AsyncIterator[Settings]:
    """The settings by which a worker is to work, without the token. `stop` is set once the token is in force no more.

    Raises as `domain_of_worker` does, then too; and InvalidInput where the settings name other domains.
    """
    if not settings.worker_token:
        yield settings
        return
    domain = await until_available("check the token", lambda: domain_of_worker(engine, settings.worker_token))
    if settings.domains and settings.served_domains != (domain,):
        message = f"{settings.domains} is not what the worker's token lets it serve, which is {domain}: leave it out"
        raise InvalidInput([Problem("TREADLE_DOMAINS", message)])
    watching = asyncio.create_task(_watch(engine, settings, stop), name="badge")
    try:
        yield replace(settings, domain=domain, domains=domain, worker_token="")
    finally:
        ended = watching.done()
        watching.cancel()
    if ended:
        watching.result()


async def _watch(engine: Engine, settings: Settings, stop: asyncio.Event) -> NoReturn:
    while True:
        await asyncio.sleep(settings.heartbeat_sec)
        try:
            await domain_of_worker(engine, settings.worker_token)
        except Unavailable as error:
            _logger.warning("the worker's token could not be checked", error=error.message)
        except (Unauthorized, Forbidden) as error:
            _logger.error("the worker's token is in force no more: it takes no more runs, and ends", why=error.message)
            stop.set()
            raise
