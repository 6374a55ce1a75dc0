"""The store of small values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from treadle.domain.errors import LeaseLost
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Fence, Scope, Space, changed
from treadle.engines.contract import Topic
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Reader
from treadle.engines.postgres.telling import append
from treadle.engines.postgres.workers import check_leases
from treadle.engines.postgres.writer import Transaction, Writer

_SQL: Final = load("kv")
_STEPS: Final = load("steps")


class PostgresKv:
    """See `contract.KvStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def get(self, domain: str, scope: Scope, owners: Sequence[str], key: str) -> dict[str, Json]:
        rows = await self._read.fetch(_SQL["get"], scope, list(owners), domain, key)
        return {row[0]: row[1] for row in rows}

    async def find(self, space: Space, *, after: str = "", limit: int = 1_000) -> list[Entry]:
        values = (space.scope, space.owner, space.domain, after, limit)
        return [Entry(*row) for row in await self._read.fetch(_SQL["find"], *values)]

    async def change(
        self,
        space: Space,
        change: Change,
        *,
        fence: Fence | None = None,
        event: NewEvent | None = None,
        now: Instant | None = None,
    ) -> Json | None:
        where = (space.scope, space.owner, space.domain)

        async def work(tx: Transaction) -> Json | None:
            if fence is not None:
                await _check(tx, fence, now)
            await tx.fetch(_SQL["lock"], *where)
            before: Json | None = await tx.value(_SQL["value"], *where, change.key)
            after = changed(space.scope, change, before, await tx.value(_SQL["keys"], *where) if before is None else 0)
            if after is None:
                await tx.fetch(_SQL["drop"], *where, change.key)
            else:
                await tx.fetch(_SQL["put"], *where, change.key, after, await tx.now(now))
            if event is not None:
                tx.topics.add(Topic.EVENTS)
                await append(tx, [event])
            return after

        return await self._write(work)


async def _check(tx: Transaction, fence: Fence, now: Instant | None) -> None:
    await check_leases(tx, [fence.worker_id], now)
    if not await tx.fetch(_STEPS["fence"], fence.run_id, fence.token):
        raise LeaseLost(f"run {fence.run_id} is no longer held under token {fence.token}")
