"""The event log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from treadle.domain.events import Event, NewEvent
from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.domain.waits import FAMILY
from treadle.engines.contract import Admission, Published, Topic
from treadle.engines.sql import waits
from treadle.engines.sql.keys import Keys
from treadle.engines.sql.records import to_event
from treadle.engines.sql.transaction import append
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("events")


class SqliteEvents:
    """See `contract.EventStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    async def append(self, events: Sequence[NewEvent]) -> None:
        async def work(write: Write) -> None:
            write.topics.add(Topic.EVENTS)
            await append(write, events)

        await self._write(work)

    async def read(self, domain: str | None, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Event]:
        exact = [name for name in types if not name.endswith(".")]
        prefixes = [name for name in types if name.endswith(".")]
        clauses = ["type = ?" for _ in exact] + ["substr(type, 1, length(?)) = ?" for _ in prefixes]
        doubled = (name for prefix in prefixes for name in (prefix, prefix))
        values: tuple[Any, ...] = (after, domain, *exact, *doubled, limit)
        statement = _SQL["read"]
        if clauses:
            statement = statement.replace("ORDER BY", f"AND ({' OR '.join(clauses)}) ORDER BY")
        return await self._select(statement, values)

    async def publish(self, event: NewEvent, *, key: RunKey | None = None, now: Instant | None = None) -> Published:
        async def work(write: Write) -> tuple[Published, bool]:
            moment = self._wall(now)
            keys = await Keys.of(write, [] if key is None else [(event.domain, key)], moment)
            if key is not None and (first := keys.named(event.domain, key)) is not None:
                return Published(int(first.run_id), first.admission), False
            await append(write, [event])
            seq = write.connection.last_insert_rowid()
            keys.put(event.domain, key, str(seq))
            await keys.save(write, moment)
            await write.call("steps.put_delivery", seq)
            woken, more = await waits.deliver(write, moment)
            write.topics.update((Topic.EVENTS, Topic.RUNS))
            return Published(seq, Admission.CREATED, woken), more

        published, more = await self._write(work)
        rest = await self.deliver(now=now) if more else 0
        return Published(published.seq, published.admission, published.woken + rest)

    async def deliver(self, *, now: Instant | None = None) -> int:
        async def work(write: Write) -> tuple[int, bool]:
            write.topics.add(Topic.RUNS)
            return await waits.deliver(write, self._wall(now))

        if not (await self._read.call("steps.undelivered"))[0][0]:
            return 0
        total, more = 0, True
        while more:
            woken, more = await self._write(work)
            total += woken
        return total

    async def published(self, domain: str, name: str, *, since: Instant, after: int, limit: int) -> list[Event]:
        return await self._select(_SQL["published"], (domain, FAMILY + name, after, since, limit))

    async def newest(self, domain: str, type: str, limit: int) -> list[Event]:  # noqa: A002
        return await self._select(_SQL["newest"], (domain, type, limit))

    async def bounds(self) -> tuple[int, int]:
        ((oldest, newest),) = await self._read(lambda connection: fetch(connection, _SQL["bounds"]))
        return oldest, newest

    async def prune(self, before: Instant, limit: int) -> int:
        return len(await self._write(lambda write: write.call("events.prune", before, limit)))

    async def _select(self, statement: str, values: tuple[Any, ...]) -> list[Event]:
        return [to_event(row) for row in await self._read(lambda connection: fetch(connection, statement, values))]

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now
