"""Transactions: each verb that writes is one, repeated where another was in its way, with wake-ups after its commit."""

from __future__ import annotations

import random
import time
from asyncio import sleep
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import asyncpg

from treadle.domain.errors import Unavailable
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.runs import NewRun
from treadle.engines.contract import Topic
from treadle.engines.postgres.look import Connection, Look, as_array, shared
from treadle.engines.postgres.pool import (
    BEGIN,
    DRIVER_ERRORS,
    PATIENCE_SECONDS,
    Row,
    make_way,
    roll_back,
    settings,
    translate,
)
from treadle.engines.postgres.queries import STATEMENTS
from treadle.engines.sql.newruns import OWN, RUN_COLUMNS, row_of
from treadle.engines.sql.transaction import Raced, Told

T = TypeVar("T")

BATCHES_AT_ONCE: Final = 1000
"""How many ids of batches of events an engine takes at a time: the increment of their sequence."""

_FIRST: Final = 1
"""The ordinal of a transaction's first event: the position of the first of all is 1, and nothing is before it."""

TRIES: Final = 20
"""How often a transaction is begun anew where others are in its way."""

_REST_SECONDS: Final = 0.002
_AGAIN: Final = (Raced, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


class Transaction(Look):
    """What a verb sees of a transaction: see `sql.transaction.Transaction`. It has a batch for its events."""

    __slots__ = ("_now", "after", "batch", "lent", "locked", "ordinal", "topics")

    def __init__(self, connection: Connection, batch: int, *, lent: bool = False) -> None:
        super().__init__(connection)
        self._now: Instant | None = None
        self.lent = lent
        self.batch = batch
        self.ordinal = _FIRST
        self.topics: set[Topic] = set()
        self.locked: set[int] = set()
        self.after: list[Callable[[], None]] = []

    async def lock(self, name: str, /, *values: Any) -> None:
        """Keep others away."""
        await self.call(name, *values)

    async def value(self, statement: str, *values: Any) -> Any:
        """The first column of the first row that a statement answers; None where there is none."""
        rows = await self.fetch(statement, *values)
        return rows[0][0] if rows else None

    async def now(self, told: Instant | None) -> Instant:
        """The time of this transaction: the caller's, else the server's."""
        if told is not None:
            return told
        if self._now is None:
            self._now = int(await self.value("SELECT treadle.now()"))
        return self._now

    async def put_runs(self, runs: Sequence[tuple[NewRun, Json]]) -> None:
        """Store new runs with their events."""
        rows = shared([row_of(run, as_array) for run, _ in runs], OWN, RUN_COLUMNS)
        first = self.numbers(len(runs))
        await self.call("runs.put_runs", self.batch, first, *rows, [told for _, told in runs])

    async def tell(self, events: Sequence[Told]) -> None:
        """Write events in the batch of this transaction."""
        await self.feed("events.append", events, self.batch, self.numbers(len(events)))

    def numbers(self, count: int) -> int:
        """The ordinal of the first of so many events, which are this transaction's next."""
        first = self.ordinal
        self.ordinal += count
        return first


class Writer:
    """Runs functions in transactions. `wake` is called with the topics after each commit.

    `patience` is how many seconds a statement may take, and a transaction wait for the locks of others.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        pooled: bool,
        wake: Callable[[Iterable[Topic]], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._pool = pool
        self._pooled = pooled
        told = settings(patience) if pooled else {}  # a pooler has no sessions of ours that could be told once
        self._begin = "; ".join((BEGIN, *(f"SET LOCAL {name} = '{value}'" for name, value in told.items())))
        self._patience = patience
        self.wake = wake
        self._next_batch = self._last_batch = 0

    async def __call__(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in a transaction and answer what it answers, once that is on disk."""
        return await self._until_done(lambda: self._once(work))

    async def call(self, name: str, /, *values: Any) -> list[Row]:
        """All rows that a statement answers, in one trip where no pooler could part it."""
        if self._pooled:
            return await self(lambda tx: tx.call(name, *values))
        return await self._until_done(lambda: self._pool.fetch(STATEMENTS[name], *values))

    async def trip(self, statement: str, *values: Any) -> Row:
        """Run one statement, in one trip, which is a transaction: its first value is an id for a batch of events.

        Answers its only row. Whom to wake is the caller's to say, by `wake`. Behind a pooler it is begun and ended by
        statements of their own, lest its parts come to different servers.
        """
        if self._pooled:
            (only,) = await self(lambda tx: tx.fetch(statement, tx.batch, *values))
            return only

        async def once() -> Row:
            async with self._pool.acquire() as connection:
                row: Row = await connection.fetchrow(statement, await self._batch(connection), *values)
                return row

        return await self._until_done(once)

    async def _until_done(self, once: Callable[[], Awaitable[T]]) -> T:
        until = time.monotonic() + self._patience
        for _ in range(TRIES):
            try:
                return await once()
            except _AGAIN:
                await sleep(_REST_SECONDS * random.random())  # noqa: S311 - spreads those who met, guards nothing
            except asyncpg.LockNotAvailableError:
                if time.monotonic() > until:
                    break
                await make_way(self._pool)
            except DRIVER_ERRORS as error:
                raise translate(error) from error
        raise Unavailable("other transactions were in the way for too long; nothing was stored")

    async def _once(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self._pool.acquire() as connection:
            await connection.execute(self._begin)
            try:
                transaction = Transaction(connection, await self._batch(connection))
                result = await work(transaction)
            except BaseException:
                await roll_back(connection)
                raise
            await connection.execute(_commit(transaction))
        for act in transaction.after:
            act()
        if transaction.topics:
            self.wake(transaction.topics)
        return result

    async def _batch(self, connection: asyncpg.Connection) -> int:
        """An id for a batch of events, out of those that were taken beforehand."""
        if self._next_batch >= self._last_batch:
            first = int(await connection.fetchval("SELECT nextval('treadle.batch_ids')"))
            self._next_batch, self._last_batch = first, first + BATCHES_AT_ONCE
        self._next_batch += 1
        return self._next_batch - 1


def _commit(transaction: Transaction) -> str:
    """The end of a transaction, in one trip: what orders its events comes last of all."""
    return f"{end_batch(transaction)}COMMIT"


def end_batch(transaction: Transaction) -> str:
    """The statement that puts the events of a transaction behind those that others have committed; none is needed
    where there are no events."""
    if transaction.ordinal == _FIRST:
        return ""
    return f"INSERT INTO treadle.event_batches (id) VALUES ({transaction.batch}); "  # noqa: S608 - a number
