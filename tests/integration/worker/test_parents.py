"""What a run is told of its parents: by an async, a sync and an isolated handler, and by a program."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import PATIENCE_SECONDS
from tests.support.scheduling import define, sqlite
from treadle import AsyncClient
from treadle.domain.dependencies import Join
from treadle.settings import Settings
from treadle.system import SystemClock

TASKS = """
from treadle import JobContext, job

@job("number")
async def number(n):
    return {"n": n}

@job("refuse", max_retries=0)
def refuse():
    raise ValueError("no")

def told(results):
    return [[run_id, one.state, one.result, one.error and one.error.type] for run_id, one in results.items()]

@job("awaits")
async def awaits(ctx: JobContext):
    try:
        ctx.parents()
    except RuntimeError:
        return told(await ctx.parent_results())

@job("asks")
def asks(ctx: JobContext):
    return told(ctx.parents())

@job("apart", isolation="process")
def apart(ctx: JobContext):
    return told(ctx.parents())

@job("apart_async", isolation="process")
async def apart_async(ctx: JobContext):
    return told(await ctx.parent_results())
"""
PROGRAM = 'cp "$TREADLE_PARENTS" "$TREADLE_RESULT_FILE"'
HANDLERS = ("awaits", "asks", "apart", "apart_async")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("parents")
    (folder / "tasks").mkdir()
    (folder / "tasks" / "parents.py").write_text(TASKS)
    asyncio.run(_define_jobs(folder))
    return Settings(data=str(folder), tasks=str(folder / "tasks"))


async def _define_jobs(folder: Path) -> None:
    async with sqlite(folder, SystemClock()) as engine:
        once: dict[str, Any] = {"schedule": None, "retry_policy": {"max_retry": 0}}
        for name in ("number", "refuse", *HANDLERS):
            isolation = {"isolation": "process"} if name.startswith("apart") else {}
            await define(engine, name, executor=None, type=name, **once, **isolation)
        await define(engine, "program", executor={"type": "shell", "script": PROGRAM}, **once)


@pytest.fixture(scope="module")
def worker(settings: Settings) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "treadle", "worker"],
        env={"PATH": "/usr/bin:/bin", "TREADLE_DATA": settings.data, "TREADLE_TASKS": settings.tasks},
    )
    yield
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.usefixtures("worker")
async def test_a_handler_is_told_how_its_parents_ended_in_their_order(settings: Settings) -> None:
    async with AsyncClient(settings) as client, asyncio.timeout(60):
        parents = [await client.enqueue("number", {"n": 2}), await client.enqueue("refuse")]
        told = [[parents[0], "completed", {"n": 2}, None], [parents[1], "failed", None, "ValueError"]]
        for name in HANDLERS:
            child = await client.enqueue(name, depends_on=parents, join=Join.ALWAYS)
            assert await client.result(child) == told, name
            assert await client.result(await client.enqueue(name)) == []


@pytest.mark.usefixtures("worker")
async def test_a_program_finds_its_parents_in_a_file(settings: Settings) -> None:
    async with AsyncClient(settings) as client, asyncio.timeout(60):
        parents = [await client.enqueue("refuse"), await client.enqueue("number", {"n": 3})]
        result = await client.result(await client.enqueue("program", depends_on=parents, join=Join.ALWAYS))
        assert list(result) == parents
        assert result[parents[1]] == {"state": "completed", "result": {"n": 3}, "error": None}
        failed = result[parents[0]]
        assert (failed["state"], failed["result"], failed["error"]["type"]) == ("failed", None, "ValueError")
