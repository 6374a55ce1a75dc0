"""The worker of trials: a process as any other worker's, in whose runs a probe is put."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from treadle.bootstrap import Services
from treadle.domain.errors import Unavailable
from treadle.engines.contract import Topic
from treadle.executors.probe import VARIABLE
from treadle.settings import Settings, to_environment

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.1


@asynccontextmanager
async def worker_at_work(base: Path, settings: Settings) -> AsyncIterator[None]:
    """A worker as `treadle worker` is one, until the block ends; `base` is where its probes find their orders."""
    kept = {name: value for name, value in os.environ.items() if _is_kept(name)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "treadle.cli.service", "worker"),
        env={**kept, **to_environment(settings), VARIABLE: str(base)},
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
        if process.returncode is not None:
            raise Unavailable(f"the worker of the trials ended with exit code {process.returncode}")
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()


async def worker_is_there(services: Services) -> None:
    """Returns once the worker is there, which counts for no trial. Raises Unavailable where it does not come."""
    notices = services.engine.listen(Topic.EVENTS)
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await services.workers.all(services.settings.domain):
                await notices.wait(_LOOK_SECONDS)
    except TimeoutError:
        raise Unavailable(f"the worker of the trials has not come within {_START_SECONDS:g} s") from None
    finally:
        await notices.close()


def _is_kept(variable: str) -> bool:
    """Whether a variable is for jobs, and not for the installation that is worked with otherwise."""
    return not variable.startswith("TREADLE_") or variable.startswith("TREADLE_SECRET_")
