"""No-op runs through one worker process, from the first start to the last settle, against the bare loop."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import peers, raw
from benchmarks.engines import all_finished, drained_per_second, finished, new_runs, opened
from benchmarks.measure import Figures, Options, Report, at_least, interleave, medians
from benchmarks.processes import cpu_seconds, until, worker
from benchmarks.servers import server_cpu_seconds
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.engines.contract import Engine

NUMBERS: Final[Mapping[str, int]] = {"runs": 20_000, "concurrency": 100}

_WARM_UP: Final = 500
_RATIO: Final[Mapping[str, float]] = {"sqlite": 0.25, "postgres": 0.5}
_RATE: Final = 20_000.0
_RAW_FOR_RATE: Final = 80_000.0
_PEERS: Final[Mapping[peers.Peer, float]] = {peers.PGQUEUER: 1.5, peers.PROCRASTINATE: 30.0}
"""What is to be reached beside peers on the same server, as a multiple of each."""


async def run(options: Options) -> Report:
    """See the module."""
    runs, concurrency = options.numbers["runs"], options.numbers["concurrency"]

    async def treadle(_round: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            return await drain(options.engine, Path(folder), runs=runs, concurrency=concurrency)

    async def bare(_round: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            return {"raw": await raw.loops(options.engine).drain(Path(folder), runs, raw.BATCH)}

    beside = _PEERS if options.engine == "postgres" else {}
    theirs = {peer.name: peers.part(options, peer, "drain", min(runs, peer.drained)) for peer in beside}
    spreads = await interleave({"raw": bare, "treadle": treadle, **theirs}, options.rounds)
    figures = medians(spreads)
    figures["ratio"] = figures["treadle"] / figures["raw"]
    figures["cpu_us_per_run"] = figures.pop("treadle_cpu_us_per_run")
    goals = {"ratio": at_least(figures["ratio"], _RATIO[options.engine])}
    for peer, multiple in beside.items():
        figures[f"{peer.name}_ratio"] = figures["treadle"] / figures[peer.name]
        goals[f"{peer.name}_ratio"] = at_least(figures[f"{peer.name}_ratio"], multiple)
    if options.engine == "sqlite" and figures["raw"] >= _RAW_FOR_RATE:
        goals["treadle"] = at_least(figures["treadle"], _RATE)
    return Report(
        figures=figures,
        goals=goals,
        spreads=spreads,
        settings={**options.numbers, **options.store, "workers": 1, "raw_batch": raw.BATCH},
    )


async def drain(engine: str, folder: Path, *, runs: int, concurrency: int) -> Figures:
    """One drain. The worker is up before the runs appear, all in one transaction: its start is not measured."""
    async with opened(engine, folder) as store, worker(store, folder, concurrency=concurrency) as process:
        await _through(store, process, _WARM_UP)
        began, used, served = store.now(), cpu_seconds(process), server_cpu_seconds()
        await _through(store, process, runs)
        used, served = cpu_seconds(process) - used, server_cpu_seconds() - served
        done = await finished(store, since=began)
    assert len(done) == runs
    figures = {"treadle": drained_per_second(done), "cpu_us_per_run": used / runs * 1e6}
    return figures if engine == "sqlite" else {**figures, "server_cpu_us_per_run": served / runs * 1e6}


async def _through(store: Engine, process: subprocess.Popen[bytes], count: int) -> None:
    """Submit runs in one transaction and wait until none is left."""
    runs = new_runs(count)
    await store.runs.enqueue(runs)
    await until(lambda: all_finished(store, [runs[-1].id]), process)
    await until(lambda: _is_empty(store), process)


async def _is_empty(store: Engine) -> bool:
    return not await store.runs.counts(DEFAULT_DOMAIN)
