"""Functions, classes and the job manager on PostgreSQL, in one installation: by one mechanism, all see the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.orm import scoped_session, sessionmaker

from tests.support.postgres import databases
from tests.support.up import Up, until, up
from treadle import JobExecutor, JobManager, JobStatus, JobType, JobWorker
from treadle.client.managed import ManagedJob
from treadle.domain.errors import InvalidInput

pytestmark = pytest.mark.slow

TASKS = """
from dataclasses import dataclass
from datetime import date

from treadle import BaseTask, JobContext, QueueMessageFilter, RunnerResult, add_agent, job, list_queue_messages


@dataclass
class Total:
    day: date
    sum: int


@job("add")
async def add(ctx: JobContext, a: int, b: int = 1) -> Total:
    ctx.progress(1, 2)
    return Total(date(2026, 11, a), a + b + await ctx.kv.incr("calls"))


@job("outer")
async def outer(a: int) -> int:
    run = await add.enqueue(a=a)
    return (await run.result()).sum


@dataclass
class Sent(RunnerResult):
    texts: tuple[str, ...] = ()


@job("tweet", messages={"type": "tweet"}, batch_size=2, max_concurrent=1)
class Tweet(BaseTask[Sent]):
    async def _validate_task_specific(self, context: JobContext) -> bool:
        return len(await list_queue_messages(QueueMessageFilter(type="tweet", is_processed=False))) > 0

    async def _execute_impl(self, context: JobContext) -> list[Sent]:
        return [Sent(texts=tuple(message.payload["text"] for message in context.messages.take()))]


add_agent("double", lambda number: {"doubled": 2 * number})
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with databases() as made:
        yield made.url(asyncio.run(made.create()))


@pytest.fixture(scope="module")
def sessions(url: str) -> Iterator[sessionmaker[Any]]:
    engine = sqlalchemy.create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
    yield sessionmaker(bind=engine)
    engine.dispose()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, url: str) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("authoring")
    (folder / "tasks").mkdir()
    (folder / "tasks" / "all.py").write_text(TASKS)
    with up(folder, TREADLE_DATABASE_URL=url) as started:
        yield started


def finished(started: Up, run_id: str) -> dict[str, Any]:
    until(lambda: started.status(run_id) in ("completed", "failed", "skipped"), "its end")
    run: dict[str, Any] = started.server.get(f"/runs/{run_id}")
    return run


def test_functions_submit_each_other_and_keep_values(started: Up) -> None:
    first = finished(started, started.submit("outer", a=3))
    assert (first["status"], first["result"]) == ("completed", 3 + 1 + 1)
    run = finished(started, started.submit("add", a=3, b=10))
    assert run["result"] == {"day": "2026-11-03", "sum": 3 + 10 + 2}
    assert (run["progress"]["done"], run["progress"]["total"]) == (1, 2)


def test_classes_take_their_messages(started: Up) -> None:
    assert finished(started, started.submit("tweet"))["status"] == "skipped"
    for text in "abc":
        started.server.post("/messages", {"type": "tweet", "payload": {"text": text}})
    results = [finished(started, started.submit("tweet"))["result"] for _ in range(2)]
    assert [result[0]["texts"] for result in results] == [["a", "b"], ["c"]]


class Halve(JobExecutor):
    def can_execute(self, job: ManagedJob) -> bool:
        return job.payload.get("agent_name") == "halve"

    def execute(self, job: ManagedJob) -> dict[str, Any]:
        return {"success": True, "result": job.payload["parameters"]["number"] / 2}


def ended(manager: JobManager, job: ManagedJob) -> ManagedJob:
    def look() -> ManagedJob | None:
        found = manager.get_job(job.id)
        return found if found is not None and found.completed_at is not None else None

    return until(look, "an end")


def test_the_manager_works_on_what_sqlalchemy_is_bound_to(started: Up, sessions: sessionmaker[Any]) -> None:
    with JobManager(sessions) as manager:
        assert manager.is_running
        double = {"agent_name": "double", "parameters": {"number": 4}}
        first = manager.create_job(JobType.AGENT, "Doubling", "Doubles.", double)
        then = manager.create_job("add", payload={"a": 1}, dependencies=[first.id])
        assert ended(manager, then).status is JobStatus.COMPLETED
        done = manager.get_job(first.id)
        assert done is not None
        assert (done.result, done.name, done.description) == ({"doubled": 8}, "Doubling", "Doubles.")
        assert started.ask("run", "show", first.id)["result"] == {"doubled": 8}
        assert [job.id for job in manager.get_job_history(limit=2)] == [then.id, first.id]
        assert manager.get_job_metrics()["doubling"]["success_rate"] == 1.0
        health = manager.get_system_health()
        assert health["engine"].startswith("PostgreSQL")
        assert health["workers"] == {"online": 1, "slots": 5}


def test_a_script_carries_out_its_own_agents(sessions: sessionmaker[Any], url: str, tmp_path: Path) -> None:
    """Without anything else at work."""
    with JobManager(url) as manager:
        job = manager.create_job(JobType.AGENT, "alone", payload={"agent_name": "halve", "parameters": {"number": 3}})
        worker = JobWorker(scoped_session(sessions), agent_registry={"idle": print})
        worker.add_executor(Halve())
        with worker:
            assert ended(manager, job).result == 1.5


def test_what_is_no_database_for_treadle_is_refused(tmp_path: Path) -> None:
    file = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'own.db'}")
    with pytest.raises(InvalidInput, match="sqlite cannot be shared with SQLAlchemy: leave it out"):
        JobManager(sessionmaker(bind=file))
    with pytest.raises(InvalidInput, match="names no database"):
        JobManager(sessionmaker())
