"""No-op runs through one worker process, from the first start to the last settle, against the bare loop."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import raw
from benchmarks.engines import all_finished, drained_per_second, finished, new_runs, opened
from benchmarks.measure import Figures, Options, Report, at_least, interleave, medians
from benchmarks.processes import cpu_seconds, until, worker
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.engines.contract import Engine

NUMBERS: Final[Mapping[str, int]] = {"runs": 20_000, "concurrency": 100}

_WARM_UP: Final = 500
_RATIO: Final = 0.25
_RATE: Final = 20_000.0
_RAW_FOR_RATE: Final = 80_000.0


async def run(options: Options) -> Report:
    """See the module."""
    runs, concurrency = options.numbers["runs"], options.numbers["concurrency"]

    async def treadle(_round: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            return await drain(options.engine, Path(folder), runs=runs, concurrency=concurrency)

    async def bare(_round: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            return {"raw": await asyncio.to_thread(raw.drain, Path(folder) / "raw.db", runs)}

    spreads = await interleave({"raw": bare, "treadle": treadle}, options.rounds)
    figures = medians(spreads)
    figures["ratio"] = figures["treadle"] / figures["raw"]
    figures["cpu_us_per_run"] = figures.pop("treadle_cpu_us_per_run")
    goals = {"ratio": at_least(figures["ratio"], _RATIO)}
    if figures["raw"] >= _RAW_FOR_RATE:
        goals["treadle"] = at_least(figures["treadle"], _RATE)
    return Report(
        figures=figures,
        goals=goals,
        spreads=spreads,
        settings={**options.numbers, "synchronous": "FULL", "workers": 1, "raw_batch": raw.BATCH},
    )


async def drain(engine: str, folder: Path, *, runs: int, concurrency: int) -> Figures:
    """One drain. The worker is up before the runs appear, all in one transaction: its start is not measured."""
    async with opened(engine, folder) as store, worker(store, folder, concurrency=concurrency) as process:
        await _through(store, process, _WARM_UP)
        began, used = store.now(), cpu_seconds(process)
        await _through(store, process, runs)
        used = cpu_seconds(process) - used
        done = await finished(store, since=began)
    assert len(done) == runs
    return {"treadle": drained_per_second(done), "cpu_us_per_run": used / runs * 1e6}


async def _through(store: Engine, process: subprocess.Popen[bytes], count: int) -> None:
    """Submit runs in one transaction and wait until none is left."""
    runs = new_runs(count)
    await store.runs.enqueue(runs)
    await until(lambda: all_finished(store, [runs[-1].id]), process)
    await until(lambda: _is_empty(store), process)


async def _is_empty(store: Engine) -> bool:
    return not await store.runs.counts(DEFAULT_DOMAIN)
