"""A process that runs user code: it claims, carries out and settles. Started by the parent, never by hand."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
import uvloop
from msgspec import Struct
from msgspec.structs import replace

import treadle
from treadle import servicelog
from treadle.authoring.decorators import AnyHandler
from treadle.authoring.discovery import Discovery, discover
from treadle.authoring.registry import Registry
from treadle.client.asynchronous import AsyncClient
from treadle.client.binding import Bound, bound
from treadle.domain.errors import LeaseLost, Unavailable
from treadle.domain.instants import from_seconds
from treadle.domain.messages import Intake, Message
from treadle.domain.runs import Claim
from treadle.domain.work import Program, PythonHandler, decode_work
from treadle.domain.workers import WorkerSpec, WorkerState
from treadle.engines.contract import Engine
from treadle.engines.open import open_engine
from treadle.executors.base import Execution
from treadle.executors.capture import capture_output, current_speaker
from treadle.executors.handler import HandlerExecutor
from treadle.executors.isolated import IsolatedExecutor
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.program import ProgramExecutor
from treadle.executors.registry import Executors
from treadle.executors.reports import ProgressBuffer
from treadle.executors.secrets import LocalSecrets
from treadle.settings import Settings, names
from treadle.system import SystemClock
from treadle.worker.board import Board
from treadle.worker.control import DRAIN_SIGNAL, GAVE_BACK_EXIT, LEASE_LOST_EXIT, ChildControl
from treadle.worker.interpreter import set_up_interpreter
from treadle.worker.keeping import EngineKeeper
from treadle.worker.parents import EngineParents
from treadle.worker.patience import until_available
from treadle.worker.pump import Pump
from treadle.worker.runner import Runner
from treadle.worker.traits import read_traits

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
    tasks = discover(*settings.task_folders)
    _tell(tasks, settings)
    engine = await until_available("open", lambda: open_engine(settings.engine_url, clock))
    bound.set(Bound(lambda: _client_of_run(engine, settings), asyncio.get_running_loop()))
    secrets = LocalSecrets(Path(settings.data) / "secrets")
    parents = EngineParents(engine)
    keeper = EngineKeeper(engine, orders.worker_id)
    async with LogBuffer(engine.logs.append) as logs, ProgressBuffer(keeper.store_progress) as reports:

        def make_execution(claim: Claim) -> Execution:
            return Execution(
                claim=claim,
                work=decode_work(claim.work),
                logs=logs,
                secrets=secrets,
                keeper=keeper,
                max_log_bytes=settings.max_log_bytes,
                on_process=control.on_process,
                parents=parents,
                reports=reports,
            )

        pump = Pump(engine, orders.worker_id)
        pump.runner = Runner(
            worker_id=orders.worker_id,
            board=Board(orders.board, settings.concurrency),
            executors=_executors(engine, tasks.registry, settings),
            make_execution=make_execution,
            clock=clock,
            grace=settings.grace_sec,
            on_done=pump.add,
        )
        await until_available("register", lambda: _register(engine, orders, tasks.registry))
        asyncio.get_running_loop().add_signal_handler(DRAIN_SIGNAL, _end_when_empty, pump)
        control.ready()
        try:
            finished = await _work(engine, pump, orders)
        except LeaseLost as error:
            _logger.error("lease lost, ending at once", worker_id=orders.worker_id, error=error.message)
            control.exit_now(LEASE_LOST_EXIT)
    if not finished:
        control.exit_now(GAVE_BACK_EXIT)  # what would not end cannot be waited for
    await engine.close()


def _client_of_run(engine: Engine, settings: Settings) -> AsyncClient:
    """What handlers submit by: a client in the domain of the run whose code this is."""
    speaker = current_speaker.get()
    domain = speaker.claim.domain if isinstance(speaker, Execution) else settings.domain
    return AsyncClient.over(engine, replace(settings, domain=domain))


def _tell(tasks: Discovery, settings: Settings) -> None:
    for failed in tasks.failures:
        _logger.error("task file not loaded", file=failed.file, error=failed.message, traceback=failed.detail)
    for handler in tasks.registry:
        if lacking := sorted(handler.needs - settings.offered):
            _logger.warning("job left to other workers: TREADLE_CAPABILITIES lacks", job=handler.type, lacks=lacking)
    _logger.info("handlers found", folder=settings.tasks, handlers=sorted(handler.type for handler in tasks.registry))


def _executors(engine: Engine, registry: Registry, settings: Settings) -> Executors:
    async def take(claim: Claim, intake: Intake) -> list[Message]:
        return await until_available("take messages", lambda: engine.messages.take(claim, intake))

    executors = Executors(take)
    executors.register(Program, ProgramExecutor(grace=settings.grace_sec))
    executors.register(PythonHandler, HandlerExecutor(registry, settings.concurrency))
    isolated = IsolatedExecutor(settings.tasks, grace=settings.grace_sec)
    executors.register(PythonHandler, isolated, isolation="process")
    return executors


async def _register(engine: Engine, orders: Orders, registry: Registry) -> None:
    settings = orders.settings

    def can(handler: AnyHandler) -> bool:
        return handler.needs <= settings.offered

    spec = WorkerSpec(
        id=orders.worker_id,
        domains=settings.served_domains,
        host=socket.gethostname(),
        pid=os.getpid(),
        slots=settings.concurrency,
        queues=names(settings.queues),
        traits=read_traits(settings),
        requires=frozenset({"shell", "python", *(f"handler:{handler.type}" for handler in registry if can(handler))}),
        version=treadle.__version__,
    )
    await engine.workers.register(spec, from_seconds(settings.lease_sec))


async def _work(engine: Engine, pump: Pump, orders: Orders) -> bool:
    """Work until told to stop, then drain; or to its end. False where something was left unfinished."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    pumping = asyncio.create_task(pump.run(), name="pump")
    helpers = [asyncio.create_task(pump.listen(), name="notices"), asyncio.create_task(pump.runner.watch())]
    stopper = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([pumping, stopper, *helpers], return_when=asyncio.FIRST_COMPLETED)
        if stopper.done():
            await _drain(engine, pump, pumping, orders)
        for task in (pumping, *helpers):
            if task.done():
                task.result()  # raises what ended it
        return pumping.done()
    finally:
        stopper.cancel()
        for task in helpers:
            task.cancel()


