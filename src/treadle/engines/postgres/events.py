"""The event log, whose positions are given out by a sequencer: see the schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from treadle.domain.events import Event, NewEvent
from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.domain.waits import FAMILY
from treadle.engines.contract import Admission, Published, Topic
from treadle.engines.postgres.pool import BEGIN, DRIVER_ERRORS, translate
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.writer import Transaction, Writer
from treadle.engines.sql import waits
from treadle.engines.sql.keys import Keys
from treadle.engines.sql.records import to_event
from treadle.engines.sql.transaction import append

_SQL: Final = load("events")
_STEPS: Final = load("steps")
_LOCK: Final = 0x7472656164_02
# It comes as one message, so nobody stands still within: there is nobody to end for those who wait.
_SEQUENCE: Final = (
    f"{BEGIN}; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({_LOCK}); {_SQL['sequence']}; COMMIT"
)


class PostgresEvents:
    """See `contract.EventStore`."""

    def __init__(self, write: Writer, read: Reader, pool: asyncpg.Pool) -> None:
        self._write = write
        self._read = read
        self._pool = pool

    async def append(self, events: Sequence[NewEvent]) -> None:
        async def work(tx: Transaction) -> None:
            tx.topics.add(Topic.EVENTS)
            await append(tx, events)

        await self._write(work)

    async def read(self, domain: str | None, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Event]:
        await self._sequence()
        exact = [name for name in types if not name.endswith(".")]
        prefixes = [name for name in types if name.endswith(".")]
        values: tuple[Any, ...] = (after, domain, limit)
        which = "true"
        if types:
            which = "(type = ANY ($4) OR EXISTS (SELECT 1 FROM unnest($5::text[]) AS p WHERE starts_with(type, p)))"
            values += (exact, prefixes)
        return await self._select(_SQL["read"].replace("{types}", which), *values)

    async def publish(self, event: NewEvent, *, key: RunKey | None = None, now: Instant | None = None) -> Published:
        async def work(tx: Transaction) -> tuple[str, Admission]:
            moment = await tx.now(now)
            if key is not None:
                keys = await Keys.of(tx, [(event.domain, key)], moment)
                if (first := keys.named(event.domain, key)) is not None:
                    return first.run_id, first.admission
                keys.put(event.domain, key, f"{tx.batch} {tx.ordinal}")
                await keys.save(tx, moment)
            name = f"{tx.batch} {tx.ordinal}"
            await tx.fetch(_STEPS["put_delivery"], tx.batch, tx.ordinal)
            await append(tx, [event])
            tx.topics.add(Topic.EVENTS)
            return name, Admission.CREATED

        name, admission = await self._write(work)
        await self._sequence()
        woken = await self.deliver(now=now) if admission is Admission.CREATED else 0
        batch, ordinal = map(int, name.split())
        ((seq,),) = await self._read.fetch(_SQL["position"], batch, ordinal)
        return Published(seq, admission, woken)

    async def deliver(self, *, now: Instant | None = None) -> int:
        async def work(tx: Transaction) -> tuple[int, bool]:
            tx.topics.add(Topic.RUNS)
            return await waits.deliver(tx, await tx.now(now))

        if not (await self._read.fetch(_STEPS["undelivered"]))[0][0]:
            return 0
        await self._sequence()
        total, more = 0, True
        while more:
            woken, more = await self._write(work)
            total += woken
        return total

    async def published(self, domain: str, name: str, *, since: Instant, after: int, limit: int) -> list[Event]:
        await self._sequence()
        return await self._select(_SQL["published"], domain, FAMILY + name, after, since, limit)

    async def newest(self, domain: str, type: str, limit: int) -> list[Event]:  # noqa: A002
        await self._sequence()
        return await self._select(_SQL["newest"], domain, type, limit)

    async def bounds(self) -> tuple[int, int]:
        await self._sequence()
        ((oldest, newest),) = await self._read.fetch(_SQL["bounds"])
        return oldest, newest

    async def prune(self, before: Instant, limit: int) -> int:
        await self._sequence()

        async def work(tx: Transaction) -> int:
            batches = [batch for (batch,) in await tx.fetch(_SQL["prune"], before, limit)]
            await tx.fetch(_SQL["prune_batches"], list(set(batches)))
            return len(batches)

        return await self._write(work)

    async def _sequence(self) -> None:
        """Give all that is committed its position; readers do so, so that they see what was written before they ask."""
        ((waits,),) = await self._read.fetch(_SQL["new_batches"])
        if waits:
            try:
                await self._pool.execute(_SEQUENCE)
            except DRIVER_ERRORS as error:
                raise translate(error) from error

    async def _select(self, statement: str, *values: Any) -> list[Event]:
        return [to_event(row) for row in await self._read.fetch(statement, *values)]
