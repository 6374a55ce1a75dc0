"""Processes killed, stopped, blocked and crashed: every run is settled once, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import apsw
import psutil
import pytest

from tests.support.workers import ON_EVERY_ENGINE, PATIENCE_SECONDS, Lab, Site, WorkerProcess, gone, result
from treadle.domain.instants import SECOND
from treadle.domain.outcomes import Lost
from treadle.domain.retry import QUARANTINE_AT
from treadle.domain.runs import DEFAULT_DOMAIN, Claim, State
from treadle.domain.states import settle
from treadle.domain.work import decode_work
from treadle.domain.workers import WorkerSpec


async def settled_once(lab: Lab, run_id: str) -> list[str]:
    """The types of a finished run's events, of which exactly one is final."""
    told = await lab.events(run_id)
    final = [type_ for type_ in told if type_ in {"run.completed", "run.failed", "run.cancelled", "run.quarantined"}]
    assert len(final) == 1, told
    return told


@ON_EVERY_ENGINE
async def test_a_worker_killed_with_all_its_processes_loses_nothing(lab: Lab, site: Site) -> None:
    with site.worker() as first:
        runs = [await lab.submit("wait.sync"), await lab.submit("wait")]
        for run_id in runs:
            await lab.told(run_id)
        first.kill_tree()
    for run_id in runs:
        site.open_gate(run_id)
    async with lab.sweeping():
        with site.worker():
            for run_id in runs:
                run = await lab.finished(run_id)
                assert (result(run), run.losses, run.failures, run.solo_losses) == (2, 1, 0, 0)
                assert "run.lost" in await settled_once(lab, run_id)


async def test_a_killed_process_gives_its_run_back_at_once(lab: Lab, site: Site) -> None:
    with site.worker(lease_sec=600, heartbeat_sec=1) as worker:
        run_id = await lab.submit("wait.sync")
        word = await lab.told(run_id)
        site.open_gate(run_id)
        psutil.Process(word.pid).kill()
        run = await lab.finished(run_id, 10)
        assert (result(run), run.losses, run.solo_losses) == (2, 1, 1)
        await settled_once(lab, run_id)
        assert "starting another" in worker.said


@ON_EVERY_ENGINE
async def test_a_worker_stopped_past_its_lease_changes_nothing_when_it_goes_on(lab: Lab, site: Site) -> None:
    with site.worker() as sleeper:
        run_id = await lab.submit("deaf.thread")
        asleep = await lab.told(run_id)
        sleeper.signal_tree(signal.SIGSTOP)
        async with lab.sweeping():
            with site.worker():
                again = await lab.told(run_id, attempt=2)
                assert again.pid != asleep.pid
                site.open_gate(run_id)  # for both: the sleeper will want to settle too
                assert result(await lab.finished(run_id)) == 2
                psutil.Process(asleep.pid).send_signal(signal.SIGCONT)  # its parent stays asleep
                await gone(asleep.pid)
                assert "lease lost, ending at once" in sleeper.said
                await settled_once(lab, run_id)
        sleeper.signal_tree(signal.SIGCONT)
        assert result(await lab.finished(await lab.submit("echo", inputs={"value": 5}))) == 5  # by its next process


@ON_EVERY_ENGINE
async def test_a_process_that_is_blocked_for_leases_on_end_loses_none(lab: Lab, site: Site) -> None:
    """One sleeps for three leases, the other holds the interpreter for two."""
    lease = 2.0
    with site.worker(lease_sec=lease, heartbeat_sec=0.2, processes=2, concurrency=1) as worker:
        async with lab.sweeping():
            sleeping = await lab.submit("block", inputs={"seconds": 3 * lease})
            computing = await lab.submit("compute", inputs={"seconds": 2 * lease})
            for run_id in (sleeping, computing):
                run = await lab.finished(run_id, 60)
                assert (run.state, run.losses, run.token) == (State.COMPLETED, 0, 1)
            assert result(await lab.read(computing)) >= 2 * lease
        assert "lease lost" not in worker.said


