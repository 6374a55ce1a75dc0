"""The store of small values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from treadle.domain.errors import LeaseLost
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Fence, Scope, Space, changed
from treadle.engines.contract import Topic
from treadle.engines.sql.transaction import CheckLease, Reader, Tx, Writer, append


class Kv(Generic[Tx]):
    """See `contract.KvStore`."""

    def __init__(self, write: Writer[Tx], read: Reader, check_lease: CheckLease[Tx]) -> None:
        self._write = write
        self._read = read
        self._check_lease = check_lease

    async def get(self, domain: str, scope: Scope, owners: Sequence[str], key: str) -> dict[str, Json]:
        rows = await self._read.call("kv.get", scope, list(owners), domain, key)
        return {row[0]: row[1] for row in rows}

    async def find(self, space: Space, *, after: str = "", limit: int = 1_000) -> list[Entry]:
        values = (space.scope, space.owner, space.domain, after, limit)
        return [Entry(*row) for row in await self._read.call("kv.find", *values)]

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

        async def work(tx: Tx) -> Json | None:
            if fence is not None:
                await self._check(tx, fence, now)
            await tx.lock("kv.lock", *where)
            before: Json | None = next((value for (value,) in await tx.call("kv.value", *where, change.key)), None)
            ((keys,),) = [(0,)] if before is not None else await tx.call("kv.keys", *where)
            after = changed(space.scope, change, before, keys)
            if after is None:
                await tx.call("kv.drop", *where, change.key)
            else:
                await tx.call("kv.put", *where, change.key, after, await tx.now(now))
            if event is not None:
                tx.topics.add(Topic.EVENTS)
                await append(tx, [event])
            return after

        return await self._write(work)

    async def _check(self, tx: Tx, fence: Fence, now: Instant | None) -> None:
        await self._check_lease(tx, fence.worker_id, now)
        if not await tx.call("steps.fence", fence.run_id, fence.token):
            raise LeaseLost(f"run {fence.run_id} is no longer held under token {fence.token}")
