"""Being seen: a process that takes no runs registers as a worker does, and keeps its lease while it lives."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog

import treadle
from treadle.domain.errors import Moved, Unavailable
from treadle.domain.instants import from_seconds
from treadle.domain.workers import EVERY_DOMAIN, Role, WorkerSpec
from treadle.engines.contract import Engine
from treadle.settings import Settings

_logger = structlog.get_logger(__name__)


@asynccontextmanager
async def present(engine: Engine, role: Role, settings: Settings, new_id: Callable[[str], str]) -> AsyncIterator[None]:
    """Let others see this process until the block ends, whatever the engine's mood; nothing else depends on it."""
    presence = Presence(engine, role, settings, new_id)
    beating = asyncio.create_task(presence.run(), name="presence")
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        await presence.leave()


class Presence:
    """The registration of this process. One whose lease has ended registers anew, under another id."""

    def __init__(self, engine: Engine, role: Role, settings: Settings, new_id: Callable[[str], str]) -> None:
        self._engine = engine
        self._role = role
        self._lease = from_seconds(settings.lease_sec)
        self._every = settings.heartbeat_sec
        self._new_id = new_id
        self._id: str | None = None

    async def run(self) -> None:
        """Register and renew until cancelled."""
        while True:
            try:
                await self._beat()
            except Unavailable as error:
                _logger.warning("cannot be seen for now", role=self._role, error=error.message)
            except Moved:  # whoever depends on it says so
                return
            await asyncio.sleep(self._every)

    async def leave(self) -> None:
        """Say that this process ends."""
        if self._id is not None:
            with suppress(Unavailable, Moved):  # then its lease ends by itself
                await self._engine.workers.stop([self._id])

    async def _beat(self) -> None:
        if self._id is not None:
            renewal = await self._engine.workers.renew([self._id], self._lease)
            if self._id in renewal.alive:
                return
        new = self._new_id(_PREFIXES[self._role])
        await self._engine.workers.register(self._spec(new), self._lease)
        self._id = new

    def _spec(self, own_id: str) -> WorkerSpec:
        return WorkerSpec(
            id=own_id,
            domains=(EVERY_DOMAIN,),
            host=socket.gethostname(),
            pid=os.getpid(),
            slots=0,
            requires=frozenset(),
            version=treadle.__version__,
            role=self._role,
        )


_PREFIXES = {Role.API: "api", Role.SCHEDULER: "sch"}
