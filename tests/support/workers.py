"""Workers as the processes they are, on any engine, with task files whose handlers talk to the test."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil
import pytest

from treadle.authoring.discovery import discover
from treadle.authoring.registry import Registry
from treadle.domain import json
from treadle.domain.jobs import create_job, dump_job, parse_job
from treadle.domain.logs import StoredLogLine
from treadle.domain.runs import DEFAULT_DOMAIN, TERMINAL, Attempt, Cause, NewRun, Run
from treadle.domain.submitting import build_run
from treadle.domain.workers import WorkerState
from treadle.engines.contract import Engine, Topic
from treadle.engines.open import open_engine
from treadle.scheduler.loops import repeat
from treadle.scheduler.sweeper import Sweeper
from treadle.system import IdSource, SystemClock, chance

TASKS: Final = Path(__file__).parents[1] / "integration" / "worker" / "tasks"
LEASE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 30.0

ON_EVERY_ENGINE: Final = pytest.mark.parametrize("site", ["sqlite", "postgres"], indirect=True)
"""For tests whose fault means something of its own on each engine."""

SETTINGS: Final[Mapping[str, object]] = {
    "lease_sec": LEASE_SECONDS,
    "heartbeat_sec": 0.4,
    "grace_sec": 1.0,
    "concurrency": 4,
}


class Word(NamedTuple):
    """What a handler told its test."""

    run_id: str
    attempt: int
    token: int
    pid: int
    text: str


def sqlite_url(folder: Path) -> str:
    """The URL of a SQLite file in a folder, on which a crash of the machine may cost the last commits."""
    return f"sqlite:///{folder / 'treadle.db'}?synchronous=NORMAL"


class Site:
    """A folder with task files, a database, and what the handlers and the test tell each other by."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.tasks = folder / "tasks"
        self.gates = folder / "gates"
        self.gates.mkdir()
        shutil.copytree(TASKS, self.tasks)
        self.socket = str(folder / "s")
        self._count = 0

    @contextmanager
    def worker(self, *within: str, **settings: object) -> Iterator[WorkerProcess]:
        """A worker, killed with all its processes at the end if it has not ended; `within` is what to run it by."""
        self._count += 1
        worker = WorkerProcess(self, self.folder / f"worker-{self._count}.log", settings, within)
        try:
            yield worker
        finally:
            worker.kill_tree()

    def open_gate(self, run_id: str) -> None:
        """Let a run go on."""
        (self.gates / run_id).touch()


