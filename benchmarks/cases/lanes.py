"""Whether a worker drains as fast where every run needs a slot of one of a thousand lanes, each with others waiting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec.structs import replace

from benchmarks.engines import all_finished, drained_per_second, enqueue_all, finished, new_runs, opened
from benchmarks.measure import Figures, Options, Part, Report, at_least, interleave, medians
from benchmarks.processes import until, worker
from treadle.domain.admission import AT_THE_GATE
from treadle.domain.limits import Lane, Limits
from treadle.domain.runs import NewRun

NUMBERS: Final[Mapping[str, int]] = {"runs": 40_000, "lanes": 1_000, "limit": 1, "concurrency": 100}

_RATIO: Final = 0.8


async def run(options: Options) -> Report:
    """See the module. The same runs are drained with lanes and without, in turns."""
    numbers = options.numbers

    def part(name: str) -> Part:
        async def drain(_round: int) -> Figures:
            runs = new_runs(numbers["runs"])
            if name == "with":
                runs = [_limited(each, n % numbers["lanes"], numbers["limit"]) for n, each in enumerate(runs)]
            with TemporaryDirectory(dir=options.folder) as folder:
                return {name: await _drain(options.engine, Path(folder), runs, numbers["concurrency"])}

        return drain

    spreads = await interleave({name: part(name) for name in ("with", "without")}, options.rounds)
    figures = medians(spreads)
    figures["ratio"] = figures["with"] / figures["without"]
    return Report(
        figures=figures,
        goals={"ratio": at_least(figures["ratio"], _RATIO)},
        spreads=spreads,
        settings={**numbers, **options.store, "workers": 1},
    )


def _limited(run: NewRun, lane: int, limit: int) -> NewRun:
    limits = Limits(lanes=(Lane(f"key:{lane}", limit),))
    return replace(run, limits=limits, state=AT_THE_GATE.state, reason=AT_THE_GATE.reason)


async def _drain(kind: str, folder: Path, runs: list[NewRun], concurrency: int) -> float:
    async with opened(kind, folder) as engine:
        await enqueue_all(engine, runs)
        async with worker(engine, folder, concurrency=concurrency) as process:
            await until(lambda: all_finished(engine, [each.id for each in runs[-1000:]]), process)
        done = await finished(engine)
        assert len(done) == len(runs)
        return drained_per_second(done)
