"""One listener of the engine's notices for all readers of a process, and one reading of the event log for all of them.

Nothing is kept for a reader but its position. One that has fallen behind what the process holds of the log reads on
from the log itself, a page at a time, until it has caught up.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final, Self
from weakref import WeakSet, WeakValueDictionary

import structlog

from treadle.domain.errors import Unavailable
from treadle.engines.contract import Engine, Topic
from treadle.events.alarm import Alarm, Turns
from treadle.events.pages import Pager
from treadle.events.tail import READ, Portion, Tail, event_size

POLL_SECONDS: Final = 1.0
"""How long a notice is waited for before the log is looked at without one: it may be lost."""

_REST_SECONDS: Final = 0.02
_REST_FACTOR: Final = 4
"""Between two wake-ups at least, and how many times as long as all took who were woken.

What happens meanwhile is told together: many are told less often than few, and not at the cost of all else.
"""

_logger = structlog.get_logger(__name__)


class Hub:
    """Tells whoever follows events or logs that there is something new. Used as an async context manager."""

    def __init__(self, engine: Engine) -> None:
        self.turns = Turns()
        self._engine = engine
        self._tail = Tail(engine)
        self._news = Alarm()
        self._readers: WeakSet[Reader] = WeakSet()
        self._runs: WeakValueDictionary[str, Alarm] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        self._notices = self._engine.listen(Topic.EVENTS, Topic.LOGS)
        self._listener = asyncio.create_task(self._listen(), name="event hub")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.cancel()
        with suppress(asyncio.CancelledError):
            await self._listener
        await self._notices.close()

    def reader(self, domain: str, after: int) -> Reader:
        """One who reads a domain's events beyond a position, for as long as somebody holds it."""
        reader = Reader(self._engine, self._tail, self._news, self.turns, domain, after)
        self._readers.add(reader)
        return reader

    def run_alarm(self, run_id: str) -> Alarm:
        """What is rung where something may have happened to a run, or it may have said something."""
        if (alarm := self._runs.get(run_id)) is None:
            alarm = self._runs[run_id] = Alarm()
        return alarm

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        more = False
        while True:
            topics = await self._notices.wait(0.0 if more else POLL_SECONDS)
            # A notice does not say whose lines there are.
            concerned = [*self._runs.values()] if Topic.LOGS in topics else []
            more = False
            try:
                news, more = await self._read_on()
                concerned += news
            except Unavailable as error:
                _logger.warning("the event log cannot be read, its readers wait", error=error.message)
            except Exception:
                # Without this task no reader would ever hear anything again.
                _logger.exception("the event log could not be read")
            began = loop.time()
            for alarm in concerned:
                await alarm.ring()
            await self.turns.take()  # that of the last who was woken is over then
            await asyncio.sleep(max(_REST_SECONDS, _REST_FACTOR * (loop.time() - began)))

    async def _read_on(self) -> tuple[list[Alarm], bool]:
        """Read what is new; answers whom it concerns, and whether there may be more."""
        if not (self._readers or self._runs):
            self._tail.drop()
            return [], False
        if not self._tail.begun:
            await self._tail.begin()
            return [self._news, *self._runs.values()], True
        events = await self._tail.read_on()
        runs = (self._runs.get(run_id) for run_id in {event.subject for event in events})
        return [*([self._news] if events else []), *filter(None, runs)], len(events) == READ


class Reader:
    """Reads the events of one domain in order, each once."""

    def __init__(self, engine: Engine, tail: Tail, news: Alarm, turns: Turns, domain: str, after: int) -> None:
        self._engine = engine
        self._tail = tail
        self._news = news
        self._turns = turns
        self._domain = domain
        self._after = after
        self._pager = Pager(event_size)

    async def page(self, patience: float) -> Portion:
        """What comes next; nothing where nothing has come for `patience` seconds, or the engine cannot be reached."""
        await self._turns.take()
        mark = self._news.mark
        try:
            page = self._tail.since(self._domain, self._after) or await self._from_log()
        except Unavailable:
            page, patience = Portion([], self._after), min(patience, POLL_SECONDS)
        if page.upto == self._after:
            await self._news.wait(mark, patience)
        self._after = page.upto
        return page

    async def _from_log(self) -> Portion:
        known = self._tail.end  # by now everything up to there can be read
        found = await self._engine.events.read(self._domain, after=self._after, limit=self._pager.limit)
        oldest, _ = await self._engine.events.bounds()  # after reading: what was removed meanwhile is noticed
        events, whole = self._pager.fit(found)
        last = events[-1].seq if events else self._after
        return Portion(events, max(last, known) if whole else last, reset=0 < self._after < oldest - 1)
