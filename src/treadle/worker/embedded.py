"""A worker within a program of somebody's own, for handlers alone, beside whatever else that does.

It is fenced as any other. What it lacks is the process that watches over it: code that holds the interpreter for longer
than a lease loses its run to another worker, and a thread that does not end is waited for.
"""

from __future__ import annotations

import asyncio

import structlog

from treadle.authoring.agents import Agents
from treadle.authoring.registry import Registry
from treadle.client.binding import Bound, bound
from treadle.domain.errors import LeaseLost, Unavailable
from treadle.domain.instants import from_seconds
from treadle.engines.contract import Engine
from treadle.settings import Settings
from treadle.system import IdSource, SystemClock
from treadle.worker.badge import on_badge
from treadle.worker.board import Board
from treadle.worker.crew import client_of_run, handlers_only, open_crew, register, work
from treadle.worker.patience import until_available

_logger = structlog.get_logger(__name__)


async def run_embedded(engine: Engine, settings: Settings, agents: Agents, stop: asyncio.Event) -> None:
    """Work until told to stop, then drain within the grace. A lost lease makes it another worker, under a new id.

    Raises as `on_badge` does.
    """
    new_id = IdSource(SystemClock())
    async with on_badge(engine, settings, stop) as served:
        bound.set(Bound(lambda: client_of_run(engine, served), asyncio.get_running_loop()))
        while not stop.is_set():
            worker_id = new_id("wrk")
            try:
                await _live(engine, served, agents, worker_id, stop)
            except LeaseLost as error:
                _logger.error("lease lost, registering anew", worker_id=worker_id, error=error.message)


async def _live(engine: Engine, settings: Settings, agents: Agents, worker_id: str, stop: asyncio.Event) -> None:
    registry = Registry()
    registry.add(*agents.handlers())
    board = Board.create(settings.concurrency)
    try:
        async with open_crew(engine, settings, worker_id, board, handlers_only(engine, registry, settings)) as pump:
            requires = [f"handler:{handler.type}" for handler in registry]
            await until_available(
                "register", lambda: register(engine, settings, worker_id, requires, agents.capabilities)
            )
            beating = asyncio.create_task(_beat(engine, settings, worker_id), name="heartbeat")
            try:
                await work(engine, pump, settings, worker_id, stop)
            finally:
                beating.cancel()
        await engine.workers.stop([worker_id])
    finally:
        board.close()


async def _beat(engine: Engine, settings: Settings, worker_id: str) -> None:
    """Renew the lease. That it is lost is found where the worker next asks for work."""
    while True:
        await asyncio.sleep(settings.heartbeat_sec)
        try:
            await engine.workers.renew([worker_id], from_seconds(settings.lease_sec))
        except Unavailable as error:
            _logger.warning("heartbeat failed", error=error.message)
