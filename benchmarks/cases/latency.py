"""From the submission in one process to the start of the handler in another, at a steady pace."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import raw
from benchmarks.doors import DOORS, Call, define_job
from benchmarks.engines import all_finished, finished, opened
from benchmarks.measure import Figures, Options, Part, Report, at_most, interleave, medians, percentile
from benchmarks.processes import until, worker
from treadle.domain.instants import MILLISECOND, Instant
from treadle.domain.runs import Run
from treadle.system import SystemClock

NUMBERS: Final[Mapping[str, int]] = {"runs": 1_000, "pace": 50, "concurrency": 5}

_WARM_UP: Final = 50
_P50_MS: Final = 3.0
_P99_MS: Final[Mapping[str, float]] = {"sqlite": 10.0, "postgres": 8.0}


async def run(options: Options) -> Report:
    """See the module. Both processes read the clock of this machine: the engine's `started_at` is the worker's."""
    parts = {"raw": _raw(options), **{name: _through(options, name) for name in DOORS}}
    spreads = await interleave(parts, options.rounds)
    figures = medians(spreads)
    return Report(
        figures=figures,
        goals={
            "client_p50_ms": at_most(figures["client_p50_ms"], _P50_MS),
            "client_p99_ms": at_most(figures["client_p99_ms"], _P99_MS[options.engine]),
        },
        spreads=spreads,
        settings={**options.numbers, **options.store, "workers": 1},
    )


def _raw(options: Options) -> Part:
    """The two commits that lie between: the disk has its share, and its moods, in every percentile."""

    async def part(number: int) -> Figures:
        runs = options.numbers["runs"] if number else _WARM_UP
        with TemporaryDirectory(dir=options.folder) as folder:
            return _figures(await raw.loops(options.engine).waits(Path(folder), runs, options.numbers["pace"]))

    return part


def _through(options: Options, name: str) -> Part:
    """Submissions through one of the doors. What comes first, and the whole warm-up, are few and not counted."""
    runs, pace, concurrency = (options.numbers[name] for name in ("runs", "pace", "concurrency"))

    async def part(number: int) -> Figures:
        with TemporaryDirectory(dir=options.folder) as folder:
            place = Path(folder)
            await define_job(options.engine, place)
            async with (
                opened(options.engine, place) as store,
                worker(store, place, concurrency=concurrency) as process,
                DOORS[name](options.engine, place) as door,
            ):
                call = door()
                await _submit(call, _WARM_UP, pace)
                submitted = await _submit(call, runs if number else _WARM_UP, pace)
                await until(lambda: all_finished(store, list(submitted)), process)
                waits = _waits(await finished(store), submitted)
        return _figures(waits)

    return part


def _figures(waits: list[float]) -> Figures:
    return {"p50_ms": percentile(waits, 50), "p99_ms": percentile(waits, 99), "max_ms": max(waits)}


async def _submit(call: Call, count: int, pace: int) -> dict[str, Instant]:
    """Submit runs, so many a second whatever each takes; answers when each was submitted."""
    loop, clock = asyncio.get_running_loop(), SystemClock()
    began, submitted = loop.time(), {}
    for number in range(count):
        await asyncio.sleep(began + number / pace - loop.time())
        now = clock.wall()
        submitted[await call()] = now
    return submitted


def _waits(done: list[Run], submitted: dict[str, Instant]) -> list[float]:
    """Milliseconds from each submission to the start of its handler."""
    started = {each.id: each.started_at for each in done if each.started_at is not None}
    return [(started[run_id] - at) / MILLISECOND for run_id, at in submitted.items()]
