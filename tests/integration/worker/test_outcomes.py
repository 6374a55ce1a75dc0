"""What handlers return and raise, carried by a real worker into the database; nothing of it takes the worker down."""

from __future__ import annotations

from typing import Any

import psutil
import pytest
from msgspec import structs

from tests.support.workers import Lab, WorkerProcess, result
from treadle.domain.runs import State

VALUES = [None, 0, "text", [1, {"a": None}], {"ä": 1.5}]


@pytest.mark.parametrize("type_", ["echo", "echo.sync", "echo.apart"])
async def test_a_result_is_what_the_handler_returned(steady_lab: Lab, type_: str) -> None:
    ids = [await steady_lab.submit(type_, inputs={"value": value}) for value in VALUES]
    runs = [await steady_lab.finished(run_id) for run_id in ids]
    assert [run.state for run in runs] == [State.COMPLETED] * len(VALUES)
    assert [result(run) for run in runs] == VALUES


HOWS = {
    "exit": "the handler called sys.exit(3)",
    "interrupt": "KeyboardInterrupt",
    "generator exit": "GeneratorExit",
    "base": "bottom of it",
    "stop iteration": "StopIteration",
    "cancelled": "cancelled itself|CancelledError",
    "recursion": "maximum recursion depth exceeded",
    "unprintable": "_Unprintable (whose own text cannot be told)",
    "half a letter": "\ufffd  red",
    "long": "x" * 4_000,
    "missing file": "No such file",
}


@pytest.mark.parametrize("type_", ["raise", "raise.sync", "raise.apart"])
async def test_whatever_a_handler_raises_fails_its_run_alone(steady_lab: Lab, type_: str) -> None:
    ids = {how: await steady_lab.submit(type_, inputs={"how": how}) for how in HOWS}
    for how, run_id in ids.items():
        run = await steady_lab.finished(run_id)
        assert run.state is State.FAILED, how
        assert run.error is not None
        assert run.error.code == "exception"
        assert any(part in run.error.message for part in HOWS[how].split("|")), (how, run.error.message)
        assert len(run.error.message) <= 4_000
        assert len(run.error.traceback) <= 32_000
        assert "_treadle_tasks_" not in run.error.traceback
    unprintable = (await steady_lab.finished(ids["unprintable"])).error
    assert unprintable is not None
    assert 'outcomes.py", line' in unprintable.traceback.splitlines()[1]
    assert "outcomes._Unprintable" in unprintable.traceback.splitlines()[-1]


@pytest.mark.parametrize("how", ["exit", "interrupt", "missing file"])
async def test_what_a_task_of_a_handler_raises_fails_its_run_alone(steady_lab: Lab, how: str) -> None:
    run_id = await steady_lab.submit("raise.in_a_task", inputs={"how": how})
    run = await steady_lab.finished(run_id)
    assert run.error is not None
    assert HOWS[how] in run.error.message


async def test_a_handler_cannot_stop_the_event_loop(steady_lab: Lab) -> None:
    assert result(await steady_lab.finished(await steady_lab.submit("stop_the_loop"))) == "and on"


@pytest.mark.parametrize(
    ("what", "state", "expected"),
    [
        ("skipped", State.SKIPPED, "nothing to do"),
        ("failed", State.FAILED, "as I say"),
        ("wrong result", State.FAILED, "return the value"),
        ("no JSON", State.FAILED, "not JSON"),
        ("wrong error", State.FAILED, "something else in it"),
        ("wrong delay", State.FAILED, "a delay below zero or beyond"),
        ("too large", State.FAILED, "262144 at most"),
        ("an object", State.FAILED, "cannot be written as JSON"),
        ("half a letter", State.FAILED, "cannot be written as JSON"),
    ],
)
async def test_an_outcome_is_taken_only_where_it_makes_sense(
    steady_lab: Lab, what: str, state: State, expected: str
) -> None:
    run = await steady_lab.finished(await steady_lab.submit("answer", inputs={"what": what}))
    assert run.state is state
    assert run.error is not None
    assert expected in run.error.message


