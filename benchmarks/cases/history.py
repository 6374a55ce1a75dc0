"""Whether a long history slows claims and submissions, and how long a page of the newest runs takes with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

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
from benchmarks.prefill import JOBS, fill_history
from benchmarks.stepping import step_through
from treadle.domain.runs import DEFAULT_DOMAIN, State
from treadle.engines.contract import Engine, RunQuery

NUMBERS: Final[Mapping[str, int]] = {"rows": 10_000_000, "runs": 10_000, "pages": 200}

_PAGE: Final = 100
_RATIO: Final = 0.9
_LISTING_MS: Final = 50.0


async def run(options: Options) -> Report:
    """See the module."""
    rows, runs, pages = (options.numbers[name] for name in ("rows", "runs", "pages"))
    full, empty = Path(options.folder) / "full", Path(options.folder) / "empty"
    for folder in (full, empty):
        folder.mkdir()
        await _one_run(options.engine, folder)
    await _fill(options.engine, full, rows)
    async with AsyncExitStack() as stack:
        long = await stack.enter_async_context(opened(options.engine, full))
        short = await stack.enter_async_context(opened(options.engine, empty))
        parts = {"empty": _work(short, runs), "full": _work(long, runs), "list": _list(long, pages)}
        spreads = await interleave(parts, options.rounds)
    figures = medians(spreads)
    goals = {}
    for name in ("enqueue", "claim"):
        figures[f"{name}_ratio"] = figures[f"full_{name}"] / figures[f"empty_{name}"]
        goals[f"{name}_ratio"] = at_least(figures[f"{name}_ratio"], _RATIO)
    for name in ("list_all_ms", "list_job_ms", "list_failed_ms"):
        goals[name] = at_most(figures[name], _LISTING_MS)
    settings = {**options.numbers, "jobs": JOBS, "page": _PAGE, "percentile": 95, "synchronous": "FULL"}
    return Report(figures=figures, goals=goals, spreads=spreads, settings=settings)


def _work(engine: Engine, runs: int) -> Part:
    """Submissions and trips per second, on an engine that keeps what it has."""

    async def part(_round: int) -> Figures:
        new = new_runs(runs)
        with Stopwatch() as watch:
            await enqueue_all(engine, new)
        cost = await step_through(engine, runs)
        return {"enqueue": watch.rate(runs), "claim": runs / cost.wall * 1e6}

    return part


def _list(engine: Engine, pages: int) -> Part:
    """The 95th percentile in milliseconds of a page: of all runs, of one job, of those that failed."""
    queries = {
        "all_ms": RunQuery(domain=DEFAULT_DOMAIN, limit=_PAGE),
        "job_ms": RunQuery(domain=DEFAULT_DOMAIN, limit=_PAGE, job_ids=("bench.job.07",)),
        "failed_ms": RunQuery(domain=DEFAULT_DOMAIN, limit=_PAGE, states=(State.FAILED,)),
    }

    async def part(_round: int) -> Figures:
        return {name: await _p95(engine, query, pages) for name, query in queries.items()}

    return part


async def _p95(engine: Engine, query: RunQuery, pages: int) -> float:
    taken = []
    for _ in range(pages):
        with Stopwatch() as watch:
            found = await engine.runs.find(query)
        assert len(found) == query.limit
        taken.append(watch.wall / 1000)
    return percentile(taken, 95)


async def _one_run(engine: str, folder: Path) -> None:
    async with opened(engine, folder) as store:
        await enqueue_all(store, new_runs(1))
        await step_through(store, 1)


async def _fill(engine: str, folder: Path, rows: int) -> None:
    assert engine == "sqlite"
    async with opened(engine, folder) as store:
        now = store.now()
    await asyncio.to_thread(fill_history, folder / "treadle.db", rows, now)
