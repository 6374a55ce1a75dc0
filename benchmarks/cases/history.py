"""Whether a long history slows claims and submissions, and how long a page of the newest runs takes with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from benchmarks import prefill, prefill_postgres
from benchmarks.engines import enqueue_all, new_runs, opened
from benchmarks.measure import (
    Figures,
    Options,
    Part,
    Report,
    Stopwatch,
    at_least,
    at_most,
    interleave,
    medians,
    percentile,
)
from benchmarks.prefill import JOBS
from benchmarks.servers import database_url
from benchmarks.stepping import step_through
from treadle.domain.runs import DEFAULT_DOMAIN, Run, State
from treadle.engines.contract import Engine, RunQuery

NUMBERS: Final[Mapping[str, int]] = {"rows": 10_000_000, "runs": 30_000, "pages": 200}

_PAGE: Final = 100
_SLICE: Final = 1_000
_RATIO: Final = 0.9
_READ_MS: Final = 50.0


async def run(options: Options) -> Report:
    """See the module."""
    rows, runs, pages = (options.numbers[name] for name in ("rows", "runs", "pages"))
    full, empty = Path(options.folder) / "full", Path(options.folder) / "empty"
    for folder in (full, empty):
        folder.mkdir()
        await one_run(options.engine, folder)
    await fill(options.engine, full, rows)
    async with AsyncExitStack() as stack:
        long = await stack.enter_async_context(opened(options.engine, full))
        short = await stack.enter_async_context(opened(options.engine, empty))
        parts = {"work": _work({"empty": short, "full": long}, runs), "read": _read(long, pages)}
        spreads = await interleave(parts, options.rounds)
    figures = medians(spreads)
    goals = {}
    for name in ("enqueue", "claim"):
        figures[f"{name}_ratio"] = figures[f"work_full_{name}"] / figures[f"work_empty_{name}"]
        goals[f"{name}_ratio"] = at_least(figures[f"{name}_ratio"], _RATIO)
    for name in ("read_one_ms", "read_all_ms", "read_job_ms", "read_failed_ms"):
        goals[name] = at_most(figures[name], _READ_MS)
    settings = {**options.numbers, "jobs": JOBS, "page": _PAGE, "percentile": 95, **options.store}
    return Report(figures=figures, goals=goals, spreads=spreads, settings=settings)


def _work(engines: Mapping[str, Engine], runs: int) -> Part:
    """Submissions and trips per second on each engine, by turns of a fraction of a second: a disk has its moods."""

    async def part(_round: int) -> Figures:
        taken = dict.fromkeys([f"{name}_{what}" for name in engines for what in ("enqueue", "claim")], 0.0)
        for start in range(0, runs, _SLICE):
            turns = list(engines.items())
            for name, engine in turns if start // _SLICE % 2 else reversed(turns):
                new = new_runs(_SLICE)
                with Stopwatch() as watch:
                    await enqueue_all(engine, new)
                taken[f"{name}_enqueue"] += watch.wall
                taken[f"{name}_claim"] += (await step_through(engine, _SLICE)).wall
        return {name: -(-runs // _SLICE) * _SLICE / wall * 1e6 for name, wall in taken.items()}

    return part


def _read(engine: Engine, pages: int) -> Part:
    """The 95th percentile in milliseconds of reading a run, and a page: of all, of one job, of those that failed."""

    async def part(_round: int) -> Figures:
        newest = await engine.runs.find(RunQuery(domain=DEFAULT_DOMAIN, limit=pages, states=(State.FAILED,)))
        ids = cycle([each.id for each in newest])

        def page(**narrowed: Any) -> Awaitable[list[Run]]:
            return engine.runs.find(RunQuery(domain=DEFAULT_DOMAIN, limit=_PAGE, **narrowed))

        reads: dict[str, Callable[[], Awaitable[list[Run]]]] = {
            "one_ms": lambda: engine.runs.get(DEFAULT_DOMAIN, [next(ids)]),
            "all_ms": page,
            "job_ms": lambda: page(job_ids=("bench.job.07",)),
            "failed_ms": lambda: page(states=(State.FAILED,)),
        }
        return {name: await _p95(read, pages) for name, read in reads.items()}

    return part


async def _p95(read: Callable[[], Awaitable[list[Run]]], times: int) -> float:
    taken = []
    for _ in range(times):
        with Stopwatch() as watch:
            assert await read()
        taken.append(watch.wall / 1000)
    return percentile(taken, 95)


async def one_run(engine: str, folder: Path) -> None:
    """Let history hold a run, which `fill` copies."""
    async with opened(engine, folder) as store:
        await enqueue_all(store, new_runs(1))
        await step_through(store, 1)


async def fill(engine: str, folder: Path, rows: int) -> None:
    """Fill a history, with what it adds up to."""
    async with opened(engine, folder) as store:
        now = store.now()
    if engine == "sqlite":
        await asyncio.to_thread(prefill.fill_history, folder / "treadle.db", rows, now)
        await asyncio.to_thread(prefill.fill_tallies, folder / "treadle.db", rows, now)
    else:
        await prefill_postgres.fill_history(database_url(folder), rows, now)
        await prefill_postgres.fill_tallies(database_url(folder), rows, now)
