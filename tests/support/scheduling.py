"""A job with a schedule on a real SQLite file, under a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from treadle.domain.events import Event
from treadle.domain.instants import SECOND, Instant, Micros, from_iso, to_seconds
from treadle.domain.jobs import parse_job
from treadle.domain.json import decode
from treadle.domain.runs import DEFAULT_DOMAIN, Run
from treadle.engines.contract import Engine, RunQuery
from treadle.engines.open import open_engine
from treadle.scheduler.ticker import Ticker
from treadle.services.jobs import Jobs
from treadle.system import Clock, IdSource, SystemClock

START: Instant = from_iso("2026-11-02T08:00:00Z")


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self, wall: Instant = START) -> None:
        self.now = wall
        self.booted = wall - 1_000 * SECOND

    def wall(self) -> Instant:
        return self.now

    def steady(self) -> Micros:
        return self.now - self.booted

    def monotonic(self) -> float:
        return to_seconds(self.steady())


@asynccontextmanager
async def sqlite(folder: Path, clock: Clock) -> AsyncIterator[Engine]:
    engine = await open_engine(f"sqlite:///{folder / 'treadle.db'}?synchronous=NORMAL", clock)
    try:
        yield engine
    finally:
        await engine.close()


async def define(engine: Engine, job_id: str = "tick", **keys: Any) -> None:
    """Store a job and its schedule, by the keys of its document; every second by default."""
    document: dict[str, Any] = {
        "job_id": job_id,
        "executor": {"type": "shell", "argv": ["true"]},
        "schedule": {"interval_sec": 1},
        **keys,
    }
    await Jobs(engine).define(DEFAULT_DOMAIN, parse_job(document), source="api")


def ticker(engine: Engine, clock: Clock | None = None) -> Ticker:
    return Ticker(engine, IdSource(clock or SystemClock()))


async def slots(engine: Engine, job_id: str = "tick") -> list[float]:
    """The slots that were fired, in seconds since `START`, in order."""
    return sorted((run.slot - START) / SECOND for run in await runs(engine, job_id) if run.slot is not None)


async def runs(engine: Engine, job_id: str = "tick") -> list[Run]:
    """All runs of a job."""
    found: list[Run] = []
    while True:
        before = found[-1].id if found else None
        page = await engine.runs.find(RunQuery(domain=DEFAULT_DOMAIN, job_ids=(job_id,), limit=200, before=before))
        found += page
        if len(page) < 200:
            return found


async def skips(engine: Engine) -> list[tuple[Event, dict[str, Any]]]:
    """The events of skipped slots, with what they hold."""
    events = await engine.events.read(DEFAULT_DOMAIN, after=0, limit=10_000, types=["schedule.slot_skipped"])
    return [(event, decode(event.data)) for event in events]
