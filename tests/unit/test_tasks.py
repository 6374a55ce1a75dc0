"""Classes as jobs: asked, carried out and judged in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from treadle import BaseTask, GiveUp, JobContext, JobPriority, RunnerResult, job
from treadle.authoring.decorators import AnyHandler
from treadle.authoring.tasks import VALIDATIONS
from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import parse_job
from treadle.domain.outcomes import Failed, Skipped


@dataclass
class Counted(RunnerResult):
    items: int = 0


def declared(body: dict[str, Any], **options: Any) -> AnyHandler:
    """A class with these members, as a job."""
    task: Any = type("Task", (BaseTask,), body)
    handler: AnyHandler = job("a", **options)(task).handler
    return handler


async def ends(body: dict[str, Any]) -> Any:
    return await declared(body).call()


def answers(*results: Any) -> dict[str, Any]:
    async def execute(self: Any, context: JobContext) -> Any:
        return list(results)

    return {"_execute_impl": execute}


def raises(error: Exception) -> dict[str, Any]:
    async def execute(self: Any, context: JobContext) -> Any:
        raise error

    return {"_execute_impl": execute}


def test_options_mean_what_they_mean_on_a_function() -> None:
    @job(
        "my_awesome_job",
        name="My Awesome Job",
        interval_seconds=120,
        enabled=False,
        priority=JobPriority.CRITICAL,
        max_retries=5,
        retry_delay_seconds=30,
        timeout_seconds=300,
        max_concurrent=2,
        messages={"type": "tweet"},
        batch_size=7,
        preserve_order=True,
        dependencies=["other_job"],
        requires_wallet=True,
        requires_twitter=False,
        requires_gpu=True,
    )  # type: ignore[call-arg]
    class MyAwesomeJob(BaseTask[Counted]):
        """Does it.

        And more.
        """

        async def _execute_impl(self, context: JobContext) -> list[Counted]:
            return []

    assert MyAwesomeJob.handler.spec == parse_job(
        {
            "job_id": "my_awesome_job",
            "type": "my_awesome_job",
            "name": "My Awesome Job",
            "description": "Does it.",
            "schedule": {"interval_sec": 120},
            "enabled": False,
            "priority": "critical",
            "max_retries": 5,
            "retry_delay_seconds": 30,
            "timeout_seconds": 300,
            "max_concurrent": 2,
            "messages": {"type": "tweet", "batch_size": 7, "preserve_order": True},
            "dependencies": ["other_job"],
            "affinity": {"capabilities": ["gpu", "wallet"]},
        }
    )
    assert MyAwesomeJob.handler.needs == {"wallet", "gpu"}
    assert MyAwesomeJob.handler.source.startswith(f"{__file__}:")
    assert isinstance(MyAwesomeJob(), BaseTask)


@pytest.mark.parametrize("name", VALIDATIONS)
async def test_a_validation_that_answers_no_skips_the_run_and_is_named(name: str) -> None:
    asked: list[str] = []

    def validation(each: str) -> Any:
        async def validate(self: Any, context: JobContext) -> bool:
            asked.append(each)
            return each != name

        return validate

    outcome = await ends({each: validation(each) for each in VALIDATIONS} | raises(AssertionError("not reached")))
    assert outcome == Skipped(f"Task.{name} answered no")
    assert asked == list(VALIDATIONS[: VALIDATIONS.index(name) + 1])


async def test_results_are_the_result() -> None:
    results = await ends(answers(Counted(items=3), Counted(success=False, error=ValueError("no"))))
    assert results == [
        {"success": True, "message": "", "error": None, "items": 3},
        {"success": False, "message": "", "error": "ValueError: no", "items": 0},
    ]
    assert await ends(answers()) == []
    assert await ends(answers(1, "x")) == [1, "x"]


async def test_a_run_without_a_success_fails_for_good() -> None:
    outcome = await ends(answers(Counted(success=False, message="away"), Counted(success=False, error="gone")))
    assert isinstance(outcome, Failed)
    assert (outcome.retry, outcome.error.code, outcome.error.message) == (False, "no_success", "away; gone")


async def test_the_task_decides_which_errors_are_tried_again() -> None:
    def only_connections(self: Any, error: Exception, context: JobContext) -> bool:
        return isinstance(error, ConnectionError)

    judged = {"_should_retry_on_error": only_connections}
    with pytest.raises(ConnectionError):
        await ends(raises(ConnectionError("away")) | judged)
    with pytest.raises(GiveUp, match="KeyError: 'x'"):
        await ends(raises(KeyError("x")) | judged)
    with pytest.raises(KeyError):
        await ends(raises(KeyError("x")))


async def test_an_error_can_be_recovered_from() -> None:
    async def recover(self: Any, error: Exception, context: JobContext) -> Any:
        return None if "temporary" in str(error) else [Counted(message=f"after {error}")]

    handled = {"_handle_execution_error": recover}
    assert (await ends(raises(ValueError("bad")) | handled))[0]["message"] == "after bad"
    with pytest.raises(ValueError, match="temporary"):
        await ends(raises(ValueError("temporary")) | handled)
    with pytest.raises(GiveUp, match="at once"):
        await ends(raises(GiveUp("at once")) | handled)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "does nothing: give it `async def _execute_impl"),
        ({"_execute_impl": lambda self, context: []}, "_execute_impl must be async"),
        (answers() | {"_validate_config": lambda self, context: True}, "_validate_config must be async"),
        (answers() | {"__init__": lambda self, url: None}, "its __init__ needs url"),
    ],
)
def test_a_class_that_cannot_be_carried_out_is_refused_where_it_stands(body: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said.replace("(", r"\(")):
        declared(body)


def test_a_requirement_is_said_by_true_or_false() -> None:
    with pytest.raises(InvalidInput) as caught:
        declared(answers(), requires_wallet="yes")
    assert [each.pointer for each in caught.value.problems] == ["/requires_wallet"]


def test_a_class_is_one_job() -> None:
    plain: Any = type("Task", (BaseTask,), answers())
    task: Any = job("a")(plain)
    with pytest.raises(InvalidInput, match="@job is on this already, as 'a'"):
        job("b")(task)
    other: Any = type("Other", (task,), {})
    assert job("b")(other).handler.type == "b"
