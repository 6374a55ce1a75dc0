"""Whether a worker drains as fast with a million runs waiting as with ten thousand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from benchmarks.engines import all_finished, drained_per_second, finished, new_runs, opened
from benchmarks.measure import Figures, Options, Part, Report, at_least, interleave, medians
from benchmarks.processes import until, worker
from treadle.engines.contract import Engine

NUMBERS: Final[Mapping[str, int]] = {"few": 10_000, "many": 1_000_000, "concurrency": 100}

_RATIO: Final = 0.8
_AT_ONCE: Final = 10_000


async def run(options: Options) -> Report:
    """See the module. As many runs are drained of the many as of the few."""
    few, many, concurrency = (options.numbers[name] for name in ("few", "many", "concurrency"))
    async with AsyncExitStack() as stack:
        parts = {}
        for name, waiting in (("few", 0), ("many", many - few)):
            folder = Path(options.folder) / name
            folder.mkdir()
            engine = await stack.enter_async_context(opened(options.engine, folder))
            parts[name] = _drain(engine, folder, await _submit(engine, waiting), few, concurrency)
        spreads = await interleave(parts, options.rounds)
    figures = medians(spreads)
    figures["ratio"] = figures["many"] / figures["few"]
    return Report(
        figures=figures,
        goals={"ratio": at_least(figures["ratio"], _RATIO)},
        spreads=spreads,
        settings={**options.numbers, **options.store, "workers": 1},
    )


def _drain(engine: Engine, folder: Path, waiting: list[str], count: int, concurrency: int) -> Part:
    """A worker finds `count` runs more than those that wait, and drains until as many are done."""
    ended = 0

    async def part(_round: int) -> Figures:
        nonlocal ended
        waiting.extend(await _submit(engine, count))
        async with worker(engine, folder, concurrency=concurrency) as process:
            await until(lambda: all_finished(engine, [waiting[count - 1]]), process)
        done = await finished(engine)
        newly = done[: len(done) - ended]
        ended = len(done)
        del waiting[: len(newly)]
        return {folder.name: drained_per_second(newly)}

    return part


async def _submit(engine: Engine, count: int) -> list[str]:
    """Submit runs; answers their ids in order."""
    ids: list[str] = []
    for start in range(0, count, _AT_ONCE):
        runs = new_runs(min(_AT_ONCE, count - start))
        await engine.runs.enqueue(runs)
        ids.extend(each.id for each in runs)
    return ids
