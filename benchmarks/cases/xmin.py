"""What a transaction held open costs claims: the server can remove nothing of what was there before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Final

import asyncpg

from benchmarks.engines import enqueue_all, new_runs, opened
from benchmarks.measure import Options, Report, at_least, medians, say, spread
from benchmarks.servers import database_url
from benchmarks.stepping import step_through
from treadle.engines.contract import Engine

NUMBERS: Final[Mapping[str, int]] = {"seconds": 600, "runs": 20_000}

_RATIO: Final = 0.7


async def run(options: Options) -> Report:
    """See the module. Runs are claimed and settled as fast as may be for all of the time, and measured at its ends."""
    seconds, runs = options.numbers["seconds"], options.numbers["runs"]
    folder = Path(options.folder) / "xmin"
    folder.mkdir()
    async with opened(options.engine, folder) as engine:
        await _rate(engine, runs)
        before = [await _rate(engine, runs) for _ in range(options.rounds)]
        async with _snapshot(database_url(folder)):
            until, claimed = monotonic() + seconds, 0
            while monotonic() < until:
                await _rate(engine, runs)
                claimed += runs
            say(f"  the transaction has been open for {seconds} s, in which {claimed:,} runs were claimed")
            held = [await _rate(engine, runs) for _ in range(options.rounds)]
    spreads = {"before": spread(before), "held": spread(held)}
    figures = medians(spreads)
    figures["ratio"] = figures["held"] / figures["before"]
    return Report(
        figures=figures,
        goals={"ratio": at_least(figures["ratio"], _RATIO)},
        spreads=spreads,
        settings={**options.numbers, **options.store, "claimed": claimed},
    )


async def _rate(engine: Engine, runs: int) -> float:
    """Runs claimed and settled per second."""
    await enqueue_all(engine, new_runs(runs))
    rate = runs / (await step_through(engine, runs)).wall * 1e6
    say(f"  {rate:,.0f} a second")
    return rate


@asynccontextmanager
async def _snapshot(url: str) -> AsyncIterator[None]:
    """A transaction of somebody who has read, and does nothing more until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            await connection.fetchval("SELECT count(*) FROM treadle.lines")
            yield
    finally:
        await connection.close()
