"""`JobWorker`: agents and executors at work in a script of one's own."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from treadle.authoring.agents import Agent, Agents, JobExecutor, configured
from treadle.domain.errors import InvalidInput
from treadle.manager.database import settings_for
from treadle.manager.session import Session
from treadle.worker.embedded import run_embedded


class JobWorker:
    """Carries out the jobs of `JobManager` in this process: `JobWorker(sessionmaker, {"clean": clean}).run()`.

    Agents are functions by name, called with a job's `parameters`; the one named `query` carries out queries. Those in
    `TREADLE_AGENTS` are there too. Beside it any number of others may work on the same database.
    """

    def __init__(
        self,
        database: object | None = None,
        agent_registry: Mapping[str, Agent] | None = None,
        *,
        max_concurrent_jobs: int = 4,
    ) -> None:
        """`database` is as for `JobManager`. Raises InvalidInput for what names none, and for agents that are none."""
        if max_concurrent_jobs < 1:
            raise InvalidInput(f"max_concurrent_jobs is {max_concurrent_jobs}: at least 1")
        self._settings = replace(settings_for(database), concurrency=max_concurrent_jobs)
        self._agents = Agents(agent_registry)
        self._agents.take_over(configured(self._settings.agents))
        self._session: Session | None = None
        self._working: Future[None] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def add_agent(self, name: str, agent: Agent) -> None:
        """Name a function. Raises InvalidInput for what cannot be called, or a name that is taken."""
        self._agents.add(name, agent)

    def add_executor(self, executor: JobExecutor) -> None:
        """Let an executor carry out the jobs that it can, before any agent is asked."""
        self._agents.add_executor(executor)

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return self._working is not None and not self._working.done()

    def start(self) -> None:
        """Begin to work, in a thread. Raises InvalidInput where it has neither an agent nor an executor."""
        if self.is_running:
            return
        if not self._agents:
            raise InvalidInput("the worker could carry out nothing: give it an agent_registry, or add_executor")
        self._session = session = Session(self._settings)
        self._stop = asyncio.Event()
        work = run_embedded(session.services.engine, self._settings, self._agents, self._stop)
        self._working = asyncio.run_coroutine_threadsafe(work, session.call.loop)

    def stop(self) -> None:
        """Let what runs end within the grace, give the rest back, and let go of the database.

        Raises what had ended the work before.
        """
        session, working = self._session, self._working
        if session is None or working is None:
            return
        self._session = self._working = None
        session.call.loop.call_soon_threadsafe(self._stop.set)
        try:
            working.result()
        finally:
            session.close()

    def run(self) -> None:
        """Work until SIGINT or SIGTERM, then stop. For the main thread."""
        told = threading.Event()
        before = {number: signal.signal(number, lambda *_: told.set()) for number in (signal.SIGINT, signal.SIGTERM)}
        self.start()
        try:
            while self.is_running and not told.wait(1.0):
                pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self.stop()
