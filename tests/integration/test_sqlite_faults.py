"""The disk fails: what was acknowledged is there, what was not stored was not acknowledged."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.support.processes import traffic
from tests.support.tracing import failing_fsync
from treadle.domain.errors import StorageFull, Unavailable
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.engines.contract import Engine
from treadle.engines.sqlite import checkpointer
from treadle.engines.sqlite.engine import open_sqlite
from treadle.engines.sqlite.notices import notice_folder
from treadle.system import SystemClock
from treadle.testing.driver import Driver

LARGE = b'"%s"' % (b"x" * 16 * 1024)


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Engine]:
    engine = await open_sqlite(file, SystemClock())
    try:
        yield engine
    finally:
        await engine.close()


def mount(*arguments: str) -> bool:
    """Whether this machine let us."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)):
        pytest.skip("mounting a small file system is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def fill(drive: Driver) -> list[str]:
    """Submit until the disk is full; what was accepted."""
    accepted: list[str] = []
    with suppress(StorageFull):
        while True:
            accepted += await drive.submit(inputs=LARGE)
    return accepted


async def ping_until_refused(engine: Engine) -> None:
    """The last of the room is enough for small writes."""
    while True:
        await engine.ping()


async def test_a_full_disk_takes_nothing_loses_nothing_and_recovers(small_disk: Path) -> None:
    file = small_disk / "treadle.db"
    async with opened(file) as engine:
        drive = Driver(engine)
        worker = await drive.worker()
        (early,) = await drive.submit()
        claim = await drive.claim_one(worker)
        accepted = await fill(drive)
        assert accepted
        with pytest.raises(StorageFull):
            await drive.submit(inputs=LARGE)
        with pytest.raises(StorageFull):
            await ping_until_refused(engine)
        assert await drive.states(accepted) == [State.READY] * len(accepted)
        assert sum((await engine.runs.counts("default")).values()) == len(accepted) + 1
        assert mount("-o", "remount,size=16m", str(small_disk))
        accepted += await drive.submit(5, inputs=LARGE)
        assert await drive.settle(worker, claim, Succeeded()) == ()
    async with opened(file) as engine:
        assert await Driver(engine).states(accepted) == [State.READY] * len(accepted)
        assert await Driver(engine).states([early]) == [State.COMPLETED]


async def test_a_disk_too_full_for_a_checkpoint_stops_nothing(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointer, "CHECKPOINT_PAGES", 64)
    async with opened(small_disk / "treadle.db") as engine:
        drive = Driver(engine)
        accepted = await fill(drive)
        for _ in range(3):
            with pytest.raises(StorageFull):
                await drive.submit(inputs=LARGE)
        assert mount("-o", "remount,size=16m", str(small_disk))
        for _ in range(40):
            accepted += await drive.submit(inputs=LARGE)
        assert await drive.states(accepted) == [State.READY] * len(accepted)


async def test_a_backup_for_which_there_is_no_room_leaves_nothing_behind(small_disk: Path, tmp_path: Path) -> None:
    async with opened(tmp_path / "treadle.db") as engine:
        await Driver(engine).submit(200, inputs=LARGE)
        with pytest.raises(StorageFull):
            await engine.backup(small_disk / "copy")
        with pytest.raises(Unavailable, match="cannot be written"):
            await engine.backup(small_disk / "no-folder" / "copy")
        assert not any(small_disk.iterdir())  # noqa: ASYNC240 - it is memory


async def test_what_could_not_be_flushed_is_never_acknowledged(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    with traffic("submit_when_told", file) as (submitter,):
        submitter.tell()
        assert submitter.hear() == ["open"]
        submitter.tell()
        (accepted,) = submitter.hear()
        with failing_fsync([submitter.process.pid]):
            submitter.tell()
            assert submitter.hear() == ["refused", "unavailable"]
        # What fsync could not write is gone from the page cache, and no later fsync would say so.
        submitter.tell()
        assert submitter.hear() == ["refused", "unavailable"]
        submitter.kill()
    async with opened(file) as engine:
        assert await Driver(engine).states([accepted]) == [State.READY]
        assert len(await Driver(engine).submit()) == 1


async def test_what_cannot_be_woken_stops_no_writer(tmp_path: Path) -> None:
    file = tmp_path / "treadle.db"
    (notice_folder(file) / "1-stray.runs.events").mkdir(parents=True, exist_ok=True)
    async with opened(file) as engine:
        for _ in range(2):
            assert len(await Driver(engine).submit()) == 1


async def test_a_closed_engine_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path / "treadle.db") as engine:
        pass
    with pytest.raises(Unavailable):
        await Driver(engine).submit()
    with pytest.raises(Unavailable):
        await engine.runs.counts("default")
