"""`JobManager` and `JobWorker` in a plain script: created, carried out, looked at, tidied up; in one process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.up import until
from treadle import JobExecutor, JobManager, JobStatus, JobType, JobWorker
from treadle.authoring.agents import configured
from treadle.bootstrap import open_services
from treadle.client.managed import ManagedJob
from treadle.domain.errors import Conflict, InvalidInput, NotFound
from treadle.domain.jobs import parse_job
from treadle.settings import Settings

ENDED = {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


def count_rows(input_file: str, factor: int = 1) -> dict[str, Any]:
    return {"rows": len(input_file) * factor}


async def answer(query: str, inferred_goal_output: str = "") -> str:
    return f"{query}: {inferred_goal_output}"


class SecondTime(JobExecutor):
    """Succeeds when it is asked again."""

    def can_execute(self, job: ManagedJob) -> bool:
        return job.job_type == JobType.AGENT and job.payload.get("agent_name") == "special"

    def execute(self, job: ManagedJob) -> dict[str, Any]:
        return {"success": job.retry_count == 1, "result": job.name, "error": "not yet"}


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    monkeypatch.setenv("TREADLE_DATA", str(tmp_path / "data"))
    with JobManager() as manager:
        yield manager


@pytest.fixture
def worker(manager: JobManager) -> Iterator[JobWorker]:
    made = JobWorker(agent_registry={"count_rows": count_rows, "query": answer})
    made.add_executor(SecondTime())
    with made:
        yield made


def agent(manager: JobManager, name: str, agent_name: str = "count_rows", **more: Any) -> ManagedJob:
    parameters = more.pop("parameters", {"input_file": "data.csv"})
    payload = {"agent_name": agent_name, "parameters": parameters}
    return manager.create_job(job_type=JobType.AGENT, name=name, payload=payload, **more)


def ended(manager: JobManager, job: ManagedJob) -> ManagedJob:
    def look() -> ManagedJob | None:
        found = manager.get_job(job.id)
        return found if found is not None and found.status in ENDED else None

    return until(look, "an end")


def test_jobs_wait_for_those_that_they_depend_on(manager: JobManager, worker: JobWorker) -> None:
    first = agent(manager, "Data Processing", description="Process some data")
    assert (first.status, first.retry_count, first.max_retries) == (JobStatus.PENDING, 0, 3)
    second = manager.create_job(
        job_type=JobType.QUERY,
        name="analyze_results",
        payload={"query": "why", "inferred_goal_output": "report"},
        dependencies=[first.id],
    )
    done = ended(manager, second)
    assert (done.job_type, done.result, done.dependencies) == ("query", "why: report", [first.id])
    before = manager.get_job(first.id)
    assert before is not None
    assert (before.name, before.description, before.result) == ("Data Processing", "Process some data", {"rows": 8})
    assert before.completed_at is not None
    assert done.started_at is not None
    assert before.completed_at <= done.started_at


def test_a_failed_job_is_tried_as_often_as_it_says_and_then_stands_in_the_history(
    manager: JobManager, worker: JobWorker
) -> None:
    wrong = agent(manager, "wrong", parameters={"file": "x"}, max_retries=0)
    unknown = agent(manager, "unknown", "count_row")
    special = agent(manager, "special", "special", max_retries=1)
    done = ended(manager, special)
    assert (done.status, done.retry_count, done.result) == (JobStatus.COMPLETED, 1, "special")
    failed = ended(manager, wrong)
    assert (failed.status, failed.retry_count) == (JobStatus.FAILED, 0)
    assert "unexpected keyword argument 'file'" in str(failed.error_message)
    said = ended(manager, unknown).error_message
    assert said == "no agent 'count_row' is known to this worker (did you mean \"count_rows\"?)"
    assert [job.name for job in manager.get_job_history(limit=2)] == ["special", "unknown"]
    assert {job.name: job.status.value for job in manager.get_job_history()} == {
        "wrong": "failed",
        "unknown": "failed",
        "special": "completed",
    }
    metrics = manager.get_job_metrics()
    assert (metrics["special"]["success_rate"], metrics["special"]["retries"]) == (1.0, 1)
    assert (metrics["wrong"]["total_executions"], metrics["wrong"]["failed_executions"]) == (1, 1)
    assert manager.get_job_metrics("wrong").keys() == {"wrong"}
    assert manager.cleanup_old_history(days=30) == 0
    with pytest.raises(InvalidInput, match="days: cannot be below 0"):
        manager.cleanup_old_history(days=-1)
    assert manager.cleanup_old_history(days=0) == 3
    assert manager.get_job_history() == []


def test_a_job_waits_for_a_worker_that_has_its_agent(manager: JobManager) -> None:
    job = agent(manager, "elsewhere", "count_rows")
    with JobWorker(agent_registry={"other": count_rows}):
        done = ended(manager, agent(manager, "here", "other"))
        assert done.status is JobStatus.COMPLETED
        standing = manager.get_job(job.id)
        assert standing is not None
        assert standing.status is JobStatus.PENDING
    with JobWorker(agent_registry={"count_rows": count_rows}):
        assert ended(manager, job).status is JobStatus.COMPLETED


def test_health_tells_whether_anybody_works(manager: JobManager) -> None:
    waiting = [agent(manager, "a"), agent(manager, "b")]
    assert [job.id for job in manager.get_ready_jobs()] == [job.id for job in reversed(waiting)]
    health = manager.get_system_health()
    assert (manager.is_running, health["status"], health["runs"]["ready"]) == (False, "unhealthy", 2)
    assert manager.cancel_job(waiting[0].id).status is JobStatus.CANCELLED
    with JobWorker(agent_registry={"count_rows": count_rows}) as worker:
        assert ended(manager, waiting[1]).status is JobStatus.COMPLETED
        health = manager.get_system_health()
        assert (worker.is_running, manager.is_running, health["status"]) == (True, True, "healthy")
        assert health["workers"] == {"online": 1, "slots": 4}
    assert (worker.is_running, manager.is_running) == (False, False)
    assert manager.get_job("run_nobody") is None


@pytest.mark.parametrize(
    ("said", "error", "create"),
    [
        ("/inputs/agent_name: this input is required", InvalidInput, {"name": "x"}),
        ("/inputs/query", InvalidInput, {"job_type": JobType.QUERY, "name": "x", "payload": {"query": ""}}),
        ("there is no job nope: a job_type is JobType.AGENT", NotFound, {"job_type": "nope"}),
        ("there is no run run_x", InvalidInput, {"dependencies": ["run_x"]}),
        ("max_retries", InvalidInput, {"max_retries": -1}),
        ("/name", InvalidInput, {"name": ""}),
    ],
)
def test_what_cannot_be_is_refused_at_once(manager: JobManager, said: str, error: Any, create: dict[str, Any]) -> None:
    known = {"job_type": JobType.AGENT, "name": "x", "payload": {"agent_name": "a"}}
    if create == {"name": "x"}:
        known["payload"] = {}
    with pytest.raises(error, match=said):
        manager.create_job(**{**known, **create})
    assert manager.get_pending_jobs() == []


def test_a_name_that_another_job_has_is_left_to_it(tmp_path: Path, manager: JobManager) -> None:
    agent(manager, "mine")

    async def define() -> None:
        async with open_services(Settings(data=str(tmp_path / "data"))) as services:
            spec = parse_job({"job_id": "theirs", "executor": {"type": "shell", "script": "true"}})
            await services.jobs.create("default", spec)

    asyncio.run(define())
    with pytest.raises(Conflict, match="there is a job theirs already, from api: choose another name"):
        agent(manager, "theirs")
    run = manager.create_job(job_type="theirs", payload={"a": 1}, max_retries=7)
    assert (run.name, run.payload, run.max_retries) == ("theirs", {"a": 1}, 7)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: JobWorker(agent_registry={"a": 3}), "the agent 'a' is to be a function, not 3"),  # type: ignore[dict-item]
        (lambda: JobWorker().start(), "could carry out nothing"),
        (lambda: JobWorker(max_concurrent_jobs=0), "at least 1"),
        (lambda: JobWorker().add_executor(object()), "an executor has a method can_execute"),  # type: ignore[arg-type]
        (lambda: JobManager(3), "3 names no database"),
        (lambda: configured('{"a": "json:dump"'), "TREADLE_AGENTS"),
        (lambda: configured('{"a": "json:nothing", "b": "no_such.module:f", "c": "json"}'), "TREADLE_AGENTS: c"),
        (lambda: configured("/nowhere/agents.json"), "No such file"),
    ],
)
def test_what_a_worker_cannot_use_is_refused_at_once(make: Callable[[], object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        make()


def test_agents_come_from_the_configuration_too(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAIAT_AGENT_CONFIG", f'{{"rows": "{__name__}:count_rows"}}')
    with JobWorker():
        assert ended(manager, agent(manager, "configured", "rows")).result == {"rows": 8}


SCRIPT = """
from treadle import JobWorker

def shout(text): return text.upper()

JobWorker(agent_registry={"shout": shout}, max_concurrent_jobs=2).run()
"""


def test_a_script_works_until_it_is_told_to_end(manager: JobManager) -> None:
    job = agent(manager, "loud", "shout", parameters={"text": "hey"})
    with subprocess.Popen([sys.executable, "-c", SCRIPT]) as script:
        assert ended(manager, job).result == "HEY"
        script.terminate()
        assert script.wait(30) == 0
    assert not manager.is_running