@ON_EVERY_ENGINE
async def test_two_workers_of_one_host_take_turns_under_ids_of_their_own(lab: Lab, site: Site) -> None:
    with site.worker(concurrency=1), site.worker(concurrency=1):
        runs = [await lab.submit("wait") for _ in range(2)]
        words = [await lab.told(run_id) for run_id in runs]
        assert words[0].pid != words[1].pid
        for run_id in runs:
            site.open_gate(run_id)
        workers = {(await lab.finished(run_id)).worker_id for run_id in runs}
        assert len(workers) == 2
        known = await lab.engine.workers.find(DEFAULT_DOMAIN)
        assert {worker.id for worker in known} == workers
        assert len({worker.host for worker in known}) == 1


async def test_the_parent_s_death_takes_every_process_with_it(lab: Lab, site: Site) -> None:
    with site.worker() as worker:
        spawning = await lab.submit("spawn")
        apart = await lab.submit("deaf.apart")
        blocked = await lab.shell("trap '' TERM; echo $$; while :; do sleep 0.1; done", timeout_ms=600_000)
        spawned = int((await lab.told(spawning, "spawned")).text.split()[1])
        pids = [spawned, (await lab.told(apart)).pid, int((await lab.line(blocked, "")).message)]
        pids += [child.pid for child in worker.children]
        worker.process.kill()
        worker.process.wait()
        await gone(*pids)


async def test_a_killed_process_takes_everything_it_started_with_it(lab: Lab, site: Site) -> None:
    with site.worker() as worker:
        spawning = await lab.submit("spawn")
        program = await lab.shell("echo $$; sleep 600", timeout_ms=600_000)
        word = await lab.told(spawning, "spawned")
        pids = [int(word.text.split()[1]), int((await lab.line(program, "")).message)]
        await lab.cancel(spawning, program)
        worker.children[0].kill()
        await gone(*pids)


