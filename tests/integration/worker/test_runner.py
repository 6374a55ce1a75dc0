"""The runner alone: runs that are told to end at moments which no real worker can be brought to by a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.executions import MemoryLogs, claim
from treadle.authoring.registry import Registry
from treadle.domain.states import Change, Transition
from treadle.domain.work import PythonHandler, Work
from treadle.executors.base import Execution
from treadle.executors.handler import HandlerExecutor
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.registry import Executors
from treadle.executors.secrets import LocalSecrets
from treadle.system import SystemClock
from treadle.worker.board import Board
from treadle.worker.runner import Runner

RUNS = ["run_first", "run_second"]


@pytest.mark.parametrize(
    ("tell", "change"),
    [(lambda runner: runner.cancel(RUNS), Change.CANCEL), (Runner.release_running, Change.RELEASE)],
    ids=["cancelled", "given back"],
)
async def test_a_run_told_to_end_before_its_first_step_never_begins_and_leaves_its_slot(
    tell: Callable[[Runner], None], change: Change
) -> None:
    done: list[Transition] = []
    board = Board.create(len(RUNS))
    executors = Executors()
    executors.register(PythonHandler, HandlerExecutor(Registry(), 1))
    work = Work(PythonHandler("unknown"))
    async with LogBuffer(MemoryLogs().append) as logs:
        runner = Runner(
            worker_id="wrk_test",
            board=board,
            executors=executors,
            make_execution=lambda claim: Execution(claim, work, logs, LocalSecrets(None)),
            clock=SystemClock(),
            grace=600.0,
            on_done=done.append,
        )
        runner.accept(claim(run_id) for run_id in RUNS)
        tell(runner)
        await asyncio.wait_for(_idle(runner), 10)
    assert [(each.run.id, each.change, each.started_at) for each in done] == [(id_, change, None) for id_ in RUNS]
    assert (board.entries(), runner.free_slots) == ([], len(RUNS))


async def _idle(runner: Runner) -> None:
    while not runner.idle:  # noqa: ASYNC110 - the next step of the loop is what is waited for
        await asyncio.sleep(0)
