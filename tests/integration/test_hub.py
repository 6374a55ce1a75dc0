"""One reading of the event log for all readers of a process, and what becomes of those who fall behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from treadle.bootstrap import Services, open_services
from treadle.domain.events import NewEvent
from treadle.events.pages import PAGE, PAGE_BYTES
from treadle.events.tail import KEPT, READ
from treadle.services.events import event_filter
from treadle.settings import Settings

EVERYTHING = event_filter()


def noise(count: int, *, domain: str = "default", size: int = 0) -> list[NewEvent]:
    data = b'{"x":"' + b"x" * size + b'"}'
    return [NewEvent(domain=domain, type="user.noise", subject=f"s{n}", at=n, data=data) for n in range(count)]


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with open_services(Settings(data=str(tmp_path / "data"))) as services:
        yield services


class Reader:
    """Reads in a task of its own; `seen` are the positions it was told of."""

    def __init__(self, services: Services, after: int, domain: str = "default") -> None:
        self.seen: list[int] = []
        self._following = services.events.follow(domain, EVERYTHING, after, patience=10.0)

    async def read(self, count: int) -> None:
        """Read until so many have been told in all."""
        while len(self.seen) < count:
            portion = await anext(self._following)
            self.seen += [event.seq for event in portion.events]


async def test_the_log_is_read_once_however_many_follow_it(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = [Reader(services, 0, domain) for domain in ("default", "theirs") for _ in range(50)]
    first = [*noise(1), *noise(1, domain="theirs")]
    await services.engine.events.append(first)
    await asyncio.gather(*(reader.read(1) for reader in readers))  # they have caught up with its end
    reads = 0
    real = services.engine.events.read

    async def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal reads
        reads += 1
        return await real(*args, **kwargs)

    monkeypatch.setattr(services.engine.events, "read", counted)
    rounds = 5
    for number in range(rounds):
        await services.engine.events.append([*noise(1), *noise(1, domain="theirs")])
        await asyncio.gather(*(reader.read(number + 2) for reader in readers))
    # Now and then without a notice. A reader reads for itself at most once: where it was there before the one reading.
    assert rounds <= reads < 2 * len(readers) < rounds * len(readers)
    assert [reader.seen for reader in readers] == [[1, 3, 5, 7, 9, 11]] * 50 + [[2, 4, 6, 8, 10, 12]] * 50


async def test_one_who_falls_behind_what_is_kept_in_memory_misses_nothing(services: Services) -> None:
    count = KEPT + 3 * READ
    quick, slow, fresh = Reader(services, 0), Reader(services, 0), Reader(services, 0)
    await services.engine.events.append(noise(1))
    await asyncio.gather(quick.read(1), slow.read(1))
    for _ in range(count // READ):
        await services.engine.events.append([*noise(READ // 2), *noise(READ // 2, domain="theirs")])
        await quick.read(len(quick.seen) + READ // 2)
    for reader in (slow, fresh):
        await reader.read(len(quick.seen))
    written = [event.seq for event in await services.engine.events.read("default", after=0, limit=2 * count)]
    assert quick.seen == slow.seen == fresh.seen == written


async def test_what_a_reader_is_handed_at_once_is_small_in_number_and_in_bytes(services: Services) -> None:
    await services.engine.events.append(
        [*noise(PAGE + 20), *noise(20, size=PAGE_BYTES // 4), *noise(2, size=PAGE_BYTES)]
    )
    following = services.events.follow("default", EVERYTHING, 0, patience=10.0)
    seen: list[int] = []
    while len(seen) < PAGE + 42:
        events = (await anext(following)).events
        assert len(events) <= PAGE
        assert len(events) == 1 or sum(len(event.data) for event in events) <= PAGE_BYTES
        seen += [event.seq for event in events]
    assert seen == list(range(1, PAGE + 43))
