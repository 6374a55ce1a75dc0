"""Keys do not pile up: those of unique and debounced runs go with their runs, those of windows with their time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from treadle.domain.clashes import Debounce, Unique
from treadle.domain.instants import MINUTE, SECOND
from treadle.domain.limits import Limits
from treadle.engines.contract import Engine
from treadle.engines.sqlite.connection import connect, fetch
from treadle.engines.sqlite.engine import open_sqlite
from treadle.testing.clock import VirtualClock
from treadle.testing.driver import Driver


@asynccontextmanager
async def opened(file: Path, clock: VirtualClock) -> AsyncIterator[Engine]:
    engine = await open_sqlite(file, clock, synchronous="NORMAL")
    try:
        yield engine
    finally:
        await engine.close()


def keys(file: Path) -> list[str]:
    """What the table of keys holds, once no engine has the file open."""
    connection = connect(file, "NORMAL", cache_kib=64)
    try:
        return [key for (key,) in fetch(connection, "SELECT key FROM keys ORDER BY key")]
    finally:
        connection.close()


async def test_no_key_outlives_what_it_stands_for(tmp_path: Path) -> None:
    file, clock = tmp_path / "treadle.db", VirtualClock()
    async with opened(file, clock) as engine:
        drive = Driver(engine)
        (kept,) = await drive.submit(limits=Limits(unique=Unique(key="live")))
        ended = [
            *await drive.submit(limits=Limits(unique=Unique(key="ended"))),
            *await drive.submit(limits=Limits(unique=Unique(key="window", until=60))),
            *await drive.submit(debounce=Debounce(wait_sec=9, key="debounced"), delay=9 * SECOND),
        ]
        await engine.runs.cancel("default", ended, now=drive.now)
        clock.advance(SECOND)
        await engine.runs.prune(clock.wall(), 100)
    assert keys(file) == ["live", "window"]
    async with opened(file, clock) as engine:
        clock.advance(MINUTE)
        await engine.runs.prune(clock.wall(), 100)
        await engine.runs.cancel("default", [kept])
        clock.advance(SECOND)
        await engine.runs.prune(clock.wall(), 100)
    assert keys(file) == []