async def test_what_a_killed_worker_s_program_had_is_deleted_by_the_next_worker(
    lab: Lab, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = site.folder / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with site.worker() as first:
        program = await lab.shell("chmod 500 .; pwd; sleep 600", timeout_ms=600_000)
        folder = Path((await lab.line(program, str(temporary))).message).parent
        os.utime(folder, (0, 0))  # as if it had begun a while ago
        with site.worker(queues="second"):
            await lab.finished(await lab.submit("echo", inputs={"value": 1}, queue="second"))
            assert folder.exists()  # in use
        first.kill_tree()
    assert folder.exists()
    with site.worker(queues="last") as last:
        await lab.finished(await lab.submit("echo", inputs={"value": 1}, queue="last"))
        assert not folder.exists()
        assert "temporary folders of killed processes deleted" in last.said


async def test_a_crash_apart_is_a_loss_of_its_run_alone_and_three_are_quarantine(steady_lab: Lab) -> None:
    neighbour = await steady_lab.submit("wait")
    word = await steady_lab.told(neighbour)
    run_id = await steady_lab.submit("crash.apart")
    run = await steady_lab.finished(run_id)
    assert run.error is not None
    assert (run.state, run.solo_losses, run.failures) == (State.FAILED, QUARANTINE_AT, 0)
    assert run.error.code == "quarantined"
    assert "SIGSEGV" in run.error.message
    assert (await settled_once(steady_lab, run_id)).count("run.lost") == QUARANTINE_AT - 1
    steady_lab.site.open_gate(neighbour)
    assert result(await steady_lab.finished(neighbour)) == 1
    assert psutil.pid_exists(word.pid)


async def test_a_process_apart_that_leaves_without_an_outcome_has_failed(steady_lab: Lab) -> None:
    run = await steady_lab.finished(await steady_lab.submit("leave.apart"))
    assert run.error is not None
    assert (run.state, run.error.code) == (State.FAILED, "exit_code")
    assert "exit code 7" in run.error.message


async def test_a_crash_makes_suspects_which_run_alone_once(lab: Lab, site: Site) -> None:
    with site.worker():
        crashing = await lab.submit("crash.later")
        neighbours = [await lab.submit("wait.sync") for _ in range(2)]
        runs = [crashing, *neighbours]
        for run_id in runs:
            await lab.told(run_id)
        for run_id in neighbours:
            await lab.read(run_id)
        site.open_gate(crashing)
        for run_id in runs:
            await lab.until(run_id, lambda run: run.losses == 1 and run.state is State.RUNNING)
            alone = [other for other in runs if (await lab.read(other)).state is State.RUNNING]
            assert alone == [run_id]
            site.open_gate(run_id)
            run = await lab.finished(run_id)
            assert (result(run), run.losses, run.solo_losses) == (2, 1, 0)


@ON_EVERY_ENGINE
async def test_a_poisonous_run_is_set_aside_and_the_others_complete(lab: Lab, site: Site) -> None:
    with site.worker(concurrency=2):
        poison = await lab.submit("crash")
        others = [await lab.submit("echo.sync", inputs={"value": number}) for number in range(20)]
        run = await lab.finished(poison, 60)
        assert run.error is not None
        assert (run.state, run.error.code, run.solo_losses) == (State.FAILED, "quarantined", QUARANTINE_AT)
        assert [result(await lab.finished(run_id)) for run_id in others] == list(range(20))


async def test_a_worker_that_made_room_for_a_suspect_goes_on_once_another_took_it(lab: Lab, site: Site) -> None:
    async def claim_as(worker_id: str) -> Claim:
        spec = WorkerSpec(id=worker_id, host="", pid=0, slots=1, requires=frozenset({"handler:wait.sync"}), version="")
        await lab.engine.workers.register(spec, 60 * SECOND)
        (claim,) = (await lab.engine.runs.step(worker_id, [], 1)).claims
        return claim

    suspect = await lab.submit("wait.sync")
    claim = await claim_as("wrk_lost")
    await lab.engine.workers.stop(["wrk_lost"])
    busy = await lab.submit("wait")
    with site.worker():
        await lab.told(busy)
        lost = Lost(solitary=False)
        lost_run = settle(claim, decode_work(claim.work), lost, now=lab.engine.now(), chance=0.5, worker_id=None)
        assert await lab.engine.runs.settle([lost_run]) == ()
        held_up = await lab.submit("echo")
        while (await lab.read(held_up)).state is not State.READY:  # taken before the suspect was seen
            held_up = await lab.submit("echo")
        assert (await claim_as("wrk_other")).id == suspect
        assert (await lab.finished(held_up)).state is State.COMPLETED


async def test_an_engine_that_is_away_ends_the_runs_before_their_lease(lab: Lab, site: Site) -> None:
    lease = 4.0
    with site.worker(lease_sec=lease) as worker:
        run_id = await lab.submit("wait.sync")
        word = await lab.told(run_id)
        blocker = apsw.Connection(str(site.folder / "treadle.db"))
        blocker.set_busy_timeout(10_000)
        blocker.execute("BEGIN IMMEDIATE")
        locked = time.monotonic()
        await gone(word.pid)
        assert time.monotonic() - locked < lease
        site.open_gate(run_id)
        await asyncio.sleep(lease)
        blocker.execute("ROLLBACK")
        blocker.close()
        run = await lab.finished(run_id)
        assert (result(run), run.failures, run.losses) == (1, 0, 0), worker.said
        await settled_once(lab, run_id)


async def test_a_process_that_cannot_start_is_tried_again_with_growing_pauses(lab: Lab, site: Site) -> None:
    deadly = site.tasks / "deadly.py"
    deadly.write_text("import os; os._exit(3)\n")
    with site.worker() as worker:
        await _said(worker, '"in_sec": 0.8')
        deadly.unlink()
        assert (await lab.finished(await lab.submit("echo"))).state is State.COMPLETED


async def test_a_folder_of_tasks_that_is_not_there_is_no_fault(lab: Lab, site: Site) -> None:
    with site.worker(tasks=site.folder / "nowhere") as worker:
        assert (await lab.finished(await lab.shell("true"))).state is State.COMPLETED
        assert '"handlers": []' in worker.said


async def _said(worker: WorkerProcess, text: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while text not in worker.said:  # noqa: ASYNC110 - it can be read nowhere else
            await asyncio.sleep(0.02)
