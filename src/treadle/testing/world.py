"""A whole Treadle in one process and in virtual time: the product's own parts on the model engine."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack, suppress
from typing import Final

import structlog

from treadle.authoring.registry import Registry
from treadle.client.asynchronous import AsyncClient
from treadle.client.binding import Bound, bound
from treadle.domain.affinity import Traits
from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import DAY, Instant, to_iso, to_seconds
from treadle.domain.messages import Intake, Message
from treadle.domain.runs import DEFAULT_DOMAIN, TERMINAL, Claim, Run
from treadle.domain.states import Transition
from treadle.domain.work import PythonHandler, decode_work
from treadle.domain.workers import WorkerSpec
from treadle.engines.contract import Engine
from treadle.executors.base import Execution
from treadle.executors.handler import HandlerExecutor
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.registry import Executors
from treadle.executors.reports import ProgressBuffer
from treadle.executors.secrets import LocalSecrets
from treadle.scheduler.arrivals import Arrivals
from treadle.scheduler.cascades import Cascades
from treadle.scheduler.followers import Followers
from treadle.scheduler.ticker import Ticker
from treadle.services.jobs import Jobs
from treadle.services.runs import Runs
from treadle.services.sources import Declared, Sources
from treadle.settings import Settings
from treadle.system import IdSource
from treadle.testing.clock import VirtualClock
from treadle.testing.loop import VirtualLoop
from treadle.testing.model import Data, ModelEngine
from treadle.worker.board import Board
from treadle.worker.keeping import EngineKeeper
from treadle.worker.parents import EngineParents
from treadle.worker.runner import Runner

SLOTS: Final = 16
"""Runs that are carried out at once."""

_FOREVER: Final = 100_000 * DAY
_MOST_ROUNDS: Final = 1_000
_SOURCE: Final = "tests"


class Stuck(AssertionError):
    """No passing of time will help: a run waits for something else, as the message says, or time cannot pass."""


class World:
    """The parts of Treadle, and the passing of time. All of it happens in the loop that `make_loop` makes."""

    client: AsyncClient
    loop: VirtualLoop
    _runner: Runner

    def __init__(self, registry: Registry, settings: Settings, clock: VirtualClock) -> None:
        self.registry = registry
        self.clock = clock
        self._settings = settings
        self.engine: Engine = ModelEngine(Data(), clock)
        self._new_id = IdSource(clock)
        self._jobs = Jobs(self.engine)
        self.runs = Runs(self.engine, self._jobs, self._new_id, settings.max_payload_bytes)
        self._worker_id = self._new_id("wrk")
        self._done: list[Transition] = []
        self._news = asyncio.Event()
        self._next_due: Instant | None = None
        self._open = AsyncExitStack()

    def make_loop(self) -> VirtualLoop:
        """The loop in which everything else is called."""
        self.loop = VirtualLoop(self.clock)
        return self.loop

    async def open(self) -> None:
        """Define the jobs of all handlers, and put a worker to work. Raises InvalidInput where they do not go together.

        What is bound to the context of the caller's task is bound for every run.
        """
        if not structlog.is_configured():  # whoever tests jobs is not told that schedules fire
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        engine = self.engine
        self.client = AsyncClient.over(engine, self._settings)
        bound.set(Bound(lambda: self.client, self.loop))
        declared = [Declared(handler.spec, f"{_SOURCE}/{handler.source}") for handler in self.registry]
        changes = await Sources(engine, self._jobs).sync_jobs(DEFAULT_DOMAIN, _SOURCE, declared)
        if changes.refused:
            raise InvalidInput([Problem(refused.file, refused.message) for refused in changes.refused])
        self._scheduler = (
            Ticker(engine, self._new_id),
            Arrivals(engine, self._new_id),
            Followers(engine, self._new_id),
            Cascades(engine),
        )
        await self._put_to_work()

    async def close(self) -> None:
        """End what is at work, and let go of everything."""
        self._runner.stop()
        self._runner.release_running()
        while not self._runner.idle:
            await self._wait(None)
        await self._open.aclose()
        self.loop.in_earnest = True

    async def settle(self) -> None:
        """Let everything happen that can happen now, without time passing. Raises Stuck where there is no end to it."""
        _, seen = await self.engine.events.bounds()
        for _ in range(_MOST_ROUNDS):
            for part in self._scheduler:
                await part()
            done, self._done = self._done, []
            step = await self.engine.runs.step(self._worker_id, done, max(self._runner.free_slots, 0))
            self._next_due = step.next_due
            self._runner.accept(step.claims)
            self._runner.cancel(step.cancels)
            await self.loop.idle()
            before, (_, seen) = seen, await self.engine.events.bounds()
            if seen == before and not self._done:
                return
        raise Stuck(f"at {to_iso(self.clock.wall())} something happens again and again, and no time passes")

    async def advance(self, until: Instant) -> None:
        """Let time pass up to a moment, and everything happen that is due by then."""
        await self.settle()
        while self.clock.wall() < until:
            await self._wait(min(filter(None, (until, await self._next())), default=until))
            await self.settle()

    async def finish(self, run_id: str) -> None:
        """Let time pass until a run has ended. Raises Stuck where none would end it."""
        await self.settle()
        while (await self.run(run_id)).state not in TERMINAL:
            if self._runner.idle and (self._next_due is None or self._next_due <= self.clock.wall()):
                _, why = await self.runs.explain(DEFAULT_DOMAIN, run_id)
                raise Stuck(f"{run_id} does not go on by itself: {why.message}")
            await self._wait(await self._next())
            await self.settle()

    async def run(self, run_id: str) -> Run:
        """A run as it stands."""
        return await self.runs.get(DEFAULT_DOMAIN, run_id)

    async def _put_to_work(self) -> None:
        engine, clock = self.engine, self.clock
        logs = await self._open.enter_async_context(LogBuffer(engine.logs.append, flush_seconds=0))
        keeper, parents, secrets = EngineKeeper(engine, self._worker_id), EngineParents(engine), LocalSecrets(None)
        reports = await self._open.enter_async_context(ProgressBuffer(keeper.store_progress))
        board = Board.create(SLOTS)
        self._open.callback(board.close)

        def make_execution(claim: Claim) -> Execution:
            work = decode_work(claim.work)
            return Execution(claim, work, logs, secrets, keeper=keeper, parents=parents, clock=clock, reports=reports)

        self._runner = Runner(
            worker_id=self._worker_id,
            board=board,
            executors=self._executors(),
            make_execution=make_execution,
            clock=clock,
            grace=self._settings.grace_sec,
            on_done=self._on_done,
        )
        self.loop.at_work = lambda: not self._runner.idle
        watching = asyncio.create_task(self._runner.watch())
        self._open.callback(watching.cancel)
        spec = WorkerSpec(
            id=self._worker_id,
            host="tests",
            pid=os.getpid(),
            slots=SLOTS,
            requires=frozenset(f"handler:{handler.type}" for handler in self.registry),
            version=self.engine.version,
            traits=Traits(capabilities=tuple({need for handler in self.registry for need in handler.needs})),
        )
        await engine.workers.register(spec, _FOREVER)

    def _executors(self) -> Executors:
        async def take(claim: Claim, intake: Intake) -> list[Message]:
            return await self.engine.messages.take(claim, intake)

        executors, handlers = Executors(take), HandlerExecutor(self.registry, SLOTS)
        executors.register(PythonHandler, handlers)
        executors.register(PythonHandler, handlers, isolation="process")
        return executors

    def _on_done(self, transition: Transition) -> None:
        self._done.append(transition)
        self._news.set()

    async def _next(self) -> Instant | None:
        """The next moment at which something is due."""
        now = self.clock.wall()
        due = (self._next_due, await self.engine.schedules.next_due())
        return min((at for at in due if at is not None and at > now), default=None)

    async def _wait(self, until: Instant | None) -> None:
        """Let time pass up to a moment, or until a run has come to something."""
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if until is None else to_seconds(until - self.clock.wall())):
                await self._news.wait()
