"""The model's event log and run logs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treadle.domain.events import Event, NewEvent
from treadle.domain.instants import Instant
from treadle.domain.logs import LogLine, StoredLogLine
from treadle.domain.runs import RunKey
from treadle.domain.waits import FAMILY
from treadle.engines.contract import Admission, Published, Topic
from treadle.system import Clock
from treadle.testing.model.lanes import readmit
from treadle.testing.model.state import Data
from treadle.testing.model.steps import answer


class ModelEvents:
    """See `contract.EventStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def append(self, events: Sequence[NewEvent]) -> None:
        for event in events:
            self._data.write(event)
        self._data.wake([Topic.EVENTS])

    async def read(self, domain: str | None, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Event]:
        found = [event for event in self._data.events if event.seq > after and domain in (None, event.domain)]
        return [event for event in found if not types or any(_is(event.type, wanted) for wanted in types)][:limit]

    async def publish(self, event: NewEvent, *, key: RunKey | None = None, now: Instant | None = None) -> Published:
        wall = self._clock.wall() if now is None else now
        if key is not None and (first := self._data.named(event.domain, key, wall)) is not None:
            return Published(int(first.run_id), first.admission)
        written = self._data.write(event)
        if key is not None:
            self._data.keys[event.domain, key.scope, key.key] = str(written.seq), key
        woken = sum([answer(entry, written, wall) for entry in self._data.live.values()])
        readmit(self._data, wall)
        self._data.wake([Topic.EVENTS, Topic.RUNS])
        return Published(written.seq, Admission.CREATED, woken)

    async def deliver(self, *, now: Instant | None = None) -> int:
        return 0  # an event wakes all there are when it is published

    async def published(self, domain: str, name: str, *, since: Instant, after: int, limit: int) -> list[Event]:
        found = [event for event in self._data.events if (event.domain, event.type) == (domain, FAMILY + name)]
        return [event for event in found if event.seq > after and event.at >= since][:limit]

    async def newest(self, domain: str, type: str, limit: int) -> list[Event]:  # noqa: A002
        found = [event for event in self._data.events if (event.domain, event.type, event.n) == (domain, type, 0)]
        return found[::-1][:limit]

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
