"""`@job` makes a function a handler and its options a job; what is wrong is said where it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from treadle import JobContext, job
from treadle.authoring.registry import Registry
from treadle.domain.errors import Conflict, InvalidInput
from treadle.domain.instants import SECOND, from_iso
from treadle.domain.jobs import parse_job
from treadle.domain.priority import Priority
from treadle.domain.retry import ExponentialBackoff, ListedBackoff
from treadle.domain.schedules import ScheduleSpec
from treadle.domain.work import PythonHandler


def nothing() -> None: ...


def test_options_mean_what_the_document_means() -> None:
    @job(
        "report.daily",
        name="Daily report",
        cron="0 7 * * *",
        timezone="Asia/Jakarta",
        timeout_seconds=300,
        max_retries=1,
        retry_delay_seconds=30,
        priority=Priority.HIGH,
        queue="reports",
        tags=["daily"],
        isolation="process",
        inputs={"region": "java"},
        enabled=False,
        allow_overlap=True,
        misfire={"policy": "skip"},
    )
    def report(region: str) -> str:
        """Counts what was sold.

        More about it.
        """
        return f"report of {region}"

    assert report.spec == parse_job(
        {
            "job_id": "report.daily",
            "type": "report.daily",
            "name": "Daily report",
            "description": "Counts what was sold.",
            "schedule": {"cron": "0 7 * * *", "timezone": "Asia/Jakarta"},
            "timeout": 300,
            "retry_policy": {"max_retry": 1, "backoff_sec": [30]},
            "priority": "high",
            "queue": "reports",
            "tags": ["daily"],
            "isolation": "process",
            "inputs": {"region": "java"},
            "inputs_schema": {
                "type": "object",
                "properties": {"region": {"type": "string"}},
                "required": ["region"],
                "additionalProperties": False,
            },
            "enabled": False,
            "allow_overlap": True,
            "misfire": {"policy": "skip"},
        }
    )
    assert report("bali") == "report of bali"
    assert (report.type, report.is_async) == ("report.daily", False)
    assert report.__name__ == "report"  # type: ignore[attr-defined]
    assert report.source.startswith(__file__ + ":")


async def test_nothing_is_needed_but_the_id() -> None:
    @job("a")
    async def handler() -> int:
        return 3

    assert handler.is_async
    assert handler.spec.schedule is None
    assert handler.spec.work.executor == PythonHandler(handler="a")
    assert await handler() == 3


@pytest.mark.parametrize(
    ("options", "spec"),
    [
        ({"interval_seconds": 90}, ScheduleSpec(every=90 * SECOND)),
        ({"at": datetime(2026, 3, 1, 9, tzinfo=UTC)}, ScheduleSpec(at=from_iso("2026-03-01T09:00:00Z"))),
        (
            {"at": datetime(2026, 3, 1, 9), "timezone": "Asia/Jakarta"},  # noqa: DTZ001 - read in the schedule's zone
            ScheduleSpec(at=from_iso("2026-03-01T02:00:00Z"), timezone="Asia/Jakarta"),
        ),
        (
            {"cron": "@daily", "end_at": "2026-03-01T09:00:00Z"},
            ScheduleSpec(cron="@daily", end_at=from_iso("2026-03-01T09:00:00Z")),
        ),
    ],
)
def test_the_ways_to_say_when(options: dict[str, Any], spec: ScheduleSpec) -> None:
    assert job("a", **options)(nothing).spec.schedule == spec


def test_backoff_is_a_list_or_grows() -> None:
    assert job("a", backoff=[1, 5])(nothing).spec.work.retry.backoff == ListedBackoff((1.0, 5.0))
    growing = job("a", backoff={"base": 2, "cap": 60})(nothing).spec.work.retry.backoff
    assert growing == ExponentialBackoff(base=2, cap=60)


def test_an_option_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(TypeError, match=r"no option 'interval_second' \(did you mean \"interval_seconds\"\?\)"):
        job("a", interval_second=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"no option 'timeout' \(did you mean \"timeout_seconds\"\?\)"):
        job("a", timeout=3)  # type: ignore[call-arg]


def test_retries_are_max_retries() -> None:
    assert job("a", retries=7)(nothing).spec == job("a", max_retries=7)(nothing).spec
    with pytest.raises(InvalidInput, match="/max_retries: says something else than /retries"):
        job("a", retries=7, max_retries=8)(nothing)


def test_without_an_id_the_right_way_is_shown() -> None:
    with pytest.raises(TypeError, match=r'write @job\("report.daily"\)'):
        job(nothing)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "option",
    [
        "version",
        "enable_dead_letter_queue",
    ],
)
def test_an_option_of_a_later_release_is_refused_as_such(option: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        job("a", **{option: 1})(nothing)  # type: ignore[arg-type]
    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [
        (f"/{option}", "not_yet_supported")
    ]


def test_every_fault_is_named_with_the_place() -> None:
    with pytest.raises(InvalidInput) as caught:
        job("a b", cron="61 * * * *", priority="hasty", inputs={"x": {1}})(nothing)
    assert {problem.pointer for problem in caught.value.problems} == {
        "/job_id",
        "/type",
        "/schedule/cron",
        "/priority",
        "/inputs/x",
    }
    assert caught.value.__notes__[0].startswith(f'in @job("a b") at {__file__}:')


def test_times_without_a_schedule_have_no_effect_and_are_refused() -> None:
    with pytest.raises(InvalidInput, match="says not when"):
        job("a", timezone="Asia/Jakarta")(nothing)


def test_only_functions_that_return_are_handlers() -> None:
    class Task: ...

    def gives() -> Any:
        yield 1

    with pytest.raises(InvalidInput, match="a class of a job is a BaseTask"):
        job("a")(Task)
    with pytest.raises(InvalidInput, match="@job is on this already, as 'b'"):
        job("a")(job("b")(nothing))
    with pytest.raises(InvalidInput, match="would never run"):
        job("a")(gives)
    with pytest.raises(InvalidInput, match="on a function, not on 3"):
        job("a")(3)  # type: ignore[call-overload]
    with pytest.raises(InvalidInput, match="a method has no object"):

        class Reports:
            @job("a")
            def send(self) -> None: ...


def test_a_type_has_one_handler() -> None:
    registry = Registry()
    one, two = job("a")(nothing), job("a")(nothing)
    registry.add(one)
    registry.add(one)
    with pytest.raises(Conflict) as caught:
        registry.add(two)
    assert caught.value.message.count(__file__) == 2
    assert (registry.get("a"), registry.get("b"), list(registry), len(registry)) == (one, None, [one], 1)


def test_handlers_with_a_context_are_typed() -> None:
    @job("a")
    def handler(ctx: JobContext, count: int = 1) -> int:
        return count

    assert handler.spec.type == "a"
