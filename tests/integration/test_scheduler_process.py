"""The scheduler as the process it is: several at once, killed, told to stop, with its engine away."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

import apsw
import pytest

from tests.support.processes import PATIENCE_SECONDS
from tests.support.scheduling import define, runs, sqlite
from treadle.domain.instants import SECOND
from treadle.engines.contract import Topic
from treadle.system import SystemClock

_WHEN_TOLD: Final = """
from treadle.cli.service import main
from treadle.scheduler import ticker

ticker.POLL_SECONDS = 3600.0
main()
"""
"""A scheduler that looks for schedules where it is told of them, and at no other time."""


def start(folder: Path, *program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(program or ("-m", "treadle.cli.service")), "scheduler"],
        env={**os.environ, "TREADLE_DATA": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def scheduler(folder: Path, *program: str) -> Iterator[subprocess.Popen[str]]:
    process = start(folder, *program)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def await_line(process: subprocess.Popen[str], text: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"the process ended without saying {text!r}")


async def fired(folder: Path, names: list[str]) -> dict[str, list[int]]:
    async with sqlite(folder, SystemClock()) as engine:
        return {name: sorted(run.slot for run in await runs(engine, name) if run.slot is not None) for name in names}


def gaps(slots: list[int]) -> set[int]:
    return {later - earlier for earlier, later in pairwise(slots)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with scheduler(tmp_path) as process:
        await_line(process, "scheduler started")
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == 0


async def test_a_lone_scheduler_killed_between_ticks_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        await define(engine, schedule={"interval_sec": 0.1}, allow_overlap=True)
    for _ in range(4):
        with scheduler(tmp_path) as victim:
            await asyncio.to_thread(await_line, victim, "scheduler started")
            await asyncio.sleep(random.uniform(0.05, 0.3))
    slots = (await fired(tmp_path, ["tick"]))["tick"]
    assert len(slots) > 10
    assert gaps(slots) == {SECOND // 10}


async def test_a_new_schedule_is_noticed_at_once(tmp_path: Path) -> None:
    with scheduler(tmp_path, "-c", _WHEN_TOLD) as process:
        await asyncio.to_thread(await_line, process, "scheduler started")
        async with sqlite(tmp_path, SystemClock()) as engine:
            notices = engine.listen(Topic.RUNS)
            await asyncio.sleep(0.1)  # the scheduler has looked once
            await define(engine, schedule={"interval_sec": 0.1}, allow_overlap=True)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await runs(engine):
                    await notices.wait(0.5)
            await notices.close()


@pytest.mark.slow
def test_it_goes_on_when_its_engine_comes_back(tmp_path: Path) -> None:
    with scheduler(tmp_path) as process:
        await_line(process, "scheduler started")
        blocker = apsw.Connection(str(tmp_path / "treadle.db"))
        blocker.set_busy_timeout(10_000)
        blocker.execute("BEGIN IMMEDIATE")
        await_line(process, "engine unavailable")
        blocker.execute("ROLLBACK")
        blocker.close()
        assert '"failed_attempts":' in await_line(process, "engine available again")


def test_a_wrong_setting_is_refused_by_name(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "treadle.cli.service", "scheduler"],
        env={**os.environ, "TREADLE_DATA": str(tmp_path), "TREADLE_LEASE_SEC": "soon"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert process.returncode == 2
    assert "TREADLE_LEASE_SEC" in process.stderr
    assert "Traceback" not in process.stderr
