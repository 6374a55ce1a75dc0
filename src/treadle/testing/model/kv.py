"""The model's small values."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.errors import LeaseLost
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Fence, Scope, Space, changed
from treadle.domain.runs import State
from treadle.engines.contract import Topic
from treadle.system import Clock
from treadle.testing.model.state import Data
from treadle.testing.model.workers import ModelWorkers


class ModelKv:
    """See `contract.KvStore`."""

    def __init__(self, data: Data, clock: Clock, workers: ModelWorkers) -> None:
        self._data = data
        self._clock = clock
        self._workers = workers

    async def get(self, domain: str, scope: Scope, owners: Sequence[str], key: str) -> dict[str, Json]:
        spaces = ((owner, self._data.kv.get(Space(domain, scope, owner), {})) for owner in owners)
        return {owner: space[key].value for owner, space in spaces if key in space}

    async def find(self, space: Space, *, after: str = "", limit: int = 1_000) -> list[Entry]:
        entries = self._data.kv.get(space, {})
        return [entries[key] for key in sorted(entries) if key > after][:limit]

    async def change(
        self,
        space: Space,
        change: Change,
        *,
        fence: Fence | None = None,
        event: NewEvent | None = None,
        now: Instant | None = None,
    ) -> Json | None:
        if fence is not None:
            self._check(fence, now)
        entries = self._data.kv.setdefault(space, {})
        before = entries.get(change.key)
        after = changed(space.scope, change, None if before is None else before.value, len(entries))
        entries.pop(change.key, None)
        if after is not None:
            entries[change.key] = Entry(change.key, after, self._clock.wall() if now is None else now)
        if event is not None:
            self._data.write(event)
            self._data.wake([Topic.EVENTS])
        return after

    def _check(self, fence: Fence, now: Instant | None) -> None:
        self._workers.check(fence.worker_id, now)
        entry = self._data.live.get(fence.run_id)
        if entry is None or entry.run.state is not State.RUNNING or entry.run.token != fence.token:
            raise LeaseLost(f"run {fence.run_id} is no longer held under token {fence.token}")
