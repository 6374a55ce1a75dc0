"""Where reads run: by key at once, all else in a thread."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from treadle.domain.errors import Unavailable
from treadle.engines.sqlite.connection import connect
from treadle.engines.sqlite.reader import Reader


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    connect(tmp_path / "treadle.db", "FULL", cache_kib=64).close()
    reader = Reader(tmp_path / "treadle.db")
    yield reader
    await reader.close()


async def test_a_lookup_by_key_is_done_at_once_and_another_read_in_a_thread(reader: Reader) -> None:
    assert await reader.by_key(_whoami) == threading.current_thread().name
    assert (await reader(_whoami)).startswith("sqlite-reader")


async def test_a_lookup_that_would_wait_for_a_lock_waits_in_a_thread(reader: Reader) -> None:
    def locked_out_at_first(connection: apsw.Connection) -> str:
        if threading.current_thread() is threading.main_thread():
            raise apsw.BusyError
        return _whoami(connection)

    assert (await reader.by_key(locked_out_at_first)).startswith("sqlite-reader")


async def test_a_closed_reader_says_so(reader: Reader) -> None:
    await reader.close()
    for read in (reader, reader.by_key):
        with pytest.raises(Unavailable, match="closed"):
            await read(_whoami)


def _whoami(_connection: apsw.Connection) -> str:
    return threading.current_thread().name
