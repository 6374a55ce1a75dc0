"""A client reads a job once: whatever becomes of the job, its next run is of the job as it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.scheduling import define
from treadle import AsyncClient
from treadle.client import engine_door
from treadle.domain.errors import InvalidInput, KeyReused, NotFound, QueueDraining
from treadle.domain.queues import QueueState
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.engines.contract import Engine
from treadle.engines.definitions import JOB_KIND
from treadle.engines.open import open_engine
from treadle.settings import Settings
from treadle.system import SystemClock


@pytest.fixture
async def engine(any_url: str) -> AsyncIterator[Engine]:
    engine = await open_engine(any_url, SystemClock())
    yield engine
    await engine.close()


@pytest.fixture
def client(engine: Engine) -> AsyncClient:
    return AsyncClient.over(engine, Settings())


@pytest.fixture
def read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that were read, in their order."""
    names: list[str] = []
    get = engine.documents.get

    async def noting(domain: str, kind: str, document_id: str) -> Any:
        names.append(document_id)
        return await get(domain, kind, document_id)

    monkeypatch.setattr(engine.documents, "get", noting)
    return names


async def job(engine: Engine, job_id: str = "add", **keys: Any) -> None:
    await define(engine, job_id, executor=None, schedule=None, type="add", **keys)


async def test_a_job_is_read_once_and_again_once_it_has_changed(
    engine: Engine, client: AsyncClient, read: list[str]
) -> None:
    await job(engine, queue="first")
    read.clear()
    before = [await client.enqueue("add") for _ in range(3)]
    assert read == ["add"]
    await job(engine, queue="second")
    read.clear()
    after = [await client.enqueue("add") for _ in range(3)]
    assert read == ["add"]
    stored = {run.id: run for run in await engine.runs.get(DEFAULT_DOMAIN, before + after)}
    assert [(stored[run].job_version, stored[run].queue) for run in before] == [(1, "first")] * 3
    assert [(stored[run].job_version, stored[run].queue) for run in after] == [(2, "second")] * 3


async def test_a_job_that_is_gone_has_no_more_runs_and_made_again_has(engine: Engine, client: AsyncClient) -> None:
    await job(engine, queue="first")
    await client.enqueue("add")
    await engine.documents.delete(DEFAULT_DOMAIN, JOB_KIND, "add")
    for _ in range(2):
        with pytest.raises(NotFound, match="there is no job add"):
            await client.enqueue("add")
    await job(engine, queue="second")
    assert (await client.get(await client.enqueue("add"))).queue == "second"


async def test_inputs_are_judged_by_the_job_as_it_stands(engine: Engine, client: AsyncClient) -> None:
    def takes(kind: str) -> dict[str, Any]:
        return {"inputs_schema": {"type": "object", "properties": {"n": {"type": kind}}}}

    await job(engine, **takes("integer"))
    await client.enqueue("add", {"n": 1})
    await job(engine, **takes("string"))
    with pytest.raises(InvalidInput, match="/inputs/n"):
        await client.enqueue("add", {"n": 1})
    await job(engine, **takes("integer"))
    await client.enqueue("add", {"n": 1})
    await job(engine, **takes("string"))
    assert await client.enqueue("add", {"n": "1"})


async def test_what_is_refused_of_a_job_that_is_known_says_why(engine: Engine, client: AsyncClient) -> None:
    await job(engine)
    first = await client.enqueue("add", {"n": 1}, key="k")
    assert await client.enqueue("add", {"n": 1}, key="k") == first
    with pytest.raises(KeyReused):
        await client.enqueue("add", {"n": 2}, key="k")
    with pytest.raises(InvalidInput, match="there is no run run_none"):
        await client.enqueue("add", depends_on=["run_none"])
    await engine.queues.switch(DEFAULT_DOMAIN, "default", QueueState.DRAINING)
    with pytest.raises(QueueDraining):
        await client.enqueue("add")
    await job(engine, queue="other")
    assert await client.enqueue("add", {"n": 1}, key="k") == first
    assert (await client.get(await client.enqueue("add"))).queue == "other"


async def test_it_remembers_a_limited_number_of_jobs(
    engine: Engine, client: AsyncClient, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_door, "_MOST_KNOWN", 2)
    for name in ("a", "b", "c"):
        await job(engine, name)
    read.clear()
    for name in ("a", "b", "a", "c", "b", "a"):
        await client.enqueue(name)
    assert read == ["a", "b", "c", "a"]


async def test_while_a_job_changes_each_run_is_of_the_version_that_stood_or_of_a_later_one(
    engine: Engine, client: AsyncClient
) -> None:
    await job(engine, tags=["0"])
    stands, over = 1, False
    seen: list[tuple[int, str]] = []

    async def change() -> None:
        nonlocal stands, over
        for turn in range(20):
            await job(engine, tags=[str(turn + 1)])
            stands += 1
            await asyncio.sleep(0)
        over = True

    async def submit(mine: AsyncClient) -> None:
        while not over:
            at_least = stands
            seen.append((at_least, await mine.enqueue("add")))

    others = [AsyncClient.over(engine, Settings()) for _ in range(3)]
    await asyncio.gather(change(), *(submit(mine) for mine in (client, *others)))
    runs = {run.id: run for run in await engine.runs.get(DEFAULT_DOMAIN, [run_id for _, run_id in seen])}
    assert len(runs) == len(seen) > len(others)
    assert all(runs[run_id].job_version >= at_least for at_least, run_id in seen)
