"""Treadle's processes as its commands start them, and what they cost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psutil

from benchmarks.engines import TASKS, engine_url
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.domain.workers import WorkerState
from treadle.engines.contract import Engine

_LOOK_SECONDS: Final = 0.1
_STOP_SECONDS: Final = 20.0


@asynccontextmanager
async def worker(
    engine: Engine, folder: Path, *, concurrency: int, handlers: str = TASKS, nth: int = 1
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A worker, parent and child, ready to claim; its tasks folder holds the no-op handler, or others.

    It is the `nth` of those that are there.
    """
    tasks = folder / "tasks"
    tasks.mkdir(exist_ok=True)
    (tasks / "noop.py").write_text(handlers)
    process = service(
        "worker", folder, engine.name, {"TREADLE_TASKS": str(tasks), "TREADLE_CONCURRENCY": str(concurrency)}
    )

    async def is_online() -> bool:
        there = [each for each in await engine.workers.find(DEFAULT_DOMAIN) if each.state is WorkerState.ONLINE]
        return len(there) >= nth

    async with stopped(process):
        await until(is_online, process)
        yield process


@asynccontextmanager
async def stopped(process: subprocess.Popen[bytes]) -> AsyncIterator[None]:
    """A process that is told to stop, and waited for, at the end."""
    try:
        yield
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, _STOP_SECONDS)


async def until(happened: Callable[[], Awaitable[bool]], process: subprocess.Popen[bytes]) -> None:
    """Wait for what another process brings about. Looks seldom, since it shares the cores with this one."""
    while not await happened():
        if process.poll() is not None:
            raise RuntimeError(f"the process that was waited for has ended: {process.args!r}")
        await asyncio.sleep(_LOOK_SECONDS)


def service(name: str, folder: Path, engine: str, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """One service's process on an engine's state in a folder."""
    return start(
        ("-m", "treadle.cli.service", name),
        {"TREADLE_DATA": str(folder), "TREADLE_DATABASE_URL": engine_url(engine, folder), **settings},
    )


def start(arguments: Sequence[str], settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A Python process with no other settings of Treadle than these; what it says goes to standard error."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TREADLE_")}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**environment, "TREADLE_LOG_LEVEL": "warning", **settings},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
    )


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time that a process and those below it have used so far."""
    times = [each.cpu_times() for each in _tree(process)]
    return sum(each.user + each.system for each in times)


def pss_bytes(process: subprocess.Popen[bytes]) -> int:
    """Memory of a process and those below it, each shared page counted once."""
    return sum(each.memory_full_info().pss for each in _tree(process))


def _tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    top = psutil.Process(process.pid)
    return [top, *top.children(recursive=True)]
