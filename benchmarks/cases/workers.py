"""Two workers against one, with a handler that takes 50 microseconds of a processor."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.engines import NOOP, all_finished, drained_per_second, enqueue_all, finished, new_runs, opened
from benchmarks.measure import Figures, Options, Part, Report, at_least, interleave, medians
from benchmarks.processes import until, worker

NUMBERS: Final[Mapping[str, int]] = {"runs": 20_000, "cpu_us": 50, "concurrency": 100}

_RATIO: Final = 1.3
_WARM_UP: Final = 500
_BUSY: Final = """import time

from treadle import job


@job("{name}")
async def busy(n: int) -> int:
    end = time.thread_time_ns() + {cpu_ns}
    while time.thread_time_ns() < end:
        pass
    return n
"""


async def run(options: Options) -> Report:
    """See the module. Server and workers share the cores."""
    spreads = await interleave({"one": _drain(options, 1), "two": _drain(options, 2)}, options.rounds)
    figures = medians(spreads)
    figures["ratio"] = figures["two"] / figures["one"]
    return Report(
        figures=figures,
        goals={"ratio": at_least(figures["ratio"], _RATIO)},
        spreads=spreads,
        settings={**options.numbers, **options.store},
    )


def _drain(options: Options, workers: int) -> Part:
    runs, cpu_us, concurrency = (options.numbers[name] for name in ("runs", "cpu_us", "concurrency"))
    handlers = _BUSY.format(name=NOOP, cpu_ns=cpu_us * 1000)

    async def part(_round: int) -> Figures:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(dir=options.folder)))
            engine = await stack.enter_async_context(opened(options.engine, folder))
            for nth in range(1, workers + 1):
                one = worker(engine, folder, concurrency=concurrency, handlers=handlers, nth=nth)
                process = await stack.enter_async_context(one)
            for count in (_WARM_UP, runs):
                began = engine.now()
                new = new_runs(count)
                ids = [each.id for each in new]
                await enqueue_all(engine, new, count)
                await until(lambda ids=ids: all_finished(engine, ids), process)  # type: ignore[misc]
            return {"one" if workers == 1 else "two": drained_per_second(await finished(engine, since=began))}

    return part
