"""The services of several machines (data folders of their own) on one PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.postgres import Databases, databases
from tests.support.up import until, up


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with databases() as made:
        yield made.url(asyncio.run(_create(made)))


async def _create(made: Databases) -> str:
    return await made.create()


@pytest.mark.slow
def test_two_installations_on_one_database_are_one(tmp_path: Path, url: str) -> None:
    """What one is told, the other knows; work goes on where either has a worker; one is killed, and nothing is lost."""
    with up(tmp_path, data="one", TREADLE_DATABASE_URL=url) as one:
        with up(tmp_path, "up", "--no-demo", "--db", url, data="other") as other:
            until(lambda: len(one.server.get("/workers", role="worker")["items"]) == 2, "both workers")
            job = one.define(name="greet", script="echo hello")
            runs = [other.submit(job) for _ in range(10)]
            until(lambda: all(one.status(run) == "completed" for run in runs), "all runs")
            slow = one.define(name="slow", script="sleep 1")
            held = [other.submit(slow) for _ in range(10)]
            until(lambda: any(one.status(run) == "running" for run in held), "a start")
            family = other.descendants()
            other.process.kill()
            for process in family:
                with suppress(psutil.NoSuchProcess):  # a run's own may have ended meanwhile
                    process.kill()
        until(lambda: all(one.status(run) == "completed" for run in held), "all that was held")
