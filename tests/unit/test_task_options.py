"""Every option of `@job` on a class has its effect: a test each, in virtual time, on the parts that run in earnest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from treadle import BaseTask, JobContext, JobPriority, JobRegistry, JobType, RunnerResult, job
from treadle.domain.errors import InvalidInput
from treadle.testing.kit import JobKit

OPTIONS: Final = {
    "type": "test_the_type_is_the_job_s_id_and_a_constant",
    "name": "test_the_name_and_the_description_are_told",
    "description": "test_the_name_and_the_description_are_told",
    "interval_seconds": "test_the_interval_fires",
    "enabled": "test_what_is_not_enabled_fires_nothing_and_runs_by_hand",
    "priority": "test_the_urgent_go_before_the_rest",
    "max_retries": "test_it_is_tried_again_so_often_after_such_a_delay",
    "retry_delay_seconds": "test_it_is_tried_again_so_often_after_such_a_delay",
    "timeout_seconds": "test_an_attempt_ends_at_its_timeout",
    "max_concurrent": "test_so_many_are_active_at_once",
    "batch_size": "test_things_come_in_batches",
    "requires_*": "test_what_is_required_is_a_capability_of_the_worker",
    "dependencies": "test_a_run_waits_for_those_of_the_jobs_it_depends_on",
    "preserve_order": "test_runs_keep_their_order",
    "idempotent": "test_what_is_not_idempotent_is_begun_once",
}
"""The options that a class takes, and where each is proven."""

MONDAY = "2026-03-02T00:00:00+00:00"

Do = Callable[[JobContext], Awaitable[Any]]


def task(job_id: str, do: Do | None = None, **options: Any) -> type[BaseTask[Any]]:
    """A class of a job that does one thing."""

    class Task(BaseTask[RunnerResult]):
        """Does one thing."""

        async def _execute_impl(self, context: JobContext) -> list[RunnerResult]:
            said = None if do is None else await do(context)
            return [RunnerResult(message=str(said))]

    return job(job_id, **options)(Task)


def message(run: Any) -> str:
    """What the one thing came to."""
    (result,) = run.result
    return str(result["message"])


def fails(context: JobContext) -> Any:
    raise ConnectionError(f"attempt {context.attempt}")


class Count:
    """Counts how many are at work at once, and who began in which order."""

    def __init__(self, seconds: float = 20) -> None:
        self.active = self.most = 0
        self.begun: list[str] = []
        self._seconds = seconds

    async def __call__(self, context: JobContext) -> None:
        self.active += 1
        self.most = max(self.most, self.active)
        self.begun.append(context.inputs.get("who", context.job_id))
        await asyncio.sleep(context.inputs.get("seconds", self._seconds))
        self.active -= 1


def test_the_table_is_whole() -> None:
    proven = {name for name, value in globals().items() if name.startswith("test_") and callable(value)}
    assert set(OPTIONS.values()) <= proven


def test_the_type_is_the_job_s_id_and_a_constant() -> None:
    sync = task("options_sync")
    assert JobType.OPTIONS_SYNC == "options_sync"
    assert "options_sync" in JobType.get_all_job_types()
    assert sync.handler in JobRegistry.list_jobs()
    with JobKit(sync) as kit:
        assert kit.run(sync).job_id == "options_sync"


def test_the_name_and_the_description_are_told() -> None:
    spec = task("a", name="A job", description="Does it.").handler.spec
    assert (spec.name, spec.description) == ("A job", "Does it.")
    spec = task("a").handler.spec
    assert (spec.name, spec.description) == ("a", "Does one thing.")


def test_the_interval_fires() -> None:
    every = task("every", interval_seconds=90)
    with JobKit(every, at=MONDAY) as kit:
        fired = kit.advance(minutes=5)
        assert [run.job_id for run in fired] == ["every"] * 3
        slots = [run.slot for run in fired if run.slot is not None]
        assert [(slot - min(slots)).total_seconds() for slot in sorted(slots)] == [0, 90, 180]


def test_what_is_not_enabled_fires_nothing_and_runs_by_hand() -> None:
    off = task("off", interval_seconds=90, enabled=False)
    with JobKit(off, at=MONDAY) as kit:
        assert kit.advance(minutes=5) == []
        assert kit.run(off).state == "completed"


def test_the_urgent_go_before_the_rest() -> None:
    count = Count()
    line: dict[str, Any] = {"flow_group": "line", "flow_max_active_runs": 1}
    priorities = [JobPriority.LOW, JobPriority.NORMAL, JobPriority.HIGH, JobPriority.CRITICAL]
    jobs = [task(priority.value, count, priority=priority, **line) for priority in priorities]
    first = task("first", count, **line)
    with JobKit(first, *jobs) as kit:
        kit.submit(first)
        for each in jobs:
            kit.submit(each)
        kit.advance(minutes=10)
    assert count.begun == ["first", "critical", "high", "normal", "low"]


@pytest.mark.parametrize(("retries", "delay"), [(0, 30), (2, 45)])
def test_it_is_tried_again_so_often_after_such_a_delay(retries: int, delay: float) -> None:
    flaky = task("flaky", fails, max_retries=retries, retry_delay_seconds=delay)
    with JobKit(flaky) as kit:
        run = kit.run(flaky)
        assert (run.state, run.errors) == ("failed", [f"attempt {attempt}" for attempt in range(1, retries + 2)])
        assert run.retried_after == [delay] * retries


def test_an_attempt_ends_at_its_timeout() -> None:
    slow = task("slow", Count(seconds=400), timeout_seconds=300, max_retries=0)
    quick = task("quick", Count(seconds=200), timeout_seconds=300)
    with JobKit(slow, quick) as kit:
        run = kit.run(slow)
        assert run.error is not None
        assert (run.state, run.error.code) == ("failed", "timeout")
        assert kit.run(quick).state == "completed"


@pytest.mark.parametrize("most", [1, 2])
def test_so_many_are_active_at_once(most: int) -> None:
    count = Count()
    some = task("some", count, max_concurrent=most)
    with JobKit(some) as kit:
        runs = [kit.submit(some) for _ in range(5)]
        kit.advance(minutes=10)
        assert {run.state for run in runs} == {"completed"}
    assert count.most == most


def test_things_come_in_batches() -> None:
    async def sizes(context: JobContext) -> list[int]:
        return [len(batch) for batch in context.batches(range(25))]

    by_default, seven = task("by.default", sizes), task("seven", sizes, batch_size=7)

    async def taken(context: JobContext) -> list[int]:
        return [context.batch_size, len(context.messages)]

    tweets = task("tweets", taken, messages={"type": "tweet"}, batch_size=3)
    with JobKit(by_default, seven, tweets) as kit:
        assert (message(kit.run(by_default)), message(kit.run(seven))) == ("[10, 10, 5]", "[7, 7, 7, 4]")
        kit.put("tweet", *({"n": n} for n in range(5)))
        assert [message(kit.run(tweets)) for _ in range(2)] == ["[3, 3]", "[3, 2]"]


def test_what_is_required_is_a_capability_of_the_worker() -> None:
    """Real workers with and without it are in `tests/integration/worker/test_classes.py`."""
    handler = task("a", requires_wallet=True, requires_gpu=True, requires_ai=False).handler
    assert handler.needs == {"wallet", "gpu"}
    assert "wallet" in handler.spec.work.requires
    with pytest.raises(InvalidInput, match="/requires_wallet: must be true or false, not 'yes'"):
        task("a", requires_wallet="yes")


def test_a_run_waits_for_those_of_the_jobs_it_depends_on() -> None:
    count = Count()
    first = task("prerequisite_job", count)
    then = task("then", count, dependencies=["prerequisite_job"])
    with JobKit(first, then) as kit:
        before, after = kit.submit(first), kit.submit(then)
        kit.advance(10)
        assert (before.state, after.state, after.starts) == ("running", "blocked", [])
        kit.advance(minutes=5)
        assert after.state == "completed"
    assert (count.begun, count.most) == (["prerequisite_job", "then"], 1)


def test_runs_keep_their_order() -> None:
    count = Count()
    ordered = task("ordered", count, preserve_order=True)
    free = task("free", Count(), preserve_order=False)
    with JobKit(ordered, free) as kit:
        for who, seconds in (("a", 25), ("b", 1), ("c", 20), ("d", 5)):
            kit.submit(ordered, {"who": who, "seconds": seconds})
        kit.advance(minutes=5)
    assert (count.begun, count.most) == (["a", "b", "c", "d"], 1)
    with pytest.raises(InvalidInput, match="/preserve_order: lets one run be active at a time"):
        task("both", preserve_order=True, max_concurrent=2)


def test_what_is_not_idempotent_is_begun_once() -> None:
    """A worker that is lost is in `tests/integration/worker/test_classes.py`."""
    once, again = task("once", fails, idempotent=False), task("again", fails, idempotent=True, max_retries=1)
    with JobKit(once, again) as kit:
        assert kit.run(once).errors == ["attempt 1"]
        assert kit.run(again).errors == ["attempt 1", "attempt 2"]


@pytest.mark.parametrize(
    ("option", "meant"),
    [("max_retry", "max_retries"), ("intervall_seconds", "interval_seconds"), ("requires_wallett", "requires_wallet")],
)
def test_an_option_that_there_is_none_of_names_the_nearest(option: str, meant: str) -> None:
    with pytest.raises(TypeError, match=f"@job has no option '{option}' \\(did you mean \"{meant}\"\\?\\)"):
        job("a", **{option: True})  # type: ignore[arg-type]
