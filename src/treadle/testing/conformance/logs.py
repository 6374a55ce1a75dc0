"""Logs: what runs said, in order, from any position on."""

from __future__ import annotations

from typing import Any

from treadle.domain.logs import Level, LogLine, StoredLogLine, Stream
from treadle.engines.contract import Engine
from treadle.testing.driver import Driver


def line(message: str, at: int, **fields: Any) -> LogLine:
    """One line of the run `run_1`."""
    standard: dict[str, Any] = {"domain": "default", "run_id": "run_1", "token": 1, "attempt": 1}
    return LogLine(**standard | {"at": at, "stream": Stream.STDOUT, "level": Level.INFO, "message": message} | fields)


def messages(lines: list[StoredLogLine]) -> list[str]:
    """What was said."""
    return [said.message for said in lines]


class TestLogs:
    async def test_a_line_is_read_as_it_was_written(self, engine: Engine, drive: Driver) -> None:
        said = line("grün\tund\\n", drive.now, token=3, attempt=2, stream=Stream.LOG, level=Level.ERROR, fields=b"[1]")
        await engine.logs.append([said])
        (read,) = await engine.logs.read("default", "run_1", after=0, limit=9)
        assert (read.message, read.at, read.token, read.attempt) == (said.message, drive.now, 3, 2)
        assert (read.stream, read.level, read.fields) == (Stream.LOG, Level.ERROR, b"[1]")

    async def test_a_reader_goes_on_from_its_position(self, engine: Engine, drive: Driver) -> None:
        await engine.logs.append([line(str(n), drive.now) for n in range(3)])
        first = await engine.logs.read("default", "run_1", after=0, limit=2)
        await engine.logs.append([line("3", drive.now)])
        rest = await engine.logs.read("default", "run_1", after=first[-1].seq, limit=9)
        assert messages(first + rest) == ["0", "1", "2", "3"]

    async def test_runs_and_domains_are_apart(self, engine: Engine, drive: Driver) -> None:
        await engine.logs.append([line("mine", drive.now), line("other", drive.now, run_id="run_2")])
        assert messages(await engine.logs.read("default", "run_1", after=0, limit=9)) == ["mine"]
        assert await engine.logs.read("theirs", "run_1", after=0, limit=9) == []

    async def test_old_lines_are_pruned_a_few_at_a_time(self, engine: Engine, drive: Driver) -> None:
        await engine.logs.append([line(str(n), drive.now + n) for n in range(5)])
        assert await engine.logs.prune(drive.now + 3, 2) == 2
        assert await engine.logs.prune(drive.now + 3, 2) == 1
        assert await engine.logs.prune(drive.now + 3, 2) == 0
        assert messages(await engine.logs.read("default", "run_1", after=0, limit=9)) == ["3", "4"]

    async def test_a_reader_misses_nothing_after_all_was_pruned(self, engine: Engine, drive: Driver) -> None:
        await engine.logs.append([line("old", drive.now) for _ in range(3)])
        position = (await engine.logs.read("default", "run_1", after=0, limit=9))[-1].seq
        await engine.logs.prune(drive.now + 1, 9)
        await engine.logs.append([line("new", drive.now + 1)])
        assert messages(await engine.logs.read("default", "run_1", after=position, limit=9)) == ["new"]
