"""`treadle scheduler`: the process."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import structlog

from treadle.domain.errors import Moved, ungrouped
from treadle.domain.workers import Role
from treadle.engines.contract import Engine, Topic
from treadle.engines.frontdoor import metered
from treadle.engines.open import open_engine
from treadle.meters.tally import Tally
from treadle.scheduler.arrivals import Arrivals
from treadle.scheduler.bulk_actions import BulkActions
from treadle.scheduler.cascades import Cascades
from treadle.scheduler.depths import Depths
from treadle.scheduler.followers import Followers
from treadle.scheduler.loops import repeat
from treadle.scheduler.pruner import Pruner
from treadle.scheduler.rollup import Rollup
from treadle.scheduler.sweeper import Sweeper
from treadle.scheduler.ticker import Ticker
from treadle.services.presence import present
from treadle.services.telling import told
from treadle.settings import Settings
from treadle.system import IdSource, SystemClock, chance

_logger = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Schedule until SIGTERM or SIGINT.

    Raises Unavailable, InvalidInput or SchemaTooNew where no engine opens, and Moved, also later.
    """
    clock = SystemClock()
    tally = Tally()
    engine = metered(await open_engine(settings.engine_url, clock), tally, Role.SCHEDULER)
    new_id = IdSource(clock)
    scheduling = asyncio.ensure_future(schedule(engine, new_id, settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, scheduling.cancel)
    _logger.info("scheduler started", engine=engine.name)
    try:
        async with told(settings, Role.SCHEDULER, tally.read), present(engine, Role.SCHEDULER, settings, new_id):
            with (
                ungrouped(Moved),
                suppress(asyncio.CancelledError),
            ):  # safe anywhere: what was handed to the engine is applied whole
                await scheduling
    finally:
        await engine.close()
    _logger.info("scheduler stopped")


async def schedule(engine: Engine, new_id: IdSource, settings: Settings) -> None:
    """Run all loops until cancelled."""
    told = {
        topic: engine.listen(topic)
        for topic in (Topic.SCHEDULES, Topic.MESSAGES, Topic.CASCADES, Topic.TRIGGERS, Topic.BULK_ACTIONS)
    }
    try:
        async with asyncio.TaskGroup() as loops:
            loops.create_task(repeat("ticker", Ticker(engine, new_id), told[Topic.SCHEDULES].wait))
            loops.create_task(repeat("arrivals", Arrivals(engine, new_id), told[Topic.MESSAGES].wait))
            loops.create_task(repeat("sweeper", Sweeper(engine, settings.lease_sec, chance)))
            loops.create_task(repeat("cascades", Cascades(engine), told[Topic.CASCADES].wait))
            loops.create_task(repeat("followers", Followers(engine, new_id), told[Topic.TRIGGERS].wait))
            loops.create_task(repeat("rollup", Rollup(engine)))
            loops.create_task(repeat("depths", Depths(engine)))
            bulk = BulkActions(engine, new_id)
            loops.create_task(repeat("bulk actions", bulk, told[Topic.BULK_ACTIONS].wait))
            loops.create_task(repeat("pruner", Pruner(engine, settings)))
    finally:
        for notices in told.values():
            await notices.close()
