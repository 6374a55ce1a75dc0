"""What handlers keep and tell while they run: values, progress, and the signal that they are to end."""

from __future__ import annotations

import pytest

from tests.support.workers import Lab, result
from treadle.domain.kv import Scope
from treadle.domain.progress import to_progress
from treadle.domain.runs import DEFAULT_DOMAIN, State


async def progress(lab: Lab, run_id: str) -> tuple[float, float | None] | None:
    """How far a run has come."""
    found = await lab.engine.kv.get(DEFAULT_DOMAIN, Scope.PROGRESS, [run_id], "")
    if not found:
        return None
    stored = to_progress(found[run_id])
    return stored.done, stored.total


@pytest.mark.parametrize("type_", ["keep", "keep.sync", "keep.apart", "keep.apart.sync"])
async def test_a_job_keeps_values_from_run_to_run_and_a_run_its_own(steady_lab: Lab, type_: str) -> None:
    first = await steady_lab.finished(await steady_lab.submit(type_, inputs={"who": "a"}))
    second = await steady_lab.finished(await steady_lab.submit(type_, inputs={"who": "b"}))
    a, b = {"run": first.id}, {"run": second.id}
    assert result(first) == [1, "nothing", a, {"who": "a"}, {"by a": a, "runs": 1}]
    assert result(second) == [2, "nothing", b, {"who": "b"}, {"by a": a, "by b": b, "runs": 2}]


async def test_what_cannot_be_is_said_where_it_was_asked_for(steady_lab: Lab) -> None:
    run = await steady_lab.finished(await steady_lab.submit("keep.wrong"))
    assert run.error is not None
    assert run.error.message == "the value of 'text' is no number: nothing can be added to it"


@pytest.mark.parametrize("type_", ["advance", "advance.apart"])
async def test_the_last_word_on_progress_is_kept_and_few_before_it(steady_lab: Lab, type_: str) -> None:
    run = await steady_lab.finished(await steady_lab.submit(type_))
    assert result(run) is None
    assert await progress(steady_lab, run.id) == (10_000, 10_000)
    events = await steady_lab.events(run.id)
    assert 1 <= events.count("run.progress") < 100
    assert events[-1] == "run.completed"


async def test_progress_is_there_while_the_run_goes_on(steady_lab: Lab) -> None:
    run_id = await steady_lab.submit("advance.slowly")
    await steady_lab.told(run_id)
    await steady_lab.event(run_id, "run.progress")
    assert await progress(steady_lab, run_id) == (0.5, None)
    await steady_lab.cancel(run_id)
    assert (await steady_lab.finished(run_id)).state is State.CANCELLED


@pytest.mark.parametrize("type_", ["ends.when.told", "ends.when.told.apart"])
async def test_a_sync_handler_waits_for_its_cancel(steady_lab: Lab, type_: str) -> None:
    run_id = await steady_lab.submit(type_)
    await steady_lab.told(run_id, "early False")
    await steady_lab.cancel(run_id)
    run = await steady_lab.finished(run_id)
    assert (run.state, result(run)) == (State.COMPLETED, "told True")


async def test_what_an_async_handler_started_is_told_of_its_cancel(steady_lab: Lab) -> None:
    run_id = await steady_lab.submit("tells.its.helper")
    await steady_lab.told(run_id)
    await steady_lab.cancel(run_id)
    await steady_lab.told(run_id, "helper True")
    assert (await steady_lab.finished(run_id)).state is State.CANCELLED
