"""The end of the event log, kept in memory: read once for all who follow it."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import Final

from msgspec import Struct

from treadle.domain.events import Event
from treadle.engines.contract import Engine
from treadle.events.pages import fitting

READ: Final = 500
KEPT: Final = 4_000
KEPT_BYTES: Final = 8 * 1024 * 1024

_seq: Final = attrgetter("seq")


class Portion(Struct, frozen=True):
    """Events in order, and the position up to which the log was looked through for them.

    `reset` says that some are missing before them: they were not kept for as long as the reader was away.
    """

    events: list[Event]
    upto: int
    reset: bool = False


class Tail:
    """What was read last of the log of all domains: every event between two positions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.drop()

    def drop(self) -> None:
        """Forget everything, as long as nobody follows."""
        self._recent: list[Event] = []
        self._bytes = 0
        self._begin = 0
        self.end = 0
        self.begun = False

    async def begin(self) -> None:
        """Stand at the end of the log."""
        _, self.end = await self._engine.events.bounds()
        self._begin, self.begun = self.end, True

    async def read_on(self) -> list[Event]:
        """Read and keep what was written since, `READ` events at most."""
        events = await self._engine.events.read(None, after=self.end, limit=READ)
        self._recent += events
        self._bytes += sum(map(event_size, events))
        over = 0
        while self._bytes > KEPT_BYTES or len(self._recent) - over > KEPT:
            self._begin = self._recent[over].seq
            self._bytes -= event_size(self._recent[over])
            over += 1
        del self._recent[:over]
        self.end = events[-1].seq if events else self.end
        return events

    def since(self, domain: str, after: int) -> Portion | None:
        """What comes next in a domain beyond a position; None where that lies before what is kept."""
        if not self.begun or after < self._begin:
            return None
        new = range(bisect_right(self._recent, after, key=_seq), len(self._recent))
        events, whole = fitting((event for n in new if (event := self._recent[n]).domain == domain), event_size)
        return Portion(events, max(after, self.end) if whole else events[-1].seq)


def event_size(event: Event) -> int:
    """What an event counts for: the bytes of its data, beside which the rest is small."""
    return len(event.data)
