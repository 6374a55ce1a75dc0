"""Runs accepted per second by `POST /runs`, in batches, by an API in a process of its own: each batch is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.doors import Caller, api, define_job
from benchmarks.engines import NOOP
from benchmarks.measure import Figures, Options, Report, Stopwatch, at_least, interleave, medians
from treadle.domain.json import encode

NUMBERS: Final[Mapping[str, int]] = {"runs": 40_000, "callers": 4, "batch": 100}

_GOAL: Final = 5_000.0


async def run(options: Options) -> Report:
    """See the module."""
    runs, callers, batch = (options.numbers[name] for name in ("runs", "callers", "batch"))
    body = encode({"runs": [{"job_id": NOOP, "inputs": {"n": n}} for n in range(batch)]})

    async def part(_round: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            await define_job(options.engine, Path(folder))
            async with api(options.engine, Path(folder)) as port:
                one = await _rate([Caller(port, "/runs", body)], runs // batch) * batch
                posters = [Caller(port, "/runs", body) for _ in range(callers)]
                return {"one_caller": one, "together": await _rate(posters, runs // batch) * batch}

    spreads = await interleave({"http": part}, options.rounds)
    figures = medians(spreads)
    goals = {name: at_least(figures[name], _GOAL) for name in figures}
    return Report(figures=figures, goals=goals, spreads=spreads, settings={**options.numbers, **options.store})


async def _rate(posters: list[Caller], calls: int) -> float:
    """Calls per second, where each caller waits for its answer before it calls again."""
    each = -(-calls // len(posters))

    async def repeat(post: Caller) -> None:
        for _ in range(each):
            await post()

    await posters[0]()  # connected, and everything loaded
    with Stopwatch() as watch:
        await asyncio.gather(*map(repeat, posters))
    return watch.rate(each * len(posters))
