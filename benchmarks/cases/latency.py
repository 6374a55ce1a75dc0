"""From the submission in one process to the start of the handler in another, at a steady pace."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.engines import all_finished, finished, new_runs, opened
from benchmarks.measure import Figures, Options, Report, at_most, interleave, medians, percentile
from benchmarks.processes import until, worker
from treadle.domain.instants import MILLISECOND, Instant
from treadle.engines.contract import Engine

NUMBERS: Final[Mapping[str, int]] = {"runs": 1_000, "pace": 50, "concurrency": 5}

_WARM_UP: Final = 100
_P50_MS: Final = 3.0
_P99_MS: Final = 10.0


async def run(options: Options) -> Report:
    """See the module. Both processes read the clock of this machine: the engine's `started_at` is the worker's."""
    runs, pace, concurrency = (options.numbers[name] for name in ("runs", "pace", "concurrency"))

    async def over_engine(number: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            async with (
                opened(options.engine, Path(folder)) as store,
                worker(store, Path(folder), concurrency=concurrency),
            ):
                await _submit(store, _WARM_UP, pace)
                return _figures(await _waits(store, await _submit(store, runs if number else _WARM_UP, pace)))

    spreads = await interleave({"engine": over_engine}, options.rounds)
    figures = medians(spreads)
    return Report(
        figures=figures,
        goals={
            "engine_p50_ms": at_most(figures["engine_p50_ms"], _P50_MS),
            "engine_p99_ms": at_most(figures["engine_p99_ms"], _P99_MS),
        },
        spreads=spreads,
        settings={**options.numbers, "synchronous": "FULL", "workers": 1},
    )


async def _submit(engine: Engine, count: int, pace: int) -> dict[str, Instant]:
    """Submit runs, so many a second whatever each takes; answers when each was submitted."""
    loop = asyncio.get_running_loop()
    began, submitted = loop.time(), {}
    for number in range(count):
        await asyncio.sleep(began + number / pace - loop.time())
        (run,) = new_runs(1)
        submitted[run.id] = engine.now()
        await engine.runs.enqueue([run])
    return submitted


async def _waits(engine: Engine, submitted: dict[str, Instant]) -> list[float]:
    """Milliseconds from each submission to the start of its handler."""
    await until(lambda: all_finished(engine, list(submitted)))
    return [
        (each.started_at - submitted[each.id]) / MILLISECOND
        for each in await finished(engine, since=min(submitted.values()))
        if each.started_at is not None and each.id in submitted
    ]


def _figures(waits: list[float]) -> Figures:
    return {"p50_ms": percentile(waits, 50), "p99_ms": percentile(waits, 99), "max_ms": max(waits)}
