"""The SQLite file over time: newer schemas, backups, a write-ahead log that does not grow for ever."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.support.processes import traffic
from treadle.domain.errors import SchemaTooNew
from treadle.domain.runs import State
from treadle.engines.contract import Engine, RunQuery
from treadle.engines.sqlite.connection import WAL_BYTES
from treadle.engines.sqlite.engine import open_sqlite
from treadle.system import SystemClock
from treadle.testing.driver import Driver

KIB4 = b'"%s"' % (b"x" * 4096)


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Engine]:
    engine = await open_sqlite(file, SystemClock())
    try:
        yield engine
    finally:
        await engine.close()


async def test_what_runs_are_given_and_say_is_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    async with opened(folder / "treadle.db") as engine:
        await Driver(engine).submit()
        await engine.backup(folder / "copy.db")
        files = [file for file in folder.iterdir() if file.is_file()]
        assert len(files) == 4
        assert {file.name: file.stat().st_mode & 0o077 for file in files} == {file.name: 0 for file in files}


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    async with opened(file) as engine:
        await Driver(engine).submit()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = file.read_bytes()
    with pytest.raises(SchemaTooNew, match="999"):
        await open_sqlite(file, SystemClock())
    assert file.read_bytes() == before


async def test_a_backup_taken_while_others_write_is_whole(tmp_path: Path) -> None:
    async with opened(tmp_path / "treadle.db") as engine:
        drive = Driver(engine)
        before = await drive.submit(3_000, inputs=KIB4)
        with traffic("submit", tmp_path / "treadle.db", 1_000_000) as (submitter,):
            submitter.tell()
            submitter.hear()
            async with asyncio.timeout(60):
                await engine.backup(tmp_path / "copy.db")
            submitter.kill()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    async with opened(tmp_path / "copy.db") as copy:
        assert set(await Driver(copy).states(before)) == {State.READY}
        runs = await copy.runs.find(RunQuery(domain="default", limit=1_000_000))
        assert len(runs) % 10 == 0
        events = await copy.events.read("default", after=0, limit=1_000_000)
        assert sorted(event.subject for event in events) == sorted(run.id for run in runs)
        assert len(await Driver(copy).submit()) == 1


async def test_the_write_ahead_log_stays_bounded_under_load(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    wal = tmp_path / "treadle.db-wal"
    longest = 0
    async with opened(file) as engine:
        with traffic("fill", file, 700, processes=2) as fillers:
            for filler in fillers:
                filler.tell()
            while any(filler.process.poll() is None for filler in fillers):
                await engine.runs.find(RunQuery(domain="default", limit=10))
                longest = max(longest, wal.stat().st_size)
        assert await engine.runs.counts("default") == {State.READY: 1_400}
    assert file.stat().st_size > 5 * WAL_BYTES
    assert longest < 3 * WAL_BYTES
