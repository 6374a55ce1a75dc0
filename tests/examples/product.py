"""Treadle at work on a folder of its own, and what a test says to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from treadle.authoring.discovery import discover
from treadle.authoring.schedule_file import read_schedules
from treadle.domain.documents import load_json, load_yaml
from treadle.domain.instants import to_seconds
from treadle.domain.jobs import JobSpec, parse_job
from treadle.domain.json import decode
from treadle.domain.runs import DEFAULT_DOMAIN, TERMINAL, Attempt, Cause, Run
from treadle.domain.schedules import Schedule
from treadle.domain.submitting import build_run
from treadle.engines.contract import Engine, RunQuery, Topic
from treadle.engines.open import open_engine
from treadle.services.jobs import Jobs
from treadle.services.sources import Sources
from treadle.system import IdSource, SystemClock

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
PATIENCE_SECONDS: Final = 20.0

_WORKER: Final = """
import asyncio, os
from treadle import servicelog
from treadle.settings import load_settings
from treadle.worker.main import run
settings = load_settings(os.environ)
servicelog.configure("worker", settings.log_level)
asyncio.run(run(settings))
"""


class Product:
    """A scheduler and a worker in processes of their own, on one SQLite file."""

    def __init__(self, engine: Engine, runner: asyncio.Runner) -> None:
        self._engine = engine
        self._jobs = Jobs(engine)
        self._runner = runner
        self._new_id = IdSource(SystemClock())

    def define(self, document: Mapping[str, Any]) -> str:
        """Store a job; answers its id."""
        return self._save(parse_job(document), "api")

    def define_handlers(self, folder: Path) -> None:
        """Store the jobs of task files, and those of every `scheduler.yaml` among them."""
        found = discover(folder)
        assert found.failures == ()
        for handler in found.registry:
            self._save(handler.spec, handler.source)

    def define_schedules(self, file: Path) -> list[Schedule]:
        """Store the schedules of a `scheduler.yaml`."""
        return self._runner.run(self._define_schedules(file.name, file.read_bytes()))

    def run(self, job_id: str, inputs: Mapping[str, Any] | None = None) -> Run:
        """Run a job to its end."""
        return self._runner.run(self._run(job_id, inputs))

    def next_run(self, job_id: str) -> Run:
        """A run that the job's schedule fired and that has ended."""
        return self._runner.run(self._await_one(RunQuery(domain=DEFAULT_DOMAIN, job_ids=(job_id,), limit=1)))

    def log(self, run: Run) -> list[tuple[str, str]]:
        """Stream and message of each line that the run has said."""
        lines = self._runner.run(self._engine.logs.read(run.domain, run.id, after=0, limit=10_000))
        return [(line.stream.value, line.message) for line in lines]

    def attempts(self, run: Run) -> list[Attempt]:
        """The run's tries that did not end it."""
        return self._runner.run(self._engine.runs.attempts(run.domain, run.id))

    def _save(self, spec: JobSpec, source: str) -> str:
        return self._runner.run(self._jobs.define(DEFAULT_DOMAIN, spec, source=source)).job_id

    async def _define_schedules(self, file: str, data: bytes) -> list[Schedule]:
        jobs = [job.job_id async for job in self._jobs.all(DEFAULT_DOMAIN)]
        found = read_schedules(data, file=file, jobs=jobs)
        await Sources(self._engine, self._jobs).sync_schedules(DEFAULT_DOMAIN, file, found)
        return await self._engine.schedules.get(DEFAULT_DOMAIN, [each.schedule_id for each in found])

    async def _run(self, job_id: str, inputs: Mapping[str, Any] | None) -> Run:
        run_id = self._new_id("run")
        new = build_run(
            await self._jobs.get(DEFAULT_DOMAIN, job_id),
            run_id=run_id,
            now=self._engine.now(),
            cause=Cause.CLIENT,
            inputs=inputs,
        )
        await self._engine.runs.enqueue([new])
        return await self._await_end(run_id)

    async def _await_one(self, query: RunQuery) -> Run:
        notices = self._engine.listen(Topic.RUNS)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (found := await self._engine.runs.find(query)):
                    await notices.wait(0.5)
        finally:
            await notices.close()
        return await self._await_end(found[0].id)

    async def _await_end(self, run_id: str) -> Run:
        notices = self._engine.listen(Topic.EVENTS)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    (run,) = await self._engine.runs.get(DEFAULT_DOMAIN, [run_id])
                    if run.state in TERMINAL:
                        await asyncio.sleep(0.3)  # logs travel beside the run
                        return run
                    await notices.wait(0.5)
        finally:
            await notices.close()


def read_document(file: Path) -> dict[str, Any]:
    """A job's document as it lies in an example's folder."""
    read = load_json if file.suffix == ".json" else load_yaml
    document = read(file.read_bytes())
    assert isinstance(document, dict)
    return document


def result(run: Run) -> Any:
    """What a run came to, decoded."""
    assert run.result is not None, run.error
    return decode(run.result)


def seconds(run: Run) -> float:
    """How long a run took from its start to its end."""
    assert run.started_at is not None
    assert run.finished_at is not None
    return to_seconds(run.finished_at - run.started_at)


@contextmanager
def product(data: Path, tasks: Path, environment: Mapping[str, str]) -> Iterator[Product]:
    """Treadle on a data folder, with the task files of a folder, until the block ends."""
    env = {
        **os.environ,
        "TREADLE_DATA": str(data),
        "TREADLE_TASKS": str(tasks),
        "TREADLE_GRACE_SEC": "2",
        **environment,
    }
    services = [
        subprocess.Popen([sys.executable, *arguments], env=env)
        for arguments in (["-m", "treadle.cli.service", "scheduler"], ["-c", _WORKER])
    ]
    try:
        with asyncio.Runner() as runner:
            engine = runner.run(open_engine(f"sqlite:///{data / 'treadle.db'}", SystemClock()))
            yield Product(engine, runner)
            runner.run(engine.close())
    finally:
        for service in services:
            service.terminate()
        for service in services:
            service.wait(20)
