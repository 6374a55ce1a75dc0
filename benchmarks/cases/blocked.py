"""Whether a worker drains as fast beside a million runs that cannot go: before a full lane, or in a paused queue."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from benchmarks.engines import all_finished, drained_per_second, enqueue_all, finished, new_runs, opened
from benchmarks.measure import Figures, Options, Part, Report, at_least, interleave, medians
from benchmarks.processes import until, worker
from treadle.domain.admission import AT_THE_GATE
from treadle.domain.limits import Lane, Limits
from treadle.domain.queues import QueueState
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.engines.contract import Engine

NUMBERS: Final[Mapping[str, int]] = {"runs": 20_000, "waiting": 1_000_000, "concurrency": 100}

_RATIO: Final = 0.9
_AT_ONCE: Final = 10_000
_LANE: Final = "flow:full"
_QUEUE: Final = "paused"


async def run(options: Options) -> Report:
    """See the module. As many runs are drained beside those that wait as alone, in turns."""
    runs, waiting, concurrency = (options.numbers[name] for name in ("runs", "waiting", "concurrency"))
    async with AsyncExitStack() as stack:
        parts = {}
        for name in ("alone", "lane", "queue"):
            folder = Path(options.folder) / name
            folder.mkdir()
            engine = await stack.enter_async_context(opened(options.engine, folder))
            await _fill(engine, name, waiting)
            parts[name] = _drain(engine, folder, runs, concurrency)
        spreads = await interleave(parts, options.rounds)
    figures = medians(spreads)
    ratios = {f"{name}_ratio": figures[name] / figures["alone"] for name in ("lane", "queue")}
    return Report(
        figures=figures | ratios,
        goals={name: at_least(ratio, _RATIO) for name, ratio in ratios.items()},
        spreads=spreads,
        settings={**options.numbers, **options.store, "workers": 1},
    )


async def _fill(engine: Engine, name: str, count: int) -> None:
    """Submit runs that cannot go, older than all that are measured."""
    limits = Limits(lanes=(Lane(_LANE, 1),))
    if name == "lane":
        await engine.lanes.set_limit(DEFAULT_DOMAIN, _LANE, 0)
    elif name == "queue":
        await engine.queues.switch(DEFAULT_DOMAIN, _QUEUE, QueueState.PAUSED)
    else:
        return
    for start in range(0, count, _AT_ONCE):
        runs = new_runs(min(_AT_ONCE, count - start))
        if name == "lane":
            runs = [replace(each, limits=limits, state=AT_THE_GATE.state, reason=AT_THE_GATE.reason) for each in runs]
        else:
            runs = [replace(each, queue=_QUEUE) for each in runs]
        await enqueue_all(engine, runs)


def _drain(engine: Engine, folder: Path, count: int, concurrency: int) -> Part:
    async def part(_round: int) -> Figures:
        began = engine.now()
        runs = new_runs(count)
        await enqueue_all(engine, runs)
        async with worker(engine, folder, concurrency=concurrency) as process:
            await until(lambda: all_finished(engine, [runs[-1].id]), process)
        return {folder.name: drained_per_second(await finished(engine, since=began))}

    return part
