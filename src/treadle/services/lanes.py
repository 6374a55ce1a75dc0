"""Lanes: who holds them, who waits, and limits set by hand."""

from __future__ import annotations

from treadle.domain.errors import InvalidInput, NotFound, Problem, nearest
from treadle.domain.limits import LaneSettings, LaneUse, is_lane_key, is_rendered
from treadle.domain.revisions import revision
from treadle.engines.contract import Engine
from treadle.services.paging import MAX_LIMIT, Page, decode_cursor, encode_cursor
from treadle.services.revising import revise


class Lanes:
    """The use cases of lanes. A lane is there once a job or a run declared it; a key's also once its limit was set."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def page(self, domain: str, *, limit: int, cursor: str | None = None) -> Page[LaneUse]:
        """Lanes by key."""
        question = ("lanes", domain)
        after = "" if cursor is None else decode_cursor(cursor, question)
        found = await self._engine.lanes.find(domain, after=after, limit=limit + 1)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].key, question) if more else None)

    async def get(self, domain: str, key: str) -> LaneUse:
        """One lane. Raises NotFound, with the nearest key there is."""
        found = await self._engine.lanes.get(domain, [key])
        if not found:
            raise await self._unknown(domain, key)
        return found[0]

    async def set(self, domain: str, key: str, settings: LaneSettings, *, expected: str | None = None) -> LaneUse:
        """Set a limit by hand, which goes before what jobs declare; 0 lets nothing more start.

        Raises InvalidInput, StaleVersion, and NotFound for a job or flow without a limit: their runs hold no lane, so
        it would have no effect. A key may be limited before its first run.
        """
        if not is_lane_key(key):
            message = f"{key!r:.40} is no lane's key: job:JOB, flow:GROUP or key:VALUE"
            raise InvalidInput([Problem("/path/key", message)])
        if not is_rendered(key) and not await self._engine.lanes.get(domain, [key]):
            raise await self._unknown(domain, key)
        await self._give(domain, key, settings.limit, expected)
        return await self.get(domain, key)

    async def clear(self, domain: str, key: str, *, expected: str | None = None) -> None:
        """Leave the limit to what jobs declare again. Raises NotFound and StaleVersion."""
        if not await self._give(domain, key, None, expected):
            raise await self._unknown(domain, key)

    async def _give(self, domain: str, key: str, limit: int | None, expected: str | None) -> bool:
        async def by_hand() -> int | None:
            return next((lane.by_hand for lane in await self._engine.lanes.get(domain, [key])), None)

        async def write(seen: int | None) -> bool:
            return await self._engine.lanes.set_limit(domain, key, limit, seen=seen)

        return await revise(f"the limit of lane {key}", by_hand, revision, write, expected)

    async def _unknown(self, domain: str, key: str) -> NotFound:
        others = await self._engine.lanes.find(domain, limit=MAX_LIMIT)
        hint = nearest(key, [lane.key for lane in others])
        return NotFound(f"there is no lane {key}: no job declares it, and no limit was set{hint}")
