"""Handlers submit runs of their own and of each other: in scripts, in sync code, and from within runs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.scheduling import sqlite
from treadle import AsyncClient, Client
from treadle.authoring.discovery import discover
from treadle.domain.errors import InvalidInput, NotFound
from treadle.domain.priority import Priority
from treadle.domain.runs import State
from treadle.services.jobs import Jobs
from treadle.settings import Settings
from treadle.system import SystemClock

TASKS = """
from dataclasses import dataclass
from datetime import date

from treadle import job


@dataclass
class Total:
    day: date
    sum: int


@job("add", max_retries=0)
async def add(a: int, b: int = 1, key: str = "") -> Total:
    return Total(date(2026, 11, a), a + b)


@job("wrong", max_retries=0)
async def wrong() -> int:
    return "three"


@job("outer", max_retries=0)
async def outer(n: int) -> list[str]:
    return [run.id for run in [await add.enqueue(a=n, delay=3600), *await add.enqueue_many([{"a": 1}, {"a": 2}])]]


@job("outer.sync", max_retries=0)
def outer_sync(n: int) -> int:
    return add.sync.enqueue(a=n).result().sum


@job("outer.alone", max_retries=0, isolation="process")
def outer_alone(n: int) -> str:
    return add.sync.enqueue(a=n, delay=3600).id
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("submit")
    (folder / "tasks").mkdir()
    (folder / "tasks" / "sums.py").write_text(TASKS)

    async def define() -> None:
        async with sqlite(folder, SystemClock()) as engine:
            for domain in ("default", "other"):
                for handler in discover(folder / "tasks").registry:
                    await Jobs(engine).define(domain, handler.spec, source="tasks")

    asyncio.run(define())
    return Settings(data=str(folder), tasks=str(folder / "tasks"))


@pytest.fixture(scope="module")
def worker(settings: Settings) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "treadle", "worker"],
        env={
            "PATH": "/usr/bin:/bin",
            "TREADLE_DATA": settings.data,
            "TREADLE_TASKS": settings.tasks,
            "TREADLE_DOMAINS": "default,other",
            "TREADLE_URL": "http://127.0.0.1:1",  # of another installation: what runs here submits here
            "TREADLE_TOKEN": "0" * 20,
        },
    )
    yield
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture(scope="module")
def handlers(settings: Settings) -> dict[str, Any]:
    return {handler.type: handler for handler in discover(Path(settings.tasks)).registry}


@pytest.mark.usefixtures("worker")
async def test_a_script_awaits_a_result_of_its_type(settings: Settings, handlers: dict[str, Any]) -> None:
    async with AsyncClient(settings), asyncio.timeout(60):
        run = await handlers["add"].enqueue(a=2, b=3)
        total = await run.result()
        assert (type(total).__name__, total.sum, total.day.isoformat()) == ("Total", 5, "2026-11-02")
        assert (await run.wait()).state is State.COMPLETED


@pytest.mark.usefixtures("worker")
async def test_a_result_that_is_not_of_its_type_is_told_with_its_run(
    settings: Settings, handlers: dict[str, Any]
) -> None:
    async with AsyncClient(settings), asyncio.timeout(60):
        run = await handlers["wrong"].enqueue()
        with pytest.raises(InvalidInput, match=rf"the result of {run.id} is not what .* Expected `int`, got `str`"):
            await run.result()


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("domain", ["default", "other"])
async def test_runs_submit_runs_in_their_own_domain(settings: Settings, domain: str) -> None:
    here = Settings(data=settings.data, tasks=settings.tasks, domain=domain)
    async with AsyncClient(here) as client, asyncio.timeout(60):
        ids = await client.result(await client.enqueue("outer", {"n": 3}))
        assert (await client.get(ids[0])).state is State.SCHEDULED
        assert [(await client.wait(run_id)).state for run_id in ids[1:]] == [State.COMPLETED] * 2
        assert await client.result(await client.enqueue("outer.sync", {"n": 3})) == 4
        alone = await client.result(await client.enqueue("outer.alone", {"n": 3}))
        assert (await client.get(alone)).id == alone  # found here, so it is in this domain


def test_sync_code_has_the_same_words(settings: Settings, handlers: dict[str, Any]) -> None:
    add = handlers["add"]
    at = datetime.now(UTC) + timedelta(hours=1)
    with Client(settings) as client:
        run = add.sync.enqueue({"key": "x"}, a=1, key="once", at=at, priority="high")
        assert client.get(run.id).priority is Priority.HIGH
        assert add.sync.enqueue({"key": "x"}, a=1, key="once", at=at, priority="high").id == run.id
        assert run.cancel() is State.CANCELLED
        assert run.wait().state is State.CANCELLED
        many = add.sync.enqueue_many([{"a": 1}, {"a": 2}], priority="low")
        assert [client.get(each.id).priority for each in many] == [Priority.LOW] * 2


async def test_without_a_client_one_is_opened_from_the_settings(
    settings: Settings, handlers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREADLE_DATA", settings.data)
    run = await handlers["add"].enqueue(a=1, delay=3600)
    assert await run.cancel() is State.CANCELLED
    with pytest.raises(InvalidInput, match=r"leave `.sync` out, and await"):
        handlers["add"].sync.enqueue(a=1)


async def test_what_does_not_fit_is_refused_before_anything_is_stored(
    settings: Settings, handlers: dict[str, Any]
) -> None:
    add = handlers["add"]
    async with AsyncClient(settings):
        with pytest.raises(InvalidInput) as caught:
            await add.enqueue(a="x", c=1)
        assert sorted(each.pointer for each in caught.value.problems) == ["/inputs/a", "/inputs/c"]
        with pytest.raises(InvalidInput):
            await add.enqueue_many([{"a": 1}, {"a": "x"}])
        with pytest.raises(InvalidInput, match="/inputs/key: key is an option"):
            await add.enqueue(a=1, key="x")
        with pytest.raises(InvalidInput, match="cannot be written as JSON"):
            await add.enqueue(a=object())
        with pytest.raises(InvalidInput, match=r'/inputs/prioriti: unknown key \(did you mean "priority"\?\)'):
            await add.enqueue(a=1, prioriti="high")
        with pytest.raises(InvalidInput, match="/at: expected `str`, got `int`"):
            await add.enqueue(a=1, at=1795349392)
        with pytest.raises(InvalidInput, match="/at: 'tomorrow' is no date and time with an offset"):
            await add.enqueue(a=1, at="tomorrow")


async def test_the_client_of_before_is_bound_again(settings: Settings, handlers: dict[str, Any]) -> None:
    other = Settings(data=settings.data, tasks=settings.tasks, domain="other")
    async with AsyncClient(settings) as client:
        async with AsyncClient(other):
            run = await handlers["add"].enqueue(a=1, delay=3600)
            assert (await run.cancel()) is State.CANCELLED
        with pytest.raises(NotFound):
            await client.get(run.id)
        here = await handlers["add"].enqueue(a=1, delay=3600)
        assert (await client.get(here.id)).id == here.id
