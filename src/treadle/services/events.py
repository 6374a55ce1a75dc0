"""Events: a page of the log, or the log as it grows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from msgspec import Struct, structs, to_builtins

from treadle.domain.events import RUN_FAMILIES, Event
from treadle.domain.publishing import EventRequest, user_event
from treadle.domain.submitting import run_key
from treadle.domain.topics import read_topic
from treadle.engines.contract import Engine, Published
from treadle.engines.refusals import check_published
from treadle.events.hub import Hub
from treadle.events.tail import Portion

PAGE: Final = 500
MOST_PAGES: Final = 20
"""Pages of the log that one call looks through: a filter that nothing passes must not read a log of millions."""


class EventFilter(Struct, frozen=True, kw_only=True):
    """Which events are wanted; nothing means all. A topic is an event's type (`run.failed`) or its family (`run`)."""

    topics: frozenset[str] = frozenset()
    job_ids: frozenset[str] = frozenset()
    run_ids: frozenset[str] = frozenset()

    def __call__(self, event: Event) -> bool:
        """Whether an event is wanted."""
        family = event.type.partition(".")[0]
        if self.topics and event.type not in self.topics and family not in self.topics:
            return False
        if self.job_ids and event.job_id not in self.job_ids:
            return False
        return not self.run_ids or (family in RUN_FAMILIES and event.subject in self.run_ids)


def event_filter(
    topics: Iterable[str] = (), *, job_ids: Iterable[str] = (), run_ids: Iterable[str] = ()
) -> EventFilter:
    """A filter of topics as people write them. Raises InvalidInput for one that no event can have."""
    return EventFilter(
        topics=frozenset(map(read_topic, topics)), job_ids=frozenset(job_ids), run_ids=frozenset(run_ids)
    )


class Position(Struct, frozen=True):
    """Where a reader begins. `reset` says that it cannot go on where it was: what it has missed is no longer kept."""

    after: int
    reset: bool = False


class EventPage(Struct, frozen=True):
    """Events in order, the position up to which the log was looked through, and whether there are more."""

    items: list[Event]
    after: int
    more: bool
    reset: bool = False


class Events:
    """The use cases of events."""

    def __init__(self, engine: Engine, hub: Hub) -> None:
        self._engine = engine
        self._hub = hub

    async def publish(self, domain: str, request: EventRequest, *, key: str | None = None) -> Published:
        """Publish an event and wake who waits for it. A `key` that came before names the event of then.

        Raises InvalidInput, PayloadTooLarge, and KeyReused where the key came with another event.
        """
        now = self._engine.now()
        event = user_event(request.name, request.data, domain=domain, source=request.source, at=now)
        event_key = None if key is None else run_key(key, now, to_builtins(request), scope="publish")
        published = await self._engine.events.publish(event, key=event_key)
        check_published(published)
        return published

    async def page(self, domain: str, wanted: EventFilter, *, after: int, limit: int) -> EventPage:
        """Wanted events beyond a position; fewer than `limit`, with more to come, where wanted ones are far between."""
        position = await self.position(after)
        found: list[Event] = []
        after = position.after
        for _ in range(MOST_PAGES):
            events = await self._engine.events.read(domain, after=after, limit=PAGE)
            for event in events:
                if wanted(event):
                    if len(found) == limit:
                        return EventPage(found, after, more=True, reset=position.reset)
                    found.append(event)
                after = event.seq
            if len(events) < PAGE:
                return EventPage(found, after, more=False, reset=position.reset)
        return EventPage(found, after, more=True, reset=position.reset)

    async def position(self, after: int | None) -> Position:
        """Where a reader begins that has seen everything up to `after`.

        None is one who wants only what is to come, 0 one who wants all that is kept.
        """
        oldest, newest = await self._engine.events.bounds()
        if after is None:
            return Position(newest)
        if after > newest or 0 < after < oldest - 1:
            return Position(max(oldest - 1, 0), reset=True)
        return Position(after)

    async def follow(self, domain: str, wanted: EventFilter, after: int, patience: float) -> AsyncIterator[Portion]:
        """Wanted events beyond a position, for ever; a page without any at least every `patience` seconds."""
        reader = self._hub.reader(domain, after)
        while True:
            page = await reader.page(patience)
            yield structs.replace(page, events=[event for event in page.events if wanted(event)])
