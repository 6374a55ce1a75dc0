"""The lane store: read lanes and rates, set limits by hand, and look after those before which runs wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw
import msgspec
import structlog

from treadle.domain.instants import Instant
from treadle.domain.limits import LaneUse, RateUse
from treadle.domain.rates import Rate
from treadle.engines.contract import Topic
from treadle.engines.lines import gate_id
from treadle.engines.sqlite.admission import admit
from treadle.engines.sqlite.asides import come_back, stand_aside
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

MOST_HOLDERS: Final = 100
MOST_WAITING: Final = 1_000

_BEFORE_ALL: Final = (-1, 0, 0)
_SQL: Final = load("lanes")
_logger = structlog.get_logger(__name__)
_holders: Final = msgspec.json.Decoder(tuple[str, ...])


class SqliteLanes:
    """See `contract.LaneStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock
        self._tended = self._cleared = -1  # the places where the last rounds stopped
        self._looked_at = _BEFORE_ALL

    async def find(self, domain: str, *, after: str = "", limit: int = 200) -> list[LaneUse]:
        which = "id IN (SELECT id FROM lanes WHERE domain = ?3 AND key > ?4 ORDER BY key LIMIT ?5)"
        return await self._select(which, (domain, after, limit))

    async def get(self, domain: str, keys: Sequence[str]) -> list[LaneUse]:
        return await self._select("domain = ?3 AND key IN (SELECT value FROM json_each(?4))", (domain, json_list(keys)))

    async def rates(self, domain: str, keys: Sequence[str]) -> list[RateUse]:
        values = (MOST_WAITING, domain, json_list(keys))
        rows = await self._read(lambda connection: fetch(connection, _SQL["rates"], values))
        return [
            RateUse(
                domain=domain,
                key=key,
                rate=Rate(runs, window),
                used_until=used_until,
                reserved=reserved,
                waiting=waiting,
            )
            for domain, key, runs, window, used_until, reserved, waiting in rows
        ]

    async def set_limit(self, domain: str, key: str, limit: int | None, *, now: Instant | None = None) -> bool:
        async def work(write: Write) -> bool:
            gate = gate_id("lane", domain, key)
            if limit is not None:
                write.connection.execute(_SQL["set_limit"], (gate, domain, key, limit))
            elif not fetch(write.connection, _SQL["clear_limit"], (gate,)):
                return False
            admit(write.connection, [gate], self._wall(now))
            write.connection.execute(_SQL["forget"], (gate,))
            write.topics.update((Topic.RUNS, Topic.EVENTS))
            return True

        return await self._write(work)

    async def tend(self, limit: int, *, now: Instant | None = None) -> int:
        async def work(write: Write) -> int:
            found = fetch(write.connection, _SQL["waited_for"], (self._tended, limit))
            self._tended = found[-1][0] if len(found) == limit else -1
            gates = [gate for _, gate in found]
            gates += self._remove_strays(write, limit)
            if passed := admit(write.connection, gates, self._wall(now), contested=gates):
                write.topics.add(Topic.RUNS)
            return passed

        return await self._write(work)

    def _remove_strays(self, write: Write, limit: int) -> list[int]:
        """Slots whose run does not hold them would narrow a lane for ever. There must be none: any found is said."""
        found = fetch(write.connection, _SQL["strays"], (*self._looked_at, limit))
        self._looked_at = found[-1][:3] if len(found) == limit else _BEFORE_ALL
        strays = [slot for *slot, stray in found if stray]
        if strays:
            write.connection.execute(_SQL["remove_strays"], (json_list(strays),))
            _logger.error("removed slots that no run held", slots=len(strays))
        return [gate for gate, _, _ in strays]

    async def prune(self, before: Instant, limit: int) -> int:
        def look(connection: apsw.Connection) -> tuple[list[int], list[int]]:
            lanes = [gate for (gate,) in fetch(connection, _SQL["idle_lanes"], (limit,))]
            return lanes, [gate for (gate,) in fetch(connection, _SQL["idle_rates"], (limit - len(lanes), before))]

        async def work(write: Write) -> int:
            write.connection.execute(_SQL["forget_lanes"], (json_list(lanes),))
            forgotten = write.connection.changes()
            write.connection.execute(_SQL["forget_rates"], (json_list(rates), before))
            return forgotten + write.connection.changes()

        lanes, rates = await self._read(look)  # looking for them takes no lock; what is in use since stays
        return await self._write(work) if lanes or rates else 0

    async def step_aside(self, limit: int, *, now: Instant | None = None) -> int:
        async def work(write: Write) -> int:
            wall = self._wall(now)
            moved = come_back(write.connection, limit, wall)
            found = fetch(write.connection, _SQL["waited_for"], (self._cleared, limit))
            self._cleared = found[-1][0] if len(found) == limit else -1
            if found:
                moved += stand_aside(write.connection, [gate for _, gate in found], limit, wall)
            if moved:
                write.topics.update((Topic.RUNS, Topic.EVENTS))
            return moved

        return await self._write(work)

    async def _select(self, which: str, values: tuple[Any, ...]) -> list[LaneUse]:
        statement = _SQL["lanes"].replace("{which}", which)
        values = (MOST_HOLDERS, MOST_WAITING, *values)
        rows = await self._read(lambda connection: fetch(connection, statement, values))
        return [
            LaneUse(
                domain=domain,
                key=key,
                declared=declared,
                by_hand=by_hand,
                held=held,
                holders=_holders.decode(holders),
                waiting=waiting,
            )
            for domain, key, declared, by_hand, held, holders, waiting in rows
        ]

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now