def _end_when_empty(pump: Pump) -> None:
    """Claim nothing more, and end once what runs has ended, however long it takes."""
    pump.stop()
    pump.runner.stop()


async def _drain(engine: Engine, pump: Pump, pumping: asyncio.Task[None], orders: Orders) -> None:
    pump.stop()
    pump.runner.stop()
    with suppress(TimeoutError):
        async with asyncio.timeout(orders.settings.grace_sec):
            with suppress(Unavailable):  # it only tells others; this process claims nothing more
                await engine.workers.switch(orders.settings.domain, [orders.worker_id], WorkerState.DRAINING)
            await asyncio.wait([pumping])
    pump.runner.release_running()
    await asyncio.wait([pumping], timeout=_LAST_SETTLE_SECONDS)


def main() -> None:
    """The entry of the process."""
    orders = msgspec.json.decode(os.environ.pop("TREADLE_RUN_WORKER"), type=Orders)
    servicelog.configure("worker", orders.settings.log_level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    set_up_interpreter()
    capture_output()
    _run(run(orders))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end, whatever user code does to the loop.

    A sys.exit() in a task that user code started leaves the loop, a stop() halts it; it goes on where it was.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        loop = runner.get_loop()
        task = loop.create_task(work)
        task.add_done_callback(lambda _: loop.stop())
        while not task.done():
            try:
                loop.run_forever()
            except (SystemExit, KeyboardInterrupt) as error:
                _logger.warning("a task of user code tried to end the worker process", error=repr(error))
        task.result()


if __name__ == "__main__":
    main()
