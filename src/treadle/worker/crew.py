"""What works in a process that claims runs: the runner, the pump that keeps it busy, and what both need."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec.structs import replace

import treadle
from treadle import tracing
from treadle.authoring.registry import Registry
from treadle.client.asynchronous import AsyncClient
from treadle.domain.errors import Unavailable
from treadle.domain.instants import Instant, from_seconds
from treadle.domain.messages import Intake, Message
from treadle.domain.runs import Claim
from treadle.domain.work import PythonHandler, decode_work
from treadle.domain.workers import WorkerSpec, WorkerState
from treadle.engines.contract import Engine
from treadle.executors.base import Execution, OnProcess, nobody
from treadle.executors.capture import current_speaker
from treadle.executors.handler import HandlerExecutor
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.registry import Executors
from treadle.executors.reports import ProgressBuffer
from treadle.executors.secrets import LocalSecrets
from treadle.settings import Settings, names
from treadle.system import SystemClock
from treadle.worker.board import Board
from treadle.worker.keeping import EngineKeeper
from treadle.worker.parents import EngineParents
from treadle.worker.patience import until_available
from treadle.worker.pump import Pump
from treadle.worker.runner import Runner
from treadle.worker.traits import read_traits

_LAST_SETTLE_SECONDS: Final = 3.0


class _EngineTime(SystemClock):
    """The machine's clocks, but for the time of day, which is the engine's: machines may not agree on it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def wall(self) -> Instant:
        return self._engine.now()


@asynccontextmanager
async def open_crew(
    engine: Engine,
    settings: Settings,
    worker_id: str,
    board: Board,
    executors: Executors,
    *,
    on_process: OnProcess = nobody,
) -> AsyncIterator[Pump]:
    """A pump with its runner, ready for `work`; what runs say on the way is stored before the block is left."""
    clock = _EngineTime(engine)
    keeper, parents = EngineKeeper(engine, worker_id), EngineParents(engine)
    secrets = LocalSecrets(Path(settings.data) / "secrets")
    async with LogBuffer(engine.logs.append) as logs, ProgressBuffer(keeper.store_progress) as reports:

        def make_execution(claim: Claim) -> Execution:
            return Execution(
                claim=claim,
                work=decode_work(claim.work),
                logs=logs,
                secrets=secrets,
                keeper=keeper,
                max_log_bytes=settings.max_log_bytes,
                on_process=on_process,
                parents=parents,
                clock=clock,
                reports=reports,
            )

        pump = Pump(engine, worker_id)
        pump.runner = Runner(
            worker_id=worker_id,
            board=board,
            executors=executors,
            make_execution=make_execution,
            clock=clock,
            grace=settings.grace_sec,
            on_done=pump.add,
        )
        yield pump


def handlers_only(engine: Engine, registry: Registry, settings: Settings) -> Executors:
    """Executors for handlers, in this process."""

    async def take(claim: Claim, intake: Intake) -> list[Message]:
        return await until_available("take messages", lambda: engine.messages.take(claim, intake))

    executors = Executors(take)
    executors.register(PythonHandler, HandlerExecutor(registry, settings.concurrency))
    return executors


async def register(
    engine: Engine, settings: Settings, worker_id: str, requires: Iterable[str], capabilities: Iterable[str]
) -> None:
    """Announce a worker that can take these requirement classes, and offers more than the settings name."""
    spec = WorkerSpec(
        id=worker_id,
        domains=settings.served_domains,
        host=socket.gethostname(),
        pid=os.getpid(),
        slots=settings.concurrency,
        queues=names(settings.queues),
        traits=read_traits(settings, capabilities),
        requires=frozenset(requires),
        version=treadle.__version__,
    )
    await engine.workers.register(spec, from_seconds(settings.lease_sec))


def client_of_run(engine: Engine, settings: Settings) -> AsyncClient:
    """What handlers submit by: a client in the domain of the run whose code this is."""
    speaker = current_speaker.get()
    domain = settings.domain
    if isinstance(speaker, Execution):
        domain = speaker.claim.domain
        tracing.carry_on(speaker.work.trace)
    return AsyncClient.over(engine, replace(settings, domain=domain))


def facts() -> dict[str, object]:
    """What is known of the attempt whose code this is, for the service's log; nothing outside of attempts."""
    speaker = current_speaker.get()
    if not isinstance(speaker, Execution):
        return {}
    claim, trace_id = speaker.claim, tracing.trace_id(speaker.work.trace)
    told = {"domain": claim.domain, "job_id": claim.job_id, "run_id": claim.id, "attempt": claim.attempt}
    return told | ({"trace_id": trace_id} if trace_id else {})


async def work(engine: Engine, pump: Pump, settings: Settings, worker_id: str, stop: asyncio.Event) -> bool:
    """Work until told to stop, then drain within the grace; or to its end. False where something was left unfinished.

    Raises LeaseLost where the engine no longer knows this worker.
    """
    pumping = asyncio.create_task(pump.run(), name="pump")
    helpers = [asyncio.create_task(pump.listen(), name="notices"), asyncio.create_task(pump.runner.watch())]
    stopper = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([pumping, stopper, *helpers], return_when=asyncio.FIRST_COMPLETED)
        if stopper.done():
            await _drain(engine, pump, pumping, settings, worker_id)
        for task in (pumping, *helpers):
            if task.done():
                task.result()  # raises what ended it
        return pumping.done()
    finally:
        stopper.cancel()
        for task in helpers:
            task.cancel()


async def _drain(engine: Engine, pump: Pump, pumping: asyncio.Task[None], settings: Settings, worker_id: str) -> None:
    pump.stop()
    pump.runner.stop()
    with suppress(TimeoutError):
        async with asyncio.timeout(settings.grace_sec):
            with suppress(Unavailable):  # it only tells others; this process claims nothing more
                await engine.workers.switch(settings.domain, [worker_id], WorkerState.DRAINING)
            await asyncio.wait([pumping])
    pump.runner.release_running()
    await asyncio.wait([pumping], timeout=_LAST_SETTLE_SECONDS)
