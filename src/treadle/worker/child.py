"""A process that runs user code: it claims, carries out and settles. Started by the parent, never by hand."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog
import uvloop
from msgspec import Struct

import treadle
from treadle import servicelog
from treadle.authoring.discovery import discover
from treadle.domain.errors import LeaseLost
from treadle.domain.instants import from_seconds
from treadle.domain.runs import Claim
from treadle.domain.work import Program, PythonHandler, decode_work
from treadle.domain.workers import WorkerSpec
from treadle.engines.contract import Engine
from treadle.engines.open import open_engine
from treadle.executors.base import Execution
from treadle.executors.handler import HandlerExecutor
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.program import ProgramExecutor
from treadle.executors.registry import Executors
from treadle.executors.secrets import LocalSecrets
from treadle.settings import Settings
from treadle.system import SystemClock
from treadle.worker.board import Board
from treadle.worker.capture import capture_output
from treadle.worker.control import ChildControl
from treadle.worker.pump import Pump
from treadle.worker.runner import Runner

LEASE_LOST_EXIT: Final = 70

SWITCH_SECONDS: Final = 0.0005
"""How long a thread may keep the interpreter while another wants it: handlers must not hold up the engine's thread."""

_LAST_SETTLE_SECONDS: Final = 3.0

_logger = structlog.get_logger(__name__)


class Orders(Struct, frozen=True):
    """What the parent tells a child at its start."""

    settings: Settings
    worker_id: str
    board: int
    control: int


async def run(orders: Orders) -> None:
    """Work until SIGTERM, then drain within the grace and give back the rest."""
    settings, clock = orders.settings, SystemClock()
    control = ChildControl(orders.control)
    tasks = discover(Path(settings.tasks))
    engine = await open_engine(settings.engine_url, clock)
    secrets = LocalSecrets(Path(settings.data) / "secrets")
    executors = Executors()
    executors.register(Program, ProgramExecutor())
    executors.register(PythonHandler, HandlerExecutor(tasks.registry, settings.concurrency))
    async with LogBuffer(engine.logs.append) as logs:

        def make_execution(claim: Claim) -> Execution:
            return Execution(
                claim=claim,
                work=decode_work(claim.work),
                logs=logs,
                secrets=secrets,
                max_log_bytes=settings.max_log_bytes,
                on_process=control.on_process,
            )

        pump = Pump(engine, orders.worker_id)
        pump.runner = Runner(
            worker_id=orders.worker_id,
            board=Board(orders.board, settings.concurrency),
            executors=executors,
            make_execution=make_execution,
            clock=clock,
            grace=settings.grace_sec,
            on_done=pump.add,
        )
        spec = WorkerSpec(
            id=orders.worker_id,
            domain=settings.domain,
            host=socket.gethostname(),
            pid=os.getpid(),
            slots=settings.concurrency,
            queues=tuple(name for name in settings.queues.split(",") if name),
            requires=frozenset({"shell", "python", *(f"handler:{handler.type}" for handler in tasks.registry)}),
            version=treadle.__version__,
        )
        await engine.workers.register(spec, from_seconds(settings.lease_sec))
        control.ready()
        try:
            await _work(engine, pump, settings, orders.worker_id)
        except LeaseLost as error:
            _logger.error("lease lost, ending at once", worker_id=orders.worker_id, error=error.message)
            control.exit_now(LEASE_LOST_EXIT)
    await engine.workers.stop([orders.worker_id])
    await engine.close()


async def _work(engine: Engine, pump: Pump, settings: Settings, worker_id: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    watchdog = asyncio.create_task(pump.runner.watch())
    stopper = asyncio.create_task(stop.wait())
    pumping = asyncio.create_task(pump.run())
    await asyncio.wait([pumping, stopper], return_when=asyncio.FIRST_COMPLETED)
    if not pumping.done():
        await engine.workers.drain([worker_id])
        pump.stop()
        pump.runner.release_waiting()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(pumping), settings.grace_sec)
        pump.runner.release_running()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(pumping), _LAST_SETTLE_SECONDS)
    watchdog.cancel()
    stopper.cancel()
    if pumping.done():
        await pumping  # raises what ended it


def main() -> None:
    """The entry of the process."""
    orders = msgspec.json.decode(os.environ.pop("TREADLE_RUN_WORKER"), type=Orders)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C goes to all; the parent decides
    sys.setswitchinterval(SWITCH_SECONDS)
    servicelog.configure("worker", orders.settings.log_level)
    capture_output()
    uvloop.run(run(orders))


if __name__ == "__main__":
    main()