async def test_outcomes_of_success_and_of_later(steady_lab: Lab) -> None:
    encoded = await steady_lab.submit("answer", inputs={"what": "encoded"})
    snoozed = await steady_lab.submit("answer", inputs={"what": "snoozed"})
    assert result(await steady_lab.finished(encoded)) == {"a": 1}
    awake = await steady_lab.finished(snoozed)
    assert (result(awake), awake.token, awake.attempt) == ("awake", 2, 1)


async def test_what_one_run_leaves_in_its_context_no_other_sees(steady_lab: Lab) -> None:
    runs = [steady_lab.run("context") for _ in range(100)]
    await steady_lab.engine.runs.enqueue(runs)
    assert {result(await steady_lab.finished(run.id)) for run in runs} == {"nothing"}


@pytest.mark.parametrize("work", [b"", b"{", b'{"executor":{"kind":"of a later release"}}'])
async def test_work_that_cannot_be_read_fails_its_run_alone(steady_lab: Lab, work: bytes) -> None:
    damaged = structs.replace(steady_lab.run("echo"), work=work)
    sound = steady_lab.run("echo", inputs={"value": 1})
    await steady_lab.engine.runs.enqueue([damaged, sound])
    assert result(await steady_lab.finished(sound.id)) == 1
    run = await steady_lab.finished(damaged.id)
    assert run.error is not None
    assert "its work cannot be read" in run.error.message


async def test_a_type_that_the_worker_does_not_have_is_never_claimed(steady_lab: Lab) -> None:
    unknown = [steady_lab.run("nobody.knows") for _ in range(20)]
    await steady_lab.engine.runs.enqueue(unknown)
    known = [await steady_lab.submit("echo") for _ in range(20)]
    for run_id in known:
        assert (await steady_lab.finished(run_id)).state is State.COMPLETED
    for run in unknown:
        left = await steady_lab.read(run.id)
        assert (left.state, left.token) == (State.READY, 0)
    await steady_lab.cancel(*(run.id for run in unknown))


async def test_wrong_inputs_are_not_tried_again(steady_lab: Lab) -> None:
    retried = {"retry_policy": {"max_retry": 3, "backoff_sec": [0]}}
    run = await steady_lab.finished(await steady_lab.submit("echo", inputs={"valeu": 1}, **retried))
    assert (run.state, run.attempt) == (State.FAILED, 1)
    assert run.error is not None
    assert 'did you mean "value"' in run.error.message


async def test_the_worker_tells_what_it_found(steady_lab: Lab, steady: WorkerProcess) -> None:
    await steady_lab.finished(await steady_lab.submit("echo"))
    assert "no_such_module" in steady.said
    assert "Traceback" in steady.said
    assert "handlers found" in steady.said
    assert "echo.apart" in steady.said
    assert "said while imported" in steady.said
    assert "warned while imported" in steady.said


def _use(worker: WorkerProcess) -> dict[str, Any]:
    (child,) = worker.children
    with child.oneshot():
        parent = psutil.Process(worker.process.pid)
        return {
            "fds": child.num_fds() + parent.num_fds(),
            "threads": child.num_threads() + parent.num_threads(),
            "rss": child.memory_info().rss + parent.memory_info().rss,
            "processes": len(worker.tree),
        }


async def test_two_thousand_runs_leave_nothing_behind_in_the_worker(steady_lab: Lab, steady: WorkerProcess) -> None:
    async def carry_out(count: int) -> None:
        kinds = [("echo", {}), ("echo.sync", {}), ("raise", {"how": "base"}), ("talk.sync", {}), ("context", {})]
        runs = [steady_lab.run(type_, inputs=inputs) for _ in range(count // len(kinds)) for type_, inputs in kinds]
        runs += [steady_lab.run("script", executor={"type": "shell", "script": "echo"}) for _ in range(count // 100)]
        runs += [steady_lab.run("echo.apart") for _ in range(count // 100)]
        await steady_lab.engine.runs.enqueue(runs)
        for run in runs:
            await steady_lab.finished(run.id, 60)

    await carry_out(400)
    before = _use(steady)
    await carry_out(2_000)
    after = _use(steady)
    # SQLite keeps a few descriptors for the next connection, and a pool starts its threads only as it needs them.
    for what, room in {"fds": 4, "threads": 14, "processes": 4}.items():
        assert after[what] <= before[what] + room, what
    assert after["rss"] - before["rss"] < 16 * 1024 * 1024
