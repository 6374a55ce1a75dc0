"""Runs accepted per second, answered once they are on disk: one caller, many at once, and in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import peers, raw
from benchmarks.doors import DOORS, Call, define_job
from benchmarks.engines import enqueue_all, new_runs, opened
from benchmarks.measure import Figures, Options, Part, Report, Stopwatch, at_least, interleave, medians

NUMBERS: Final[Mapping[str, int]] = {"runs": 2_000, "callers": 16, "batch": 1_000}

_MORE_TOGETHER: Final = 4
_BATCHES: Final = 50
_ONE: Final = 3_000.0
_TOGETHER: Final = 5.0
_BATCHED: Final = 100_000.0
_PEERS: Final = (peers.PGQUEUER, peers.PROCRASTINATE)
_MORE_THAN_PGQUEUER: Final = (("one", "engine_one", 1.3), ("batched", "batched", 1.5))


async def run(options: Options) -> Report:
    """See the module."""
    runs, callers, batch = (options.numbers[name] for name in ("runs", "callers", "batch"))
    parts = {"raw": _raw(options, runs)}
    parts.update((name, _through(options, name, runs, callers)) for name in DOORS)
    parts["batched"] = _batched(options, batch)
    if options.engine == "postgres":
        parts.update((peer.name, peers.part(options, peer, "enqueue", runs // 4)) for peer in _PEERS)
    spreads = await interleave(parts, options.rounds)
    figures = medians(spreads)
    figures["ratio"] = figures["engine_one"] / figures["raw"]
    figures["engine_together_ratio"] = figures["engine_together"] / figures["engine_one"]
    goals = {"engine_together_ratio": at_least(figures["engine_together_ratio"], _TOGETHER)}
    if options.engine == "sqlite":
        goals |= {
            "engine_one": at_least(figures["engine_one"], _ONE),
            "batched": at_least(figures["batched"], _BATCHED),
        }
    else:
        for name, ours, multiple in _MORE_THAN_PGQUEUER:
            figures[f"pgqueuer_{name}_ratio"] = figures[ours] / figures[f"pgqueuer_{name}"]
            goals[f"pgqueuer_{name}_ratio"] = at_least(figures[f"pgqueuer_{name}_ratio"], multiple)
    return Report(
        figures=figures,
        goals=goals,
        spreads=spreads,
        settings={**options.numbers, **options.store},
    )


def _raw(options: Options, runs: int) -> Part:
    async def part(_round: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            return {"raw": await raw.loops(options.engine).enqueue(Path(folder), runs)}

    return part


def _through(options: Options, name: str, runs: int, callers: int) -> Part:
    """One caller, then many at once, through one of the doors."""

    async def part(_round: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            await define_job(options.engine, Path(folder))
            async with DOORS[name](options.engine, Path(folder)) as door:
                return {
                    "one": await _rate([door()], runs),
                    "together": await _rate([door() for _ in range(callers)], runs * _MORE_TOGETHER),
                }

    return part


def _batched(options: Options, batch: int) -> Part:
    async def part(_round: int) -> Figures:
        new = new_runs(batch * _BATCHES)
        with TemporaryDirectory(dir=options.folder) as folder:
            async with opened(options.engine, Path(folder)) as engine:
                with Stopwatch() as watch:
                    await enqueue_all(engine, new, batch)
        return {"batched": watch.rate(len(new))}

    return part


async def _rate(callers: list[Call], runs: int) -> float:
    """Runs per second, where each caller waits for its answer before it calls again."""
    each = -(-runs // len(callers))

    async def repeat(call: Call) -> None:
        for _ in range(each):
            await call()

    await callers[0]()  # connected, and everything loaded
    with Stopwatch() as watch:
        await asyncio.gather(*(repeat(call) for call in callers))
    return watch.rate(each * len(callers))
