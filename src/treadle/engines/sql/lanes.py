"""The lane store: read lanes and rates, set limits by hand, and look after those before which runs wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import UNSET, UnsetType

from treadle.domain.errors import StaleVersion
from treadle.domain.instants import Instant
from treadle.domain.limits import LaneUse, RateUse
from treadle.domain.rates import Rate
from treadle.engines.contract import Topic
from treadle.engines.sql.admission import admit
from treadle.engines.sql.asides import come_back, stand_aside
from treadle.engines.sql.gates import lock_gates
from treadle.engines.sql.numbers import gate_id
from treadle.engines.sql.transaction import Look, Reader, Transaction, Writer

_BEFORE_ALL: Final = (-1, 0, 0)
MOST_HOLDERS: Final = 100
MOST_WAITING: Final = 1_000

_logger = structlog.get_logger(__name__)


class Lanes:
    """See `contract.LaneStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read
        self._tended = self._cleared = -1  # the places where the last rounds stopped
        self._looked_at = _BEFORE_ALL

    async def find(self, domain: str, *, after: str = "", limit: int = 200) -> list[LaneUse]:
        async def work(look: Look) -> list[LaneUse]:
            return await _get(look, domain, [key for (key,) in await look.call("lanes.page", domain, after, limit)])

        return await self._read.together(work)

    async def get(self, domain: str, keys: Sequence[str]) -> list[LaneUse]:
        return await self._read.together(lambda look: _get(look, domain, list(keys)))

    async def rates(self, domain: str, keys: Sequence[str]) -> list[RateUse]:
        return [
            RateUse(
                domain=domain,
                key=key,
                rate=Rate(runs, span),
                used_until=used_until,
                reserved=reserved,
                waiting=waiting,
            )
            for domain, key, runs, span, used_until, reserved, waiting in await self._read.call(
                "lanes.rates", MOST_WAITING, domain, list(keys)
            )
        ]

    async def set_limit(
        self,
        domain: str,
        key: str,
        limit: int | None,
        *,
        seen: int | UnsetType | None = UNSET,
        now: Instant | None = None,
    ) -> bool:
        async def work(tx: Transaction) -> bool:
            gate = gate_id("lane", domain, key)
            await _check_seen(tx, gate, domain, key, seen)
            if limit is not None:
                await tx.call("lanes.set_limit", gate, domain, key, limit)
            elif not await tx.call("lanes.clear_limit", gate):
                return False
            await admit(tx, [gate], await tx.now(now))
            await tx.call("lanes.forget", gate)
            tx.topics.update((Topic.RUNS, Topic.EVENTS))
            return True

        return await self._write(work)

    async def tend(self, limit: int, *, now: Instant | None = None) -> int:
        async def work(tx: Transaction) -> int:
            found = await tx.call("lanes.waited_for", self._tended, limit)
            last = found[-1][0] if len(found) == limit else -1
            tx.after.append(lambda: setattr(self, "_tended", last))
            gates = [gate for _, gate in found] + await self._remove_strays(tx, limit)
            passed = await admit(tx, gates, await tx.now(now), contested=gates)
            if passed:
                tx.topics.add(Topic.RUNS)
            return passed

        return await self._write(work)

    async def step_aside(self, limit: int, *, now: Instant | None = None) -> int:
        async def work(tx: Transaction) -> int:
            at = await tx.now(now)
            moved = await come_back(tx, limit, at)
            found = await tx.call("lanes.waited_for", self._cleared, limit)
            last = found[-1][0] if len(found) == limit else -1
            tx.after.append(lambda: setattr(self, "_cleared", last))
            if found:
                moved += await stand_aside(tx, [gate for _, gate in found], limit, at)
            if moved:
                tx.topics.update((Topic.RUNS, Topic.EVENTS))
            return moved

        return await self._write(work)

    async def prune(self, before: Instant, limit: int) -> int:
        lanes = [gate for (gate,) in await self._read.call("lanes.idle_lanes", limit)]
        rates = [gate for (gate,) in await self._read.call("lanes.idle_rates", limit - len(lanes), before)]

        async def work(tx: Transaction) -> int:
            await lock_gates(tx, [*lanes, *rates])  # what is in use since they were looked for stays
            forgotten = await tx.call("lanes.forget_lanes", lanes)
            return len(forgotten) + len(await tx.call("lanes.forget_rates", rates, before))

        return await self._write(work) if lanes or rates else 0

    async def _remove_strays(self, tx: Transaction, limit: int) -> list[int]:
        """Slots whose run does not hold them would narrow a lane for ever. There must be none: any found is said."""
        found = await tx.call("lanes.strays", *self._looked_at, limit)
        last = tuple(found[-1])[:3] if len(found) == limit else _BEFORE_ALL
        tx.after.append(lambda: setattr(self, "_looked_at", last))
        strays = [(gate, rank, run) for gate, rank, run, stray in found if stray]
        if not strays:
            return []
        await lock_gates(tx, {gate for gate, _, _ in strays})
        removed = [gate for (gate,) in await tx.feed("lanes.remove_strays", strays)]
        _logger.error("removed slots that no run held", slots=len(removed))
        return removed


async def _check_seen(tx: Transaction, gate: int, domain: str, key: str, seen: int | UnsetType | None) -> None:
    if seen is UNSET:
        return
    await lock_gates(tx, [gate])
    found = await _get(tx, domain, [key])
    if (found[0].by_hand if found else None) != seen:
        raise StaleVersion(f"the limit of lane {key} was set meanwhile")


async def _get(look: Look, domain: str, keys: list[str]) -> list[LaneUse]:
    rows = await look.call("lanes.lanes", MOST_HOLDERS, MOST_WAITING, domain, keys)
    return [
        LaneUse(
            domain=domain,
            key=key,
            declared=declared,
            by_hand=by_hand,
            held=held,
            holders=tuple(holders),
            waiting=waiting,
        )
        for domain, key, declared, by_hand, held, holders, waiting in rows
    ]