class WorkerProcess:
    """A worker's parent process."""

    def __init__(self, site: Site, said: Path, settings: Mapping[str, object], within: Sequence[str] = ()) -> None:
        self.site = site
        values = {"data": site.folder, "database_url": site.url, "tasks": site.tasks, **SETTINGS, **settings}
        self._said = said
        with said.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*within, sys.executable, "-m", "treadle.cli.service", "worker"],
                env={
                    **os.environ,
                    **{f"TREADLE_{name.upper()}": str(value) for name, value in values.items()},
                    "TREADLE_TEST_SOCKET": site.socket,
                    "TREADLE_TEST_GATES": str(site.gates),
                },
                stdout=stderr,
                stderr=stderr,
            )

    @property
    def said(self) -> str:
        """What it and its children wrote of themselves."""
        return self._said.read_text(errors="replace")

    @property
    def tree(self) -> list[psutil.Process]:
        """The parent and all that descends from it."""
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    @property
    def children(self) -> list[psutil.Process]:
        """The processes that run user code."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children()
        return []

    def signal_tree(self, number: signal.Signals) -> list[psutil.Process]:
        """Signal all of it, the parent first so that it can do nothing about the rest."""
        tree = self.tree
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return tree

    def kill_tree(self) -> None:
        """End all of it at once."""
        tree = self.signal_tree(signal.SIGKILL)
        self.process.wait()
        while not all(is_gone(process.pid) for process in tree):  # nobody may reap them: psutil would wait for that
            time.sleep(0.01)


class Lab:
    """The test's own hand on a site: its engine, and what its handlers tell."""

    def __init__(self, site: Site, engine: Engine) -> None:
        self.site = site
        self.engine = engine
        self.words: list[Word] = []
        self._new_id = IdSource(SystemClock())
        self._told = asyncio.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        Path(site.socket).unlink(missing_ok=True)
        self._socket.bind(site.socket)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._receive)
        self._notices = engine.listen(Topic.EVENTS, Topic.LOGS)

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        await self._notices.close()

    def run(self, type_: str, *, inputs: Mapping[str, Any] | None = None, **keys: Any) -> NewRun:
        """A run of a handler's job or, by `executor`, of a program; `keys` go over the job's document."""
        handler = _handlers().get(type_)
        document: dict[str, Any] = {"job_id": type_} if handler is None else dump_job(handler.spec)
        document["inputs_schema"] = None  # to see what a worker makes of inputs that nobody has checked
        if handler is None and "executor" not in keys:
            document["type"] = type_
        document |= {"retry_policy": {"max_retry": 0}, **keys}
        now = self.engine.now()
        job = create_job(parse_job(document), source="api", now=now)
        return build_run(job, run_id=self._new_id("run"), now=now, cause=Cause.API, inputs=inputs)

    async def submit(self, type_: str, *, inputs: Mapping[str, Any] | None = None, **keys: Any) -> str:
        """Submit a run; answers its id."""
        run = self.run(type_, inputs=inputs, **keys)
        await self.engine.runs.enqueue([run])
        return run.id

    async def shell(self, script: str, **keys: Any) -> str:
        """Submit a run of a shell script."""
        return await self.submit("script", executor={"type": "shell", "script": script}, **keys)

    async def read(self, run_id: str) -> Run:
        (run,) = await self.engine.runs.get(DEFAULT_DOMAIN, [run_id])
        return run

    async def finished(self, run_id: str, patience: float = PATIENCE_SECONDS) -> Run:
        """The run, once it is finished."""
        return await self.until(run_id, lambda run: run.state in TERMINAL, patience)

    async def until(self, run_id: str, condition: Callable[[Run], bool], patience: float = PATIENCE_SECONDS) -> Run:
        """The run, once the condition holds for it; looked at whenever the engine tells of an event or a line."""
        async with asyncio.timeout(patience):
            while not condition(run := await self.read(run_id)):
                await self._notices.wait(0.5)
        return run

    async def told(self, run_id: str, text: str = "begun", *, attempt: int | None = None) -> Word:
        """What a handler told, once it has."""
        return await self._heard(
            lambda word: word.run_id == run_id and word.text.startswith(text) and attempt in (None, word.attempt)
        )

    async def told_by_any(self, text: str) -> Word:
        """What the handler of whatever run told, once it has."""
        return await self._heard(lambda word: word.text == text)

    async def draining(self) -> None:
        """Returns once every worker claims nothing more."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(each.state is WorkerState.ONLINE for each in await self.engine.workers.find(DEFAULT_DOMAIN)):
                await self._notices.wait(0.05)

    async def _heard(self, wanted: Callable[[Word], bool]) -> Word:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for word in filter(wanted, self.words):
                    return word
                self._told.clear()
                await self._told.wait()

    async def log(self, run_id: str) -> list[StoredLogLine]:
        return await self.engine.logs.read(DEFAULT_DOMAIN, run_id, after=0, limit=100_000)

    async def line(self, run_id: str, text: str) -> StoredLogLine:
        """A line of the run's log that holds a text, once it is there."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for line in await self.log(run_id):
                    if text in line.message:
                        return line
                await self._notices.wait(0.5)

    async def attempts(self, run_id: str) -> list[Attempt]:
        return await self.engine.runs.attempts(DEFAULT_DOMAIN, run_id)

    async def events(self, run_id: str) -> list[str]:
        """The types of a run's events, in order."""
        events = await self.engine.events.read(DEFAULT_DOMAIN, after=0, limit=100_000)
        return [event.type for event in events if event.subject == run_id]

    async def event(self, run_id: str, type_: str) -> None:
        """Returns once a run has had an event."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while type_ not in await self.events(run_id):
                await self._notices.wait(0.5)

    async def cancel(self, *run_ids: str) -> None:
        await self.engine.runs.cancel(DEFAULT_DOMAIN, run_ids)

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[None]:
        """With the scheduler's sweeper at work."""
        sweeper = asyncio.create_task(repeat("sweeper", Sweeper(self.engine, LEASE_SECONDS, chance)))
        try:
            yield
        finally:
            sweeper.cancel()

    def _receive(self) -> None:
        with suppress(BlockingIOError):
            while True:
                run_id, attempt, token, pid, text = self._socket.recv(1000).decode().split(" ", 4)
                self.words.append(Word(run_id, int(attempt), int(token), int(pid), text))
                self._told.set()


@asynccontextmanager
async def open_lab(site: Site) -> AsyncIterator[Lab]:
    engine = await open_engine(site.url, SystemClock())
    lab = Lab(site, engine)
    try:
        yield lab
    finally:
        await lab.close()
        await engine.close()


@cache
def _handlers() -> Registry:
    return discover(TASKS).registry


def result(run: Run) -> Any:
    """What a run came to; fails with its error where it has none."""
    assert run.error is None, run.error
    return None if run.result is None else json.decode(run.result)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def gone(*pids: int, patience: float = 10.0) -> None:
    """Returns once all these processes have ended."""
    async with asyncio.timeout(patience):
        while not all(map(is_gone, pids)):  # noqa: ASYNC110 - nobody tells of strangers' children
            await asyncio.sleep(0.02)
