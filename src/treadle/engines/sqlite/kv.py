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
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.events import append
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.workers import Leases
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("kv")
_STEPS: Final = load("steps")


class SqliteKv:
    """See `contract.KvStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock, leases: Leases) -> None:
        self._write = write
        self._read = read
        self._clock = clock
        self._leases = leases

    async def get(self, domain: str, scope: Scope, owners: Sequence[str], key: str) -> dict[str, Json]:
        values = (scope, json_list(owners), domain, key)
        return dict(await self._read(lambda connection: fetch(connection, _SQL["get"], values)))

    async def find(self, space: Space, *, after: str = "", limit: int = 1_000) -> list[Entry]:
        values = (space.scope, space.owner, space.domain, after, limit)
        return [Entry(*row) for row in await self._read(lambda connection: fetch(connection, _SQL["find"], values))]

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

        def work(write: Write) -> Json | None:
            if fence is not None:
                self._check(write, fence, now)
            before = next((row[0] for row in fetch(write.connection, _SQL["value"], (*where, change.key))), None)
            ((keys,),) = fetch(write.connection, _SQL["keys"], where) if before is None else ((0,),)
            after = changed(space.scope, change, before, keys)
            if after is None:
                write.connection.execute(_SQL["drop"], (*where, change.key))
            else:
                at = self._clock.wall() if now is None else now
                write.connection.execute(_SQL["put"], (*where, change.key, after, at))
            if event is not None:
                write.topics.add(Topic.EVENTS)
                append(write.connection, [event])
            return after

        return await self._write(work)

    def _check(self, write: Write, fence: Fence, now: Instant | None) -> None:
        self._leases.check(write.connection, fence.worker_id, now)
        if not fetch(write.connection, _STEPS["fence"], (fence.run_id, fence.token)):
            raise LeaseLost(f"run {fence.run_id} is no longer held under token {fence.token}")
