"""The engines that can be measured, and the runs that they are given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.servers import database_url
from treadle.domain.instants import SECOND, Instant
from treadle.domain.priority import Priority, rank
from treadle.domain.runs import DEFAULT_DOMAIN, TERMINAL, NewRun, Run, State
from treadle.domain.work import PythonHandler, Work, encode_work
from treadle.engines.contract import Engine, RunQuery
from treadle.engines.open import open_engine
from treadle.system import IdSource, SystemClock

ENGINES: Final = ("sqlite", "postgres")

NOOP: Final = "bench.noop"

TASKS: Final = f'''from treadle import job


@job("{NOOP}")
async def noop(n: int) -> int:
    return n
'''
"""A handler that does nothing but take a small input and give a small result."""

_PAGE: Final = 2000

_clock: Final = SystemClock()
_ids: Final = IdSource(_clock)


def engine_url(engine: str, folder: Path) -> str:
    """Where an engine of this kind keeps a fresh state, with its durable defaults."""
    return f"sqlite:///{folder.absolute() / 'treadle.db'}" if engine == "sqlite" else database_url(folder)


@asynccontextmanager
async def opened(engine: str, folder: Path) -> AsyncIterator[Engine]:
    """An engine on a folder, closed at the end."""
    standing = await open_engine(engine_url(engine, folder), _clock)
    try:
        yield standing
    finally:
        await standing.close()


def new_runs(count: int, job_id: str = NOOP) -> list[NewRun]:
    """Runs of the no-op handler that are ready now, in order."""
    return list(_new_runs(count, job_id))


def _new_runs(count: int, job_id: str) -> Iterator[NewRun]:
    work = encode_work(Work(PythonHandler(NOOP)))
    for _ in range(count):
        now = _clock.wall()
        yield NewRun(
            id=_ids("run"),
            job_id=job_id,
            requires=f"handler:{NOOP}",
            due_at=now,
            rank=rank(now, Priority.NORMAL),
            created_at=now,
            work=work,
            inputs=b'{"n":1}',
        )


async def enqueue_all(engine: Engine, runs: list[NewRun], batch: int = 1000) -> None:
    """Submit runs, so many in one call."""
    for start in range(0, len(runs), batch):
        await engine.runs.enqueue(runs[start : start + batch])


async def all_finished(engine: Engine, run_ids: list[str]) -> bool:
    """Whether these runs have come to their end."""
    return all(each.state in TERMINAL for each in await engine.runs.get(DEFAULT_DOMAIN, run_ids))


async def finished(engine: Engine, since: Instant = 0) -> list[Run]:
    """The runs submitted since a moment that are completed, newest first, as history tells them."""
    found: list[Run] = []
    page: list[Run] | None = None
    while page is None or len(page) == _PAGE:
        before = page[-1].id if page else None
        states = (State.COMPLETED,)
        query = RunQuery(domain=DEFAULT_DOMAIN, limit=_PAGE, before=before, states=states, created_after=since)
        page = await engine.runs.find(query)
        found.extend(page)
    return found


def drained_per_second(done: list[Run]) -> float:
    """Runs per second, from the first start to the last settle."""
    first = min(each.started_at for each in done if each.started_at is not None)
    last = max(each.finished_at for each in done if each.finished_at is not None)
    return len(done) / (last - first) * SECOND
