"""Cascades of the size that the product promises, and a scheduler that is killed in the middle of one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import pytest

from tests.integration.test_scheduler_process import scheduler
from tests.support.scheduling import sqlite
from treadle.domain.dependencies import Depends, Join
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import NewRun, State
from treadle.engines.contract import Engine, RunQuery, Topic
from treadle.system import SystemClock
from treadle.testing.driver import Driver, new_run

LEVELS = 10_000
CHILDREN = 10_000


def generations(now: int, count: int, join: Join = Join.ALL) -> list[NewRun]:
    """A run and its descendants, each the only child of the one before."""
    line = [new_run(now)]
    for _ in range(count - 1):
        line.append(new_run(now, depends=Depends((line[-1].id,), join)))
    return line


async def left(engine: Engine) -> int:
    return (await engine.runs.counts("default")).get(State.BLOCKED, 0)


async def worked_off(engine: Engine, before: int, *, whole: bool) -> int:
    """Wait until a scheduler has told some of those that are left, or all of them; how many are left then."""
    notices = engine.listen(Topic.EVENTS)
    try:
        while (now := await left(engine)) == before or (whole and now):
            await notices.wait(0.2)
    finally:
        await notices.close()
    return now


async def states(engine: Engine, ids: Sequence[str]) -> set[State]:
    return set(await Driver(engine).states(ids))


async def test_a_cascade_goes_on_where_a_killed_scheduler_left_it(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine, asyncio.timeout(60):
        line = generations(engine.now(), 4_000)
        await engine.runs.enqueue(line)
        await engine.runs.cancel("default", [line[0].id])
        before = await left(engine)
        assert 0 < before < 4_000  # the cancel itself tells a bounded part
        for kill in (True, True, False):
            with scheduler(tmp_path) as process:
                before = await worked_off(engine, before, whole=not kill)
                process.kill()
                process.wait()
            assert (before > 0) == kill
        assert await states(engine, [run.id for run in line]) == {State.CANCELLED}
        told = [event.subject for event in await engine.events.read("default", after=0, limit=20_000)]
        assert {told.count(run.id) for run in line[:500]} == {2}  # queued, and cancelled once


@pytest.mark.slow
async def test_ten_thousand_generations_end_with_the_first(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        line = generations(engine.now(), LEVELS)
        await engine.runs.enqueue(line)
        began = perf_counter()
        await engine.runs.cancel("default", [line[0].id])
        longest = 0.0
        more = True
        while more:
            step = perf_counter()
            more = await engine.runs.resolve()
            longest = max(longest, perf_counter() - step)
        print(f"{LEVELS} generations: {perf_counter() - began:.2f} s, the longest trip {longest * 1000:.0f} ms")
        assert await states(engine, [run.id for run in line]) == {State.CANCELLED}


@pytest.mark.slow
async def test_ten_thousand_members_are_joined_and_ten_thousand_children_let_go(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        drive = Driver(engine)
        members = [new_run(engine.now()) for _ in range(CHILDREN)]
        join = new_run(engine.now(), depends=Depends(tuple(run.id for run in members)), requires="join")
        began = perf_counter()
        await engine.runs.enqueue([*members, join], together=True)
        print(f"a group of {CHILDREN}: submitted in {perf_counter() - began:.2f} s")
        wide = [new_run(engine.now(), depends=Depends((join.id,)), requires="wide") for _ in range(CHILDREN)]
        await engine.runs.enqueue(wide)
        worker = await drive.worker(slots=CHILDREN)
        began = perf_counter()
        claims = await drive.claim(worker, 200)
        while claims:
            done = [drive.outcome(claim, Succeeded(), worker) for claim in claims]
            claims = (await engine.runs.step(worker, done, 200)).claims
        print(f"a join of {CHILDREN}: drained in {perf_counter() - began:.2f} s")
        assert await drive.states([join.id]) == [State.READY]
        drive.now = engine.now()
        joiner = await drive.worker(requires=frozenset({"join"}))
        claim = await drive.claim_one(joiner)
        began = perf_counter()
        await drive.settle(joiner, claim, Succeeded())
        while await engine.runs.resolve():
            pass
        print(f"{CHILDREN} children of one: let go in {perf_counter() - began:.2f} s")
        found = await engine.runs.find(RunQuery(domain="default", limit=CHILDREN, states=(State.READY,)))
        assert len(found) == CHILDREN
