"""The log of an attempt: what is written, what is cut, and what happens while the store refuses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import msgspec
import pytest

from tests.support.executions import MemoryLogs, claim
from treadle.domain.errors import Moved, Unavailable
from treadle.domain.logs import Level, LogLine, Stream, line_size
from treadle.executors.logbuffer import CHUNK_BYTES, LogBuffer
from treadle.executors.runlog import RunLog
from treadle.redaction import Redactor

Write = Callable[[RunLog], None]


async def written(write: Write, *, max_bytes: int = 1_000_000) -> list[LogLine]:
    store = MemoryLogs()
    async with LogBuffer(store.append) as buffer:
        log = RunLog(claim(), buffer, max_bytes=max_bytes, now=lambda: 42)
        write(log)
        log.close()
    return store.lines


async def test_a_line_carries_its_attempt_and_is_cleaned_and_redacted() -> None:
    def write(log: RunLog) -> None:
        log.redactor = Redactor({"KEY": "hunter22"})
        log.write(Stream.LOG, Level.ERROR, "\x1b[31mpw hunter22\nsecond", {"pw": "hunter22", "n": 1, "o": {2}})

    first, second = await written(write)
    assert msgspec.structs.asdict(first) == {
        "domain": "default",
        "run_id": "r1",
        "token": 7,
        "attempt": 2,
        "at": 42,
        "stream": "log",
        "level": "error",
        "message": "\x1b[31mpw ***",
        "fields": b'{"pw":"***","n":1,"o":[2]}',
    }
    assert (second.message, second.fields) == ("second", None)


async def test_colours_are_kept_but_where_they_hide_a_secret_or_the_line_is_cut() -> None:
    def write(log: RunLog) -> None:
        log.redactor = Redactor({"KEY": "hunter22"})
        log.write(Stream.STDOUT, Level.INFO, "\x1b[32mok\x1b[0m hunter22\x1b[2K")
        log.write(Stream.STDOUT, Level.INFO, "\x1b[32mok\x1b[0m hun\x1b[31mter22")
        log.write(Stream.STDOUT, Level.INFO, "\x1b[31m" + "x" * 16 * 1024)

    bright, hiding, long = await written(write)
    assert bright.message == "\x1b[32mok\x1b[0m ***"
    assert hiding.message == "ok ***"
    assert long.message == "x" * 16 * 1024


async def test_fields_that_are_no_json_do_not_fail_the_call() -> None:
    circle: list[object] = []
    circle.append(circle)

    def write(log: RunLog) -> None:
        log.write(Stream.LOG, Level.INFO, "a", {"x": circle})
        log.write(Stream.LOG, Level.INFO, "b", {"x": "\ud800"})
        log.write(Stream.LOG, Level.INFO, "c", {"x": "y" * 20_000})
        log.write(Stream.LOG, Level.INFO, "d", {"x": ValueError("v")})

    fields = [line.fields or b"" for line in await written(write)]
    assert b"not_json" in fields[0]
    assert b"not_json" in fields[1]
    assert b"cut" in fields[2]
    assert fields[3] == b"""{"x":"ValueError('v')"}"""


async def test_a_flood_is_cut_and_one_line_tells_how_much() -> None:
    def write(log: RunLog) -> None:
        for number in range(100):
            log.write(Stream.STDOUT, Level.INFO, f"{number:09}")

    lines = await written(write, max_bytes=200)
    assert [line.message for line in lines[:-1]] == [f"{number:09}" for number in range(20)]
    assert lines[-1].stream is Stream.SYSTEM
    assert "80 lines (800 bytes) are not kept" in lines[-1].message


async def test_lines_are_stored_in_order_in_bounded_chunks() -> None:
    store = MemoryLogs()
    async with LogBuffer(store.append) as buffer:
        log = RunLog(claim(), buffer)
        for number in range(3_000):
            log.write(Stream.STDOUT, Level.INFO, f"{number} " + "x" * 90)
    assert [int(message.split()[0]) for message in store.messages] == list(range(3_000))
    assert all(sum(map(line_size, chunk)) <= CHUNK_BYTES for chunk in store.chunks)


async def test_a_quiet_line_is_stored_without_waiting_for_the_end() -> None:
    store = MemoryLogs()
    async with LogBuffer(store.append, flush_seconds=0.01) as buffer:
        RunLog(claim(), buffer).write(Stream.STDOUT, Level.INFO, "live")
        await asyncio.wait_for(store.tried.wait(), 30)
        assert store.messages == ["live"]


async def test_lines_from_threads_arrive() -> None:
    store = MemoryLogs()
    async with LogBuffer(store.append) as buffer:
        log = RunLog(claim(), buffer)

        def write() -> None:
            for number in range(200):
                log.write(Stream.LOG, Level.INFO, str(number))

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
    assert sorted(map(int, store.messages)) == sorted(list(range(200)) * 4)


async def test_a_store_that_is_away_for_a_while_loses_nothing() -> None:
    store = MemoryLogs()
    store.refusals = [Unavailable("away"), Unavailable("away")]
    async with LogBuffer(store.append) as buffer:
        RunLog(claim(), buffer).write(Stream.STDOUT, Level.INFO, "kept")
    assert store.messages == ["kept"]


async def test_beyond_its_capacity_the_buffer_drops_and_says_so_in_each_run() -> None:
    store = MemoryLogs()
    store.open.clear()
    async with LogBuffer(store.append, capacity=1_000) as buffer:
        one, two = RunLog(claim("r1"), buffer), RunLog(claim("r2"), buffer)
        for _ in range(10):
            one.write(Stream.STDOUT, Level.INFO, "x" * 199)
        two.write(Stream.STDOUT, Level.INFO, "y" * 199)
        store.open.set()
    lines = store.lines
    assert [line.message[0] for line in lines[:5]] == ["x"] * 5
    remarks = {line.run_id: line.message for line in lines[5:]}
    assert remarks == {
        "r1": "lines lost here because the log store could not take them: 5",
        "r2": "lines lost here because the log store could not take them: 1",
    }


async def test_a_fault_of_the_store_costs_its_lines_and_nothing_else() -> None:
    store = MemoryLogs()
    store.refusals = [RuntimeError("a bug")]
    async with LogBuffer(store.append, flush_seconds=0.01) as buffer:
        log = RunLog(claim(), buffer)
        log.write(Stream.STDOUT, Level.INFO, "lost")
        await asyncio.wait_for(store.tried.wait(), 30)
        log.write(Stream.STDOUT, Level.INFO, "kept")
    assert sorted(store.messages) == ["kept", "lines lost here because the log store could not take them: 1"]


async def test_a_store_that_has_moved_is_not_asked_again_and_again() -> None:
    store = MemoryLogs()
    store.refusals = [Moved("there", complete=True) for _ in range(3)]
    async with LogBuffer(store.append, flush_seconds=0.01) as buffer:
        RunLog(claim(), buffer).write(Stream.STDOUT, Level.INFO, "lost")
    assert len(store.refusals) == 2
    assert store.messages == []


@pytest.mark.parametrize("refusing", [False, True])
async def test_a_fast_writer_waits_for_a_slow_store_but_not_for_one_that_refuses(*, refusing: bool) -> None:
    store = MemoryLogs()
    store.open.clear()
    store.refusals = [Unavailable("away")] if refusing else []
    async with LogBuffer(store.append, flush_seconds=0.01) as buffer:
        log = RunLog(claim(), buffer)
        for _ in range(40):
            log.write(Stream.STDOUT, Level.INFO, "x" * 16_000)
        drained = asyncio.create_task(log.drain())
        await asyncio.wait_for(store.tried.wait(), 30)
        assert not drained.done()
        store.open.set()
        await asyncio.wait_for(drained, 30)
        assert bool(store.chunks) is not refusing
