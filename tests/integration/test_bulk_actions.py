"""A bulk action survives the death of whoever carries it out: each run of its selection is acted upon exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.schedulers import scheduler
from treadle.domain.bulk_actions import Act, BulkAction, BulkRequest, Tally
from treadle.domain.filters import RunsWanted
from treadle.domain.instants import MINUTE
from treadle.domain.outcomes import Failed, RunError
from treadle.domain.runs import State
from treadle.domain.selections import PART
from treadle.engines.contract import Engine, RunQuery, Topic
from treadle.engines.open import open_engine
from treadle.services.bulk_actions import BulkActions
from treadle.services.jobs import Jobs
from treadle.services.selections import Selections
from treadle.system import SystemClock
from treadle.testing.driver import new_id, new_run, transition, worker_spec

RUNS = 4 * PART + PART // 2
HOPELESS = Failed(RunError("exception", "boom"), retry=False)
WANTED = RunsWanted(job=("job_report",), dead_letters=True)


async def fail(engine: Engine, count: int, requires: str) -> list[str]:
    """Failed runs; their ids. No other may be ready that require the same."""
    now = engine.now()
    runs = [new_run(now, requires=requires) for _ in range(count)]
    await engine.runs.enqueue(runs)
    worker = worker_spec(slots=count, requires=frozenset({requires}))
    await engine.workers.register(worker, MINUTE)
    step = await engine.runs.step(worker.id, [], count)
    done = [transition(claim, HOPELESS, now=engine.now(), worker_id=worker.id) for claim in step.claims]
    assert await engine.runs.settle(done) == ()
    await engine.workers.stop([worker.id])
    return [run.id for run in runs]


async def dead(engine: Engine) -> list[str]:
    return await engine.runs.find_ids(RunQuery(domain="default", limit=9_999, dead=True))


async def retries(engine: Engine) -> Counter[str | None]:
    """How many runs do each failed one again."""
    runs = await engine.runs.find(RunQuery(domain="default", limit=9_999))
    return Counter(run.retry_of for run in runs if run.retry_of is not None)


async def begin(engine: Engine) -> BulkAction:
    """Begin to retry all dead letters."""
    selections = Selections(engine, Jobs(engine), new_id)
    selection = (await selections.freeze("default", WANTED, by="ann")).selection
    request = BulkRequest(selection=selection.id, action=Act.RETRY)
    return (await BulkActions(engine, selections, new_id).begin("default", request, by="ann")).action


async def standing(engine: Engine, action: BulkAction) -> BulkAction:
    found = await engine.bulk_actions.get("default", action.id)
    assert found is not None
    return found


async def finished(engine: Engine, action: BulkAction) -> BulkAction:
    """An action once it has come to its end."""
    notices = engine.listen(Topic.EVENTS)
    try:
        async with asyncio.timeout(120):
            while (found := await standing(engine, action)).finished_at is None:
                await notices.wait(1)
            return found
    finally:
        await notices.close()


def die(folder: Path, url: str, when: str, position: int) -> int:
    """Run a scheduler that kills itself; answers its exit code."""
    environment = {**os.environ, "TREADLE_DATA": str(folder), "TREADLE_DATABASE_URL": url}
    command = [sys.executable, "-m", "tests.support.doomed_scheduler", when, str(position)]
    return subprocess.run(command, env=environment, check=False, timeout=120, capture_output=True).returncode


@pytest.mark.parametrize("when", ["within", "after"])
async def test_each_run_is_retried_once_though_whoever_does_it_is_killed(
    tmp_path: Path, any_url: str, when: str
) -> None:
    engine = await open_engine(any_url, SystemClock())
    try:
        failed = await fail(engine, RUNS, "handler:report")
        action = await begin(engine)
        assert await asyncio.to_thread(die, tmp_path, any_url, when, 2) == -signal.SIGKILL
        killed = await standing(engine, action)
        done = 2 if when == "within" else 3
        assert (killed.position, killed.tally, killed.finished_at) == (done, Tally({State.FAILED: done * PART}), None)
        assert sum((await retries(engine)).values()) == done * PART

        later = await fail(engine, 3, "handler:later")
        with scheduler(tmp_path, any_url), scheduler(tmp_path, any_url):
            ended = await finished(engine, action)
        assert ended.tally == Tally({State.FAILED: RUNS})
        assert await retries(engine) == Counter(failed)
        assert sorted(await dead(engine)) == sorted(later)
    finally:
        await engine.close()
