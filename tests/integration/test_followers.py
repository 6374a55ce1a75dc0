"""Jobs that run after others: each completed run brings about one, however many schedulers look."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.support.scheduling import define, sqlite
from treadle.domain.json import encode
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import Cause, Run, State
from treadle.engines.contract import Engine, RunQuery
from treadle.scheduler.followers import Followers
from treadle.services.jobs import Jobs
from treadle.system import IdSource, SystemClock
from treadle.testing.driver import Driver


async def defined(engine: Engine, job_id: str, **document: Any) -> None:
    standard = {"executor": None, "schedule": None, "type": "report"}
    await define(engine, job_id, **standard | document)


async def complete(engine: Engine, job_id: str, result: Any = None, count: int = 1) -> list[str]:
    """Let runs of a job complete; their ids."""
    drive = Driver(engine)
    ids = await drive.submit(count, job_id=job_id, requires="alone")
    worker = await drive.worker(requires=frozenset({"alone"}))
    for claim in await drive.claim(worker, count):
        await drive.settle(worker, claim, Succeeded(encode(result)))
    return ids


async def runs_of(engine: Engine, job_id: str) -> list[Run]:
    return (await engine.runs.find(RunQuery(domain="default", limit=500, job_ids=(job_id,))))[::-1]


async def follow(engine: Engine) -> None:
    await Followers(engine, IdSource(SystemClock()))()


async def test_every_completed_run_brings_about_one_with_three_schedulers(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine, sqlite(tmp_path, SystemClock()) as other:
        await defined(engine, "a")
        await defined(engine, "b", after=["a"])
        parents = await complete(engine, "a", count=40)
        await asyncio.gather(follow(engine), follow(other), follow(engine))
        await follow(other)
        runs = await runs_of(engine, "b")
        assert sorted(run.depends.parents[0] for run in runs if run.depends is not None) == sorted(parents)
        assert {(run.state, run.cause) for run in runs} == {(State.READY, Cause.AFTER)}
        assert await engine.triggers.waiting(9) == []


async def test_all_waits_for_each_of_them_and_takes_the_newest(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        for name in ("a", "b"):
            await defined(engine, name)
        await defined(engine, "sum", after=["a", "b"])
        await defined(engine, "each", after=["a", "b"], after_join="any")
        first = await complete(engine, "a", count=3)
        await follow(engine)
        assert await runs_of(engine, "sum") == []
        assert len(await engine.triggers.waiting(9)) == 1
        (other,) = await complete(engine, "b")
        await follow(engine)
        (run,) = await runs_of(engine, "sum")
        assert run.depends is not None
        assert run.depends.parents == (first[-1], other)
        await complete(engine, "b")
        await follow(engine)
        assert len(await runs_of(engine, "sum")) == 1
        assert len(await runs_of(engine, "each")) == 5


async def test_a_condition_skips_and_says_so(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        await defined(engine, "a")
        await defined(engine, "b", after=[{"job": "a", "if": {"path": "/rows", "not_equals": 0}}])
        for rows in (0, 3):
            await complete(engine, "a", {"rows": rows})
            await follow(engine)
        skipped, ready = await runs_of(engine, "b")
        assert (skipped.state, ready.state) == (State.SKIPPED, State.READY)
        assert skipped.error is not None
        assert "/rows does not equal 0" in skipped.error.message


async def test_a_disabled_job_follows_nothing(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        await defined(engine, "a")
        await defined(engine, "b", after=["a"])
        await Jobs(engine).disable("default", "b")
        await complete(engine, "a")
        await follow(engine)
        await Jobs(engine).enable("default", "b")
        await follow(engine)
        assert await runs_of(engine, "b") == []
