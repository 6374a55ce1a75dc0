"""Where the microseconds of one run go: the runner alone, and the engine alone with everything on.

Each part has a fresh process, set up as a worker's: its interpreter, its event loop, its captured output.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop

from benchmarks.engines import TASKS, enqueue_all, new_runs, opened
from benchmarks.measure import Figures, Options, Part, Report, Stopwatch, at_most, interleave, medians
from benchmarks.stepping import step_through
from treadle.authoring.discovery import discover
from treadle.domain.logs import Level, LogLine, Stream
from treadle.domain.runs import Claim, NewRun
from treadle.domain.states import Transition
from treadle.domain.work import PythonHandler, decode_work
from treadle.executors.base import Execution
from treadle.executors.capture import capture_output
from treadle.executors.handler import HandlerExecutor
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.registry import Executors
from treadle.executors.secrets import LocalSecrets
from treadle.system import SystemClock
from treadle.worker.board import Board
from treadle.worker.interpreter import set_up_interpreter
from treadle.worker.pump import BATCH
from treadle.worker.runner import Runner

NUMBERS: Final[Mapping[str, int]] = {"runs": 20_000, "concurrency": 100}

_WORKER: Final = "wrk_bench"
_RUNNER_US: Final = 6.0
_ENGINE_US: Final = 30.0


async def run(options: Options) -> Report:
    """See the module."""
    runs, concurrency = options.numbers["runs"], options.numbers["concurrency"]

    def apart(measure: Callable[[Path], Coroutine[None, None, Figures]]) -> Part:
        async def part(_round: int) -> Figures:
            with TemporaryDirectory(dir=options.folder) as folder:
                return await asyncio.to_thread(_in_a_worker, measure, Path(folder))

        return part

    parts = {
        "runner": apart(partial(runner_alone, runs=runs, concurrency=concurrency)),
        "engine": apart(partial(engine_alone, engine=options.engine, runs=runs)),
    }
    spreads = await interleave(parts, options.rounds)
    figures = medians(spreads)
    return Report(
        figures=figures,
        goals={
            "runner_wall_us": at_most(figures["runner_wall_us"], _RUNNER_US),
            "engine_wall_us": at_most(figures["engine_wall_us"], _ENGINE_US),
        },
        spreads=spreads,
        settings={**options.numbers, "batch": BATCH, **options.store},
    )


async def runner_alone(folder: Path, *, runs: int, concurrency: int) -> Figures:
    """The runner on claims in memory: board, deadlines, watchdog and log buffer as in a worker's process."""
    (folder / "noop.py").write_text(TASKS)
    executors = Executors()
    executors.register(PythonHandler, HandlerExecutor(discover(folder).registry, concurrency))
    done: list[Transition] = []
    drained = asyncio.Event()

    def on_done(transition: Transition) -> None:
        done.append(transition)
        if runner.idle:
            drained.set()

    async with LogBuffer(_keep_nothing) as logs:
        secrets = LocalSecrets(folder)
        runner = Runner(
            worker_id=_WORKER,
            board=Board.create(concurrency),
            executors=executors,
            make_execution=lambda claim: Execution(claim, decode_work(claim.work), logs, secrets),
            clock=SystemClock(),
            grace=1.0,
            on_done=on_done,
        )
        watchdog = asyncio.create_task(runner.watch())
        wall = cpu = 0.0
        for _ in range(0, runs, BATCH):
            claims = _claims(BATCH)
            done.clear()
            drained.clear()
            with Stopwatch() as watch:
                runner.accept(claims)
                await drained.wait()
            wall, cpu = wall + watch.wall, cpu + watch.cpu
            assert all(each.error is None for each in done)
        watchdog.cancel()
    return {"wall_us": wall / runs, "cpu_us": cpu / runs}


async def engine_alone(folder: Path, *, engine: str, runs: int) -> Figures:
    """A worker's trips without running anything. Fences, leases, results, history and events are on.

    `log_us` is what a line of log for each run costs beside it.
    """
    async with opened(engine, folder) as store:
        await enqueue_all(store, new_runs(runs))
        logged = 0.0

        async def log(claims: Sequence[Claim]) -> None:
            nonlocal logged
            lines = [_line(claim) for claim in claims]
            with Stopwatch() as watch:
                await store.logs.append(lines)
            logged += watch.wall

        cost = await step_through(store, runs, between=log)
    return {"wall_us": cost.wall / runs, "cpu_us": cost.cpu / runs, "log_us": logged / runs}


def _in_a_worker(measure: Callable[[Path], Coroutine[None, None, Figures]], folder: Path) -> Figures:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_as_a_worker, measure, folder).result()


def _as_a_worker(measure: Callable[[Path], Coroutine[None, None, Figures]], folder: Path) -> Figures:
    set_up_interpreter()
    capture_output()
    return uvloop.run(measure(folder))


async def _keep_nothing(lines: list[LogLine]) -> None:
    """No-op runs say nothing."""
    raise AssertionError(lines)


def _claims(count: int) -> list[Claim]:
    return [_claim(each) for each in new_runs(count)]


def _claim(run: NewRun) -> Claim:
    """A run as a worker gets it at its first attempt."""
    return Claim(
        id=run.id,
        domain=run.domain,
        job_id=run.job_id,
        queue=run.queue,
        requires=run.requires,
        priority=run.priority,
        token=1,
        attempt=1,
        failures=0,
        losses=0,
        solo_losses=0,
        suspect=False,
        due_at=run.due_at,
        created_at=run.created_at,
        claimed_at=run.created_at,
        work=run.work,
        inputs=run.inputs,
    )


def _line(claim: Claim) -> LogLine:
    return LogLine(
        domain=claim.domain,
        run_id=claim.id,
        token=claim.token,
        attempt=claim.attempt,
        at=claim.claimed_at,
        stream=Stream.STDOUT,
        level=Level.INFO,
        message="done",
    )
