"""A process that runs user code: it claims, carries out and settles. Started by the parent, never by hand."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

import msgspec
import structlog
import uvloop
from msgspec import Struct

from treadle import servicelog, tracing
from treadle.authoring.agents import Agents, configured, declared
from treadle.authoring.discovery import discover
from treadle.authoring.registry import Registry
from treadle.client.binding import Bound, bound
from treadle.domain.errors import Conflict, InvalidInput, LeaseLost, Moved
from treadle.domain.work import Program, PythonHandler
from treadle.domain.workers import Role
from treadle.engines.contract import Engine
from treadle.engines.frontdoor import metered
from treadle.engines.open import open_engine
from treadle.executors.capture import capture_output
from treadle.executors.isolated import IsolatedExecutor
from treadle.executors.program import ProgramExecutor
from treadle.executors.registry import Executors
from treadle.executors.scratch import remove_abandoned
from treadle.executors.traced import Traced
from treadle.meters.tally import Tally
from treadle.settings import Settings
from treadle.system import SystemClock
from treadle.worker.board import Board
from treadle.worker.control import DRAIN_SIGNAL, GAVE_BACK_EXIT, LEASE_LOST_EXIT, ChildControl
from treadle.worker.crew import client_of_run, facts, handlers_only, open_crew, register, work
from treadle.worker.interpreter import set_up_interpreter
from treadle.worker.patience import until_available
from treadle.worker.pump import Pump

_logger = structlog.get_logger(__name__)


class Orders(Struct, frozen=True):
    """What the parent tells a child at its start."""

    settings: Settings
    worker_id: str
    board: int
    tally: int
    control: int


async def run(orders: Orders) -> None:
    """Work until SIGTERM, then drain within the grace and give back the rest."""
    settings, clock = orders.settings, SystemClock()
    control = ChildControl(orders.control)
    registry, agents = _discover(settings)
    opened = await until_available("open", lambda: open_engine(settings.engine_url, clock))
    engine = metered(opened, Tally.over(orders.tally), Role.WORKER)
    bound.set(Bound(lambda: client_of_run(engine, settings), asyncio.get_running_loop()))
    board = Board(orders.board, settings.concurrency)
    if abandoned := await asyncio.to_thread(remove_abandoned):
        _logger.info("temporary folders of killed processes deleted", count=len(abandoned))
    executors = _executors(engine, registry, settings)
    async with open_crew(engine, settings, orders.worker_id, board, executors, on_process=control.on_process) as pump:
        await until_available("register", lambda: _register(engine, orders, registry, agents))
        asyncio.get_running_loop().add_signal_handler(DRAIN_SIGNAL, _end_when_empty, pump)
        control.ready()
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        try:
            finished = await work(engine, pump, settings, orders.worker_id, stop)
        except LeaseLost as error:
            _logger.error("lease lost, ending at once", worker_id=orders.worker_id, error=error.message)
            control.exit_now(LEASE_LOST_EXIT)
        except Moved as error:
            _logger.error("ending at once", error=error.message)
            control.exit_now(LEASE_LOST_EXIT)
    if not finished:
        control.exit_now(GAVE_BACK_EXIT)  # what would not end cannot be waited for
    await engine.close()


def _discover(settings: Settings) -> tuple[Registry, Agents]:
    """The handlers of the task files with those of the agents, and the agents. Says what is not among them."""
    tasks = discover(*settings.task_folders)
    registry = tasks.registry
    agents = Agents()
    try:
        agents.take_over(configured(settings.agents))
        agents.take_over(declared)
        registry.add(*agents.handlers())
    except (InvalidInput, Conflict) as error:
        _logger.error("agents not loaded", error=error.message)
    for failed in tasks.failures:
        _logger.error("task file not loaded", file=failed.file, error=failed.message, traceback=failed.detail)
    for handler in registry:
        if lacking := sorted(handler.needs - settings.offered):
            _logger.warning("job left to other workers: TREADLE_CAPABILITIES lacks", job=handler.type, lacks=lacking)
    _logger.info("handlers found", folder=settings.tasks, handlers=sorted(handler.type for handler in registry))
    return registry, agents


def _executors(engine: Engine, registry: Registry, settings: Settings) -> Executors:
    executors = handlers_only(engine, registry, settings)
    executors.register(Program, ProgramExecutor(grace=settings.grace_sec))
    isolated = IsolatedExecutor(settings.tasks, grace=settings.grace_sec)
    executors.register(PythonHandler, isolated, isolation="process")
    if tracing.is_on():
        executors.wrap(Traced)
    return executors


async def _register(engine: Engine, orders: Orders, registry: Registry, agents: Agents) -> None:
    requires = {"shell", "python", *(f"handler:{handler.type}" for handler in registry)}
    await register(engine, orders.settings, orders.worker_id, requires, agents.capabilities)


def _end_when_empty(pump: Pump) -> None:
    """Claim nothing more, and end once what runs has ended, however long it takes."""
    pump.stop()
    pump.runner.stop()


def main() -> None:
    """The entry of the process."""
    orders = msgspec.json.decode(os.environ.pop("TREADLE_RUN_WORKER"), type=Orders)
    servicelog.configure("worker", orders.settings.log_level, orders.settings.log_format, os.environ)
    servicelog.tell(lambda: {"worker": orders.worker_id, **facts()})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    tracing.set_up("worker", orders.settings.traces_url)
    set_up_interpreter()
    capture_output()
    _run(run(orders))
    tracing.shut_down()


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
