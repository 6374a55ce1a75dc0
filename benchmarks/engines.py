"""The engines that can be measured, and the runs that they are given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from treadle.domain.priority import Priority, rank
from treadle.domain.runs import DEFAULT_DOMAIN, NewRun, Run
from treadle.domain.work import PythonHandler, Work, encode_work
from treadle.engines.contract import Engine, RunQuery
from treadle.engines.open import open_engine
from treadle.system import IdSource, SystemClock

ENGINES: Final = ("sqlite",)

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
    assert engine == "sqlite"
    return f"sqlite:///{folder.absolute() / 'treadle.db'}"


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


async def finished(engine: Engine, count: int) -> list[Run]:
    """The last `count` runs submitted, as history tells them."""
    found: list[Run] = []
    while len(found) < count:
        before = found[-1].id if found else None
        page = await engine.runs.find(
            RunQuery(domain=DEFAULT_DOMAIN, limit=min(_PAGE, count - len(found)), before=before)
        )
        assert page, f"{len(found)} of {count} runs are there"
        found.extend(page)
    return found
