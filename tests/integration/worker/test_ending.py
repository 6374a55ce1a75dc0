"""Cancels, timeouts and stops: what is told to end ends in its time, and its neighbours lose nothing."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time

import psutil
import pytest

from tests.support.workers import ON_EVERY_ENGINE, PATIENCE_SECONDS, Lab, Site, gone, open_lab, result
from treadle.domain.runs import State

FOREVER = "sleep 600 & echo $!; wait"


@pytest.mark.parametrize("type_", ["wait", "wait.sync", "wait.apart", "wait.apart.async"])
async def test_a_cancel_ends_a_handler_that_listens(steady_lab: Lab, type_: str) -> None:
    run_id = await steady_lab.submit(type_)
    await steady_lab.told(run_id)
    await steady_lab.cancel(run_id)
    assert (await steady_lab.told(run_id, "cancelled")).text == "cancelled True"
    assert (await steady_lab.finished(run_id)).state is State.CANCELLED


async def test_a_cancel_ends_a_program_with_all_it_started(steady_lab: Lab) -> None:
    run_id = await steady_lab.shell(FOREVER, timeout_ms=600_000)
    below = int((await steady_lab.line(run_id, "")).message)
    await steady_lab.cancel(run_id)
    assert (await steady_lab.finished(run_id)).state is State.CANCELLED
    await gone(below)


async def test_what_ignores_term_in_a_process_of_its_own_is_killed_alone(steady_lab: Lab) -> None:
    deaf = await steady_lab.submit("deaf.apart")
    stubborn = await steady_lab.shell("trap '' TERM; echo here; while :; do sleep 0.05; done", timeout_ms=600_000)
    neighbour = await steady_lab.submit("wait")
    word = await steady_lab.told(deaf)
    await steady_lab.line(stubborn, "here")
    await steady_lab.told(neighbour)
    await steady_lab.cancel(deaf, stubborn)
    assert (await steady_lab.finished(deaf)).state is State.CANCELLED
    assert (await steady_lab.finished(stubborn)).state is State.CANCELLED
    await gone(word.pid)
    steady_lab.site.open_gate(neighbour)
    assert result(await steady_lab.finished(neighbour)) == 1
    assert await steady_lab.attempts(neighbour) == []


@pytest.mark.parametrize("type_", ["wait", "wait.sync", "wait.apart"])
async def test_a_timeout_ends_a_handler(steady_lab: Lab, type_: str) -> None:
    run_id = await steady_lab.submit(type_, timeout_ms=700)
    run = await steady_lab.finished(run_id)
    assert run.error is not None
    assert (run.state, run.error.code) == (State.FAILED, "timeout")
    assert "0.7 s" in run.error.message


async def test_a_timeout_ends_a_program_with_all_it_started(steady_lab: Lab) -> None:
    run_id = await steady_lab.shell(FOREVER, timeout_ms=700)
    below = int((await steady_lab.line(run_id, "")).message)
    run = await steady_lab.finished(run_id)
    assert run.error is not None
    assert run.error.code == "timeout"
    await gone(below)


async def test_no_attempt_begins_after_an_accepted_cancel(steady_lab: Lab) -> None:
    """Runs that fail at once and are tried again at once, cancelled while they do."""
    retried = {"retry_policy": {"max_retry": 10, "backoff_sec": [0]}}
    runs = [steady_lab.run("raise", inputs={"how": "base"}, **retried) for _ in range(60)]
    await steady_lab.engine.runs.enqueue(runs)
    for run in runs:
        await asyncio.sleep(0)
        await steady_lab.cancel(run.id)
    for run in runs:
        await steady_lab.finished(run.id)
        told = await steady_lab.events(run.id)
        if "run.cancel_requested" in told:
            after = told[told.index("run.cancel_requested") + 1 :]
            assert after == ["run.cancelled"], told


async def test_a_blocked_process_is_ended_for_a_cancel_and_the_neighbours_spend_nothing(lab: Lab, site: Site) -> None:
    with site.worker(concurrency=5) as worker:
        neighbours = [await lab.submit(type_) for type_ in ("wait", "wait.sync", "wait.apart")]
        program = await lab.shell(FOREVER, timeout_ms=600_000)
        pids = [(await lab.told(run_id)).pid for run_id in neighbours]
        pids.append(int((await lab.line(program, "")).message))
        blocking = await lab.submit("block")
        await lab.told(blocking)
        await lab.cancel(blocking)
        assert (await lab.finished(blocking)).state is State.CANCELLED
        assert "a cancel was not heard in time" in worker.said
        await gone(*pids)
        for run_id in neighbours:
            site.open_gate(run_id)
            after = await lab.finished(run_id)
            assert (result(after), after.failures, after.losses) == (1, 0, 0)
            assert [attempt.event for attempt in await lab.attempts(run_id)] == ["run.released", "run.completed"]


async def test_a_thread_that_ignores_its_cancel_is_ended_with_its_process(lab: Lab, site: Site) -> None:
    with site.worker() as worker:
        neighbour, deaf = await lab.submit("wait"), await lab.submit("deaf.thread")
        await lab.told(neighbour)
        await lab.told(deaf)
        await lab.cancel(deaf)
        assert (await lab.finished(deaf)).state is State.CANCELLED
        assert "runs did not end in time" in worker.said
        site.open_gate(neighbour)
        assert result(await lab.finished(neighbour)) == 1


async def test_a_blocked_thread_is_ended_by_its_timeout_and_the_neighbours_spend_nothing(lab: Lab, site: Site) -> None:
    with site.worker() as worker:
        neighbour = await lab.submit("wait")
        program = await lab.shell(FOREVER, timeout_ms=600_000)
        await lab.told(neighbour)
        below = int((await lab.line(program, "")).message)
        late = await lab.submit("deaf.thread", timeout_ms=700)
        run = await lab.finished(late)
        assert run.error is not None
        assert run.error.code == "timeout"
        await lab.told(neighbour, attempt=1)
        site.open_gate(neighbour)
        after = await lab.finished(neighbour)
        assert (result(after), after.failures, after.losses) == (1, 0, 0)
        assert [attempt.event for attempt in await lab.attempts(neighbour)] == ["run.released", "run.completed"]
        await gone(below)
        assert "runs did not end in time" in worker.said


async def test_a_worker_that_was_held_up_past_a_timeout_and_its_grace_ends_the_run_alone(lab: Lab, site: Site) -> None:
    with site.worker(lease_sec=60, grace_sec=0.2) as worker:
        neighbour = await lab.submit("wait")
        await lab.told(neighbour)
        late = await lab.submit("wait", timeout_ms=500)
        await lab.told(late)
        stopped = worker.signal_tree(signal.SIGSTOP)
        await asyncio.sleep(1.0)  # past the timeout and the grace
        for process in stopped:  # the parent first
            process.send_signal(signal.SIGCONT)
        run = await lab.finished(late)
        assert run.error is not None
        assert run.error.code == "timeout"
        site.open_gate(neighbour)
        assert result(await lab.finished(neighbour)) == 1
        assert await lab.attempts(neighbour) == []
        assert "starting another" not in worker.said


@ON_EVERY_ENGINE
async def test_sigterm_drains_then_gives_back_without_spending_an_attempt(lab: Lab, site: Site) -> None:
    with site.worker(concurrency=5) as first:
        quick = await lab.submit("wait.sync")
        slow = [await lab.submit(type_) for type_ in ("wait", "wait.apart", "deaf.thread")]
        program = await lab.shell("echo $$; sleep 600", timeout_ms=600_000)
        for run_id in (quick, *slow):
            await lab.told(run_id)
        pid = int((await lab.line(program, "")).message)
        waiting = [await lab.submit("echo") for _ in range(3)]
        await _untouched(lab, waiting)
        first.process.send_signal(signal.SIGTERM)
        await lab.draining()
        site.open_gate(quick)
        assert result(await lab.finished(quick)) == 1
        assert await asyncio.to_thread(first.process.wait, 15) == 0
        await _untouched(lab, waiting)
        await gone(pid)
        for run_id in (*slow, program):
            given_back = await lab.read(run_id)
            assert (given_back.state, given_back.failures, given_back.losses) == (State.READY, 0, 0), first.said
    for run_id in slow:
        site.open_gate(run_id)
    with site.worker(concurrency=5):
        assert [result(await lab.finished(run_id)) for run_id in slow] == [1, 1, 1]
        for run_id in waiting:
            await lab.finished(run_id)
        await lab.cancel(program)
        await lab.finished(program)


async def _untouched(lab: Lab, run_ids: list[str]) -> None:
    for run_id in run_ids:
        run = await lab.read(run_id)
        assert (run.state, run.token) == (State.READY, 0)


async def test_an_idle_worker_stops_at_once(lab: Lab, site: Site) -> None:
    with site.worker() as worker:
        await lab.finished(await lab.submit("echo"))
        worker.process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(worker.process.wait, PATIENCE_SECONDS) == 0
        assert "worker stopped" in worker.said


async def test_the_same_signal_once_more_ends_a_worker_at_once_and_gives_back(lab: Lab, site: Site) -> None:
    with site.worker(grace_sec=600) as worker:
        slow = await lab.submit("wait")
        await lab.told(slow)
        worker.process.send_signal(signal.SIGINT)
        await lab.draining()
        worker.process.send_signal(signal.SIGTERM)  # as of a supervisor, beside a terminal: it goes on
        with pytest.raises(subprocess.TimeoutExpired):
            await asyncio.to_thread(worker.process.wait, 1)
        worker.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.process.wait, PATIENCE_SECONDS) == 0
        given_back = await lab.read(slow)
        assert (given_back.state, given_back.failures, given_back.losses) == (State.READY, 0, 0), worker.said


def test_a_worker_is_told_to_stop_while_it_waits_for_its_engine(site: Site) -> None:
    (site.folder / "treadle.db").mkdir()
    with site.worker() as worker:
        while "engine unavailable" not in worker.said:
            time.sleep(0.02)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(PATIENCE_SECONDS) == 0


async def test_a_worker_waits_for_its_engine(site: Site) -> None:
    database = site.folder / "treadle.db"
    database.mkdir()
    with site.worker() as worker:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "engine unavailable" not in worker.said:  # noqa: ASYNC110 - it can be read nowhere else
                await asyncio.sleep(0.02)
        database.rmdir()
        async with open_lab(site) as lab:
            assert (await lab.finished(await lab.submit("echo"))).state is State.COMPLETED
        assert "engine available again" in worker.said
        assert psutil.pid_exists(worker.process.pid)
