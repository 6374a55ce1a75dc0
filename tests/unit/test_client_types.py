"""What a type checker knows of the clients: mypy judges this file with the rest, and it runs, so it tells the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, assert_type

from treadle import AsyncClient, Client
from treadle.client.groups import Group
from treadle.client.remote.answers import Event, Explanation, Job, LogEntry, Queue, RunDetail, WorkerList
from treadle.client.remote.answers import Run as AnsweredRun
from treadle.client.remote.calls import Answer, AsyncPages, Page, Pages
from treadle.domain.runs import RunView, State
from treadle.engines.contract import Accepted


def answers(client: Client) -> None:
    assert_type(client.jobs.get("a"), Job)
    assert_type(client.jobs.delete("a"), None)
    assert_type(client.runs.get("run_1"), RunDetail)
    assert_type(client.runs.get("run_1").status, State)
    assert_type(client.runs.get("run_1").finished_at, datetime | None)
    assert_type(client.runs.list(status=["failed"], created_after=datetime.now(UTC)), Pages[AnsweredRun])
    assert_type(client.runs.list().page(), Page[AnsweredRun])
    assert_type([run.job_id for run in client.runs.list()], list[str])
    assert_type(client.workers.list(), WorkerList)
    assert_type(client.queues.get.answer("default"), Answer[Queue])
    assert_type(client.logs.follow("run_1"), Iterator[LogEntry])
    assert_type(client.enqueue("a"), str)
    assert_type(client.submit("a"), Accepted)
    assert_type(client.enqueue_group("a", [{}], then="b"), Group)
    assert_type(client.wait("run_1", timeout=3), RunView)


async def awaited(client: AsyncClient) -> None:
    assert_type(await client.jobs.get("a"), Job)
    assert_type(await client.runs.explain("run_1"), Explanation)
    assert_type((await client.queues.get.answer("default")).etag, str | None)
    assert_type(client.runs.list(job=["a"]), AsyncPages[AnsweredRun])
    assert_type([run.inputs async for run in client.runs.list()], list[dict[str, Any]])
    assert_type(await client.runs.list().page("cursor"), Page[AnsweredRun])
    assert_type(client.events.follow(topics=["runs"]), AsyncIterator[Event])
    assert_type(await client.wait("run_1"), RunView)


def mistakes(client: Client) -> None:
    client.runs.get()  # type: ignore[call-arg]
    client.runs.get(3)  # type: ignore[arg-type]
    client.runs.list(state=["failed"])  # type: ignore[call-arg]
    client.schedules.backfill("a", after="2026-11-01T00:00:00Z")  # type: ignore[call-arg]
    wrong: int = client.runs.get("run_1").job_id  # type: ignore[assignment]
    assert wrong
    client.jobz  # type: ignore[attr-defined] # noqa: B018


async def test_what_a_checker_is_told_is_so() -> None:
    async with AsyncClient("http://127.0.0.1:1", token="0" * 20) as client:
        assert isinstance(client.runs.list(), AsyncPages)
        assert isinstance(client.events.follow(), AsyncIterator)
