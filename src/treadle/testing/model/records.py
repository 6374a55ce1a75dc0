"""The model's event log and run logs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treadle.domain.events import Event, NewEvent
from treadle.domain.instants import Instant
from treadle.domain.logs import LogLine, StoredLogLine
from treadle.engines.contract import Topic
from treadle.testing.model.state import Data


class ModelEvents:
    """See `contract.EventStore`."""

    def __init__(self, data: Data) -> None:
        self._data = data

    async def append(self, events: Sequence[NewEvent]) -> None:
        for event in events:
            self._data.write(event)
        self._data.wake([Topic.EVENTS])

    async def read(self, domain: str, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Event]:
        found = [event for event in self._data.events if event.seq > after and event.domain == domain]
        return [event for event in found if not types or any(_is(event.type, wanted) for wanted in types)][:limit]

    async def bounds(self) -> tuple[int, int]:
        events = self._data.events
        return (events[0].seq, events[-1].seq) if events else (0, 0)

    async def prune(self, before: Instant, limit: int) -> int:
        old = [event.seq for event in self._data.events[:-1] if event.at < before][:limit]
        self._data.events = [event for event in self._data.events if event.seq not in old]
        return len(old)


class ModelLogs:
    """See `contract.LogStore`."""

    def __init__(self, data: Data) -> None:
        self._data = data

    async def append(self, lines: Sequence[LogLine]) -> None:
        for line in lines:
            self._data.logs.append(StoredLogLine(seq=self._data.number(), **msgspec.structs.asdict(line)))
        self._data.wake([Topic.LOGS])

    async def read(self, domain: str, run_id: str, *, after: int, limit: int) -> list[StoredLogLine]:
        lines = [line for line in self._data.logs if (line.domain, line.run_id) == (domain, run_id)]
        return [line for line in lines if line.seq > after][:limit]

    async def prune(self, before: Instant, limit: int) -> int:
        old = [line.seq for line in self._data.logs if line.at < before][:limit]
        self._data.logs = [line for line in self._data.logs if line.seq not in old]
        return len(old)


def _is(name: str, wanted: str) -> bool:
    return name.startswith(wanted) if wanted.endswith(".") else name == wanted
