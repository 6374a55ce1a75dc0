"""Runs accepted per second, answered once they are on disk: one caller, many at once, and in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from benchmarks import raw
from benchmarks.engines import enqueue_all, new_runs, opened
from benchmarks.measure import Figures, Options, Part, Report, Stopwatch, at_least, interleave, medians
from treadle.domain.runs import NewRun
from treadle.engines.contract import Engine

NUMBERS: Final[Mapping[str, int]] = {"runs": 3_000, "callers": 16, "batch": 1_000}

_BATCHES: Final = 50
_ONE: Final = 3_000.0
_TOGETHER: Final = 5.0
_BATCHED: Final = 100_000.0

Submit: TypeAlias = Callable[[Engine, list[NewRun]], Awaitable[None]]
"""A way of submitting runs."""


async def run(options: Options) -> Report:
    """See the module."""
    runs, callers, batch = (options.numbers[name] for name in ("runs", "callers", "batch"))

    async def bare(_round: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            return {"raw": await asyncio.to_thread(raw.enqueue, Path(folder) / "raw.db", runs)}

    def by(name: str, count: int, submit: Submit) -> Part:
        async def part(_round: int) -> Figures:
            new = new_runs(count)
            with TemporaryDirectory(dir=options.folder) as folder:
                async with opened(options.engine, Path(folder)) as engine:
                    with Stopwatch() as watch:
                        await submit(engine, new)
            return {name: watch.rate(count)}

        return part

    parts = {
        "raw": bare,
        "one": by("one", runs, one_by_one),
        "together": by("together", runs * 4, lambda engine, new: together(engine, new, callers)),
        "batched": by("batched", batch * _BATCHES, lambda engine, new: enqueue_all(engine, new, batch)),
    }
    spreads = await interleave(parts, options.rounds)
    figures = medians(spreads)
    figures["ratio"] = figures["one"] / figures["raw"]
    figures["together_ratio"] = figures["together"] / figures["one"]
    return Report(
        figures=figures,
        goals={
            "one": at_least(figures["one"], _ONE),
            "together_ratio": at_least(figures["together_ratio"], _TOGETHER),
            "batched": at_least(figures["batched"], _BATCHED),
        },
        spreads=spreads,
        settings={**options.numbers, "synchronous": "FULL"},
    )


async def one_by_one(engine: Engine, runs: list[NewRun]) -> None:
    """One caller, who waits for each answer."""
    for each in runs:
        await engine.runs.enqueue([each])


async def together(engine: Engine, runs: list[NewRun], callers: int) -> None:
    """Many callers at once, each waiting for its own answers."""
    await asyncio.gather(*(one_by_one(engine, runs[number::callers]) for number in range(callers)))
