"""`treadle worker`: the parent process."""

from __future__ import annotations

import asyncio
import signal

import structlog

from treadle.domain.errors import Moved, ungrouped
from treadle.domain.workers import Role
from treadle.engines.contract import Engine
from treadle.engines.frontdoor import metered
from treadle.engines.open import open_engine
from treadle.meters.tally import Tally
from treadle.services.telling import told
from treadle.settings import Settings
from treadle.system import Clock, SystemClock
from treadle.worker.badge import on_badge
from treadle.worker.parent import Parent
from treadle.worker.patience import until_available
from treadle.worker.tallies import Tallies

_logger = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then drain; the same once more ends all at once. Waits for an engine that is away.

    Raises InvalidInput or SchemaTooNew where the engine is none that this release can use, Moved, and
    as `on_badge` does.
    """
    clock, stopping, hurrying = SystemClock(), asyncio.Event(), asyncio.Event()
    told_by: set[signal.Signals] = set()

    def stop(number: signal.Signals) -> None:
        """Another signal hurries nobody: a terminal sends one to all, a supervisor its own."""
        if number in told_by:
            hurrying.set()
        told_by.add(number)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    engine = await _open(settings, clock, stopping)
    if engine is None:
        return
    tally = Tally()
    slots = settings.processes * settings.concurrency
    _logger.info("worker started", engine=engine.name, processes=settings.processes, slots=slots)
    try:
        with ungrouped(Moved):
            async with on_badge(engine, settings, stopping) as served:
                parent = Parent(metered(engine, tally, Role.WORKER), served, clock, stopping, hurrying, Tallies(tally))
                async with told(served, Role.WORKER, parent.tallies.read):
                    await parent.run()
    finally:
        await engine.close()
    _logger.info("worker stopped")


async def _open(settings: Settings, clock: Clock, stopping: asyncio.Event) -> Engine | None:
    """The engine as soon as it is there; None where the worker is stopped before."""
    opening = asyncio.create_task(until_available("open", lambda: open_engine(settings.engine_url, clock)))
    stopped = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([opening, stopped], return_when=asyncio.FIRST_COMPLETED)
        return opening.result() if opening.done() else None
    finally:
        opening.cancel()
        stopped.cancel()
