"""What steps, sleeps and waits do to a handler, on a clock and a keeper of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.steps import MemoryKeeper
from treadle.authoring.steps import Suspended, WaitTimeout, here, suspension
from treadle.domain.errors import InvalidInput, PayloadTooLarge
from treadle.domain.events import Event
from treadle.domain.instants import SECOND
from treadle.domain.outcomes import Released, Snoozed, Waiting
from treadle.domain.steps import MAX_BYTES, MAX_STEP_BYTES, MAX_STEPS, RunStep, StepKind
from treadle.testing.clock import VirtualClock


def counting() -> tuple[list[int], Callable[[], int]]:
    """A function that must not be called twice."""
    calls: list[int] = []

    def call() -> int:
        calls.append(1)
        return len(calls)

    return calls, call


def event(data: bytes, seq: int = 1) -> Event:
    return Event(seq=seq, domain="default", type="user.paid", subject="shop", n=0, job_id="", at=0, data=data)


async def test_a_step_is_done_once_and_answers_as_json_from_the_first_time_on() -> None:
    keeper, clock = MemoryKeeper(), VirtualClock()
    calls, call = counting()

    async def pair(first: Any, *, second: Any) -> tuple[Any, Any]:
        return first, second

    for _ in range(3):
        steps = keeper.execution(clock)
        assert await steps.run("charge", call) == 1
        assert await steps.run("pair", pair, 1, second="b") == [1, "b"]
    assert len(calls) == 1
    assert [(step.name, step.kind, step.result) for step in keeper.steps] == [
        ("charge", StepKind.RESULT, b"1"),
        ("pair", StepKind.RESULT, b'[1,"b"]'),
    ]


async def test_a_name_used_again_is_another_step() -> None:
    keeper, clock = MemoryKeeper(), VirtualClock()
    for _ in range(2):
        steps = keeper.execution(clock)
        assert [await steps.run("page", lambda n=n: n) for n in range(3)] == [0, 1, 2]
    assert [step.name for step in keeper.steps] == ["page", "page#2", "page#3"]


async def test_what_a_function_raises_passes_on_and_is_not_kept() -> None:
    keeper, clock = MemoryKeeper(), VirtualClock()

    def boom() -> None:
        raise ConnectionError("no")

    with pytest.raises(ConnectionError):
        await keeper.execution(clock).run("charge", boom)
    assert keeper.steps == []
    assert await keeper.execution(clock).run("charge", lambda: 1) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "step 'charge' returned a object that cannot be written as JSON"),
        ("x" * MAX_STEP_BYTES, f"step 'charge' returned {MAX_STEP_BYTES + 2} bytes of JSON, and {MAX_STEP_BYTES} at"),
    ],
)
async def test_a_result_that_cannot_be_kept_is_named_and_not_kept(value: object, said: str) -> None:
    keeper = MemoryKeeper()
    with pytest.raises(InvalidInput) as refused:
        await keeper.execution(VirtualClock()).run("charge", lambda: value)
    assert refused.value.message.startswith(said)
    assert keeper.steps == []


async def test_the_steps_of_a_run_are_bounded_in_number_and_together() -> None:
    keeper, clock = MemoryKeeper(), VirtualClock()
    text = b'"' + b"x" * (MAX_STEP_BYTES - 2) + b'"'
    keeper.steps = [
        RunStep(name=f"s{n}", kind=StepKind.RESULT, result=text, token=1, at=0) for n in range(MAX_BYTES // len(text))
    ]
    with pytest.raises(InvalidInput, match=f"beside {MAX_BYTES} of the steps before"):
        await keeper.execution(clock).run("more", lambda: 1)
    keeper.steps = [RunStep(name=f"s{n}", kind=StepKind.RESULT, result=b"1", token=1, at=0) for n in range(MAX_STEPS)]
    calls, call = counting()
    with pytest.raises(InvalidInput, match=f"would be step {MAX_STEPS + 1} of the run"):
        await keeper.execution(clock).run("more", call)
    assert calls == []


@pytest.mark.parametrize("name", ["", "a#2", "a\nb", "x" * 201, None])
async def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(InvalidInput, match="is no name of a step"):
        await MemoryKeeper().execution(VirtualClock()).run(name, lambda: 1)


async def test_a_sleep_ends_the_handler_until_its_time_has_come() -> None:
    keeper, clock = MemoryKeeper(), VirtualClock()
    with pytest.raises(Suspended) as slept:
        await keeper.execution(clock).sleep(90)
    assert slept.value.outcome == Snoozed(90 * SECOND, "sleep")
    clock.advance(30 * SECOND)  # a worker was lost, say
    with pytest.raises(Suspended) as slept:
        await keeper.execution(clock).sleep(90)
    assert slept.value.outcome == Snoozed(60 * SECOND, "sleep")
    clock.advance(60 * SECOND)
    steps = keeper.execution(clock)
    await steps.sleep(90)
    with pytest.raises(Suspended) as slept:
        await steps.sleep(1)
    assert slept.value.outcome == Snoozed(SECOND, "sleep#2")


async def test_a_wait_ends_the_handler_and_is_answered_by_what_is_recorded() -> None:
    keeper, clock = MemoryKeeper(), VirtualClock()
    keeper.events = [event(b'{"order":18}')]
    with pytest.raises(Suspended) as waited:
        await keeper.execution(clock).wait_for("paid", {"order": 17}, 60)
    outcome = waited.value.outcome
    assert isinstance(outcome, Waiting)
    assert outcome.wait is not None
    assert (outcome.wait.step, outcome.wait.event, outcome.wait.after) == ("wait:paid", "paid", 1)
    assert outcome.wait.timeout_at == clock.wall() + 60 * SECOND
    keeper.events.append(event(b'{"order":17}', 2))
    for _ in range(2):
        assert await keeper.execution(clock).wait_for("paid", {"order": 17}, 60) == {"order": 17}
    assert [step.event for step in keeper.steps] == [2]


async def test_an_event_answers_one_wait() -> None:
    keeper = MemoryKeeper(events=[event(b'{"n":1}', 1), event(b'{"n":2}', 2)])
    steps = keeper.execution(VirtualClock())
    assert [await steps.wait_for("paid", {}, None) for _ in range(2)] == [{"n": 1}, {"n": 2}]
    with pytest.raises(Suspended):
        await steps.wait_for("paid", {}, None)


async def test_a_wait_that_timed_out_raises_each_time() -> None:
    keeper, clock = MemoryKeeper(), VirtualClock()
    keeper.steps = [RunStep(name="wait:paid", kind=StepKind.TIMEOUT, result=b"null", token=1, at=0)]
    for _ in range(2):
        with pytest.raises(WaitTimeout, match=r"no event 'paid' whose data contains .\"order\":17. came until 1970"):
            await keeper.execution(clock).wait_for("paid", {"order": 17}, 1)


async def test_an_event_is_published_once() -> None:
    keeper, clock = MemoryKeeper(), VirtualClock()
    for _ in range(2):
        steps = keeper.execution(clock)
        await steps.publish("paid", {"n": 1}, None)
        await steps.publish("paid", {"n": 2}, "shop")
    assert list(keeper.published) == ["run_1/publish:paid", "run_1/publish:paid#2"]
    first, second = keeper.published.values()
    assert (first.type, first.subject, first.job_id, first.data) == ("user.paid", "run_1", "order", b'{"n":1}')
    assert second.subject == "shop"


async def test_a_run_that_was_taken_away_ends_the_handler() -> None:
    keeper = MemoryKeeper(taken_away=True)
    steps = keeper.execution(VirtualClock())
    with pytest.raises(Suspended) as ended:
        await steps.run("charge", lambda: 1)
    assert isinstance(ended.value.outcome, Released)


async def test_a_handler_that_holds_on_gets_no_further() -> None:
    steps = MemoryKeeper().execution(VirtualClock())
    calls, call = counting()
    with pytest.raises(Suspended):
        await steps.sleep(1)
    with pytest.raises(Suspended):
        await steps.run("charge", call)
    assert calls == []
    assert suspension(steps) == Snoozed(SECOND, "sleep")
    assert suspension(steps, ConnectionError()) is None


async def test_a_group_of_tasks_is_suspended_by_one_of_them() -> None:
    steps = MemoryKeeper().execution(VirtualClock())

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(steps.sleep(1))
            group.create_task(asyncio.sleep(60))

    with pytest.raises(BaseExceptionGroup) as raised:
        await together()
    assert suspension(steps, raised.value) == Snoozed(SECOND, "sleep")
    mixed = BaseExceptionGroup("both", [Suspended(Released()), ConnectionError()])
    assert suspension(steps, mixed) is None


def test_without_a_loop_a_step_answers_at_once() -> None:
    keeper = MemoryKeeper()
    steps = keeper.execution(VirtualClock())
    assert here(steps.run("charge", lambda: 1)) == 1
    with pytest.raises(InvalidInput, match="make the handler async"):
        here(steps.run("late", asyncio.sleep, 0))
    with pytest.raises(Suspended):
        here(steps.sleep(1))


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 10**9])
async def test_a_length_of_time_that_is_none_is_refused(seconds: float) -> None:
    steps = MemoryKeeper().execution(VirtualClock())
    with pytest.raises(InvalidInput, match="0 to 366 days"):
        await steps.sleep(seconds)
    with pytest.raises(InvalidInput, match="0 to 366 days"):
        await steps.wait_for("paid", {}, seconds)


async def test_an_event_or_match_that_is_none_is_refused() -> None:
    steps = MemoryKeeper().execution(VirtualClock())
    for name in ("", "a b", "#", "x" * 101):
        with pytest.raises(InvalidInput, match="is no name of an event"):
            await steps.wait_for(name, {}, None)
    with pytest.raises(InvalidInput, match="is not a JSON value"):
        await steps.wait_for("paid", {"a": object()}, None)
    with pytest.raises(PayloadTooLarge, match="the data takes"):
        await steps.publish("paid", {"a": "x" * MAX_STEP_BYTES}, None)


async def test_a_step_of_another_kind_tells_that_the_handler_has_changed() -> None:
    keeper = MemoryKeeper(steps=[RunStep(name="sleep", kind=StepKind.SLEEP, result=b"1", token=1, at=0)])
    with pytest.raises(InvalidInput, match="step 'sleep' was recorded as a sleep: the handler has changed since"):
        await keeper.execution(VirtualClock()).run("sleep", lambda: 1)
