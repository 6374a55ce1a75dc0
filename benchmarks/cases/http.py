"""Reads and submits over HTTP at a steady pace, with a long history, to an API's process beside a worker's."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Final

from benchmarks.cases import history
from benchmarks.doors import Connection, api, define_job, request
from benchmarks.engines import NOOP, engine_url, opened
from benchmarks.measure import Figures, Options, Report, at_most, interleave, medians, percentile, say
from benchmarks.processes import service, stopped, worker
from treadle.bootstrap import open_services
from treadle.domain.jobs import parse_job
from treadle.domain.runs import DEFAULT_DOMAIN, State
from treadle.engines.contract import RunQuery
from treadle.settings import Settings

NUMBERS: Final[Mapping[str, int]] = {"rows": 1_000_000, "pace": 300, "seconds": 20, "connections": 32}

_SUBMITS: Final = 3
_OF: Final = 10
"""So many of so many requests submit a run; the others read, each way in its turn."""

_READS: Final[Mapping[str, str]] = {
    "run": "/runs/{run}",
    "newest": "/runs?limit=50",
    "failed": "/runs?status=failed&limit=50",
    "of a job": "/runs?job=bench.job.07&limit=50",
    "queues": "/queues",
    "figures": "/stats/overview?window=24h",
    "month": "/stats/timeseries?bucket=day",
    "week": "/stats/heatmap",
    "jobs": "/overview/jobs?limit=20",
    "grid": "/jobs/bench.job.07/grid",
    "groups": "/failure-groups",
}
_JOBS: Final = 20
"""Jobs that are defined, of those in history."""
_WARM_UP_SECONDS: Final = 3
_READ_MS: Final = 50.0
_SUBMIT_MS: Final = 100.0


async def run(options: Options) -> Report:
    """See the module. A request's time begins when it is due, whether or not a connection is free then."""
    folder = Path(options.folder)
    await history.one_run(options.engine, folder)
    await history.fill(options.engine, folder, options.numbers["rows"])
    await _define(options.engine, folder)
    async with opened(options.engine, folder) as store:
        (failed,) = await store.runs.find(RunQuery(domain=DEFAULT_DOMAIN, limit=1, states=(State.FAILED,)))
        async with (
            worker(store, folder, concurrency=5),
            stopped(service("scheduler", folder, options.engine, {})),
            api(options.engine, folder) as port,
        ):

            async def part(number: int) -> Figures:
                seconds = options.numbers["seconds"] if number else _WARM_UP_SECONDS
                connections = [Connection(port) for _ in range(options.numbers["connections"])]
                return _figures(await _load(connections, failed.id, options.numbers["pace"], seconds))

            spreads = await interleave({"http": part}, options.rounds)
    figures = {name.removeprefix("http_"): value for name, value in medians(spreads).items()}
    goals = {
        "read_p99_ms": at_most(figures["read_p99_ms"], _READ_MS),
        "submit_p99_ms": at_most(figures["submit_p99_ms"], _SUBMIT_MS),
    }
    settings = {**options.numbers, "submits_percent": 100 * _SUBMITS // _OF, **options.store}
    return Report(figures=figures, goals=goals, spreads=spreads, settings=settings)


async def _define(engine: str, folder: Path) -> None:
    """Jobs of the history that the lists of jobs tell of, and the one that is submitted."""
    await define_job(engine, folder)
    async with open_services(Settings(data=str(folder), database_url=engine_url(engine, folder))) as services:
        for number in range(_JOBS):
            job_id = f"bench.job.{number:02}"
            await services.jobs.create(DEFAULT_DOMAIN, parse_job({"job_id": job_id, "type": NOOP}))


async def _load(connections: list[Connection], run_id: str, pace: int, seconds: int) -> Mapping[str, list[float]]:
    """Milliseconds of each request, by what it was."""
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for connection in connections:
        free.put_nowait(connection)
    submit = ("submit", request(f"/jobs/{NOOP}/run", b'{"inputs":{"n":1}}'))
    reads = cycle([(name, request(path.format(run=run_id))) for name, path in _READS.items()])
    loop = asyncio.get_running_loop()
    taken: defaultdict[str, list[float]] = defaultdict(list)

    async def ask(name: str, asked: bytes, due: float) -> None:
        connection = await free.get()
        await connection(asked)
        free.put_nowait(connection)
        taken[name].append((loop.time() - due) * 1000)

    began = loop.time()
    async with asyncio.TaskGroup() as asking:
        for number in range(pace * seconds):
            due = began + number / pace
            await asyncio.sleep(due - loop.time())
            name, asked = submit if number % _OF < _SUBMITS else next(reads)
            asking.create_task(ask(name, asked, due))
    return taken


def _figures(taken: Mapping[str, list[float]]) -> Figures:
    say("  p99 of each, ms: " + "  ".join(f"{name} {percentile(each, 99):.1f}" for name, each in taken.items()))
    reads = [time for name, each in taken.items() if name != "submit" for time in each]
    kinds = {"read": reads, "submit": taken["submit"]}
    return {f"{kind}_p{percent}_ms": percentile(each, percent) for kind, each in kinds.items() for percent in (50, 99)}
