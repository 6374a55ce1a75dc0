"""`treadle worker`: the parent process."""

from __future__ import annotations

import asyncio
import signal

from treadle.engines.open import open_engine
from treadle.settings import Settings
from treadle.system import SystemClock
from treadle.worker.parent import Parent


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then drain."""
    clock = SystemClock()
    engine = await open_engine(settings.engine_url, clock)
    parent = Parent(engine, settings, clock)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, parent.stop)
    try:
        await parent.run()
    finally:
        await engine.close()
