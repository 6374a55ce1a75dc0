"""Domains, as far as they share workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treadle.domain import sharing
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.sharing import DEFAULT_WEIGHT, WEIGHT_EVENT, Domain, Share
from treadle.engines.contract import Topic
from treadle.engines.sql.transaction import Look, Reader, Transaction, Writer, append


async def share_out(
    tx: Transaction, running: Mapping[str, int], waiting: Mapping[str, int], slots: int
) -> dict[str, int]:
    """How many of the free slots each domain gets, and their turns written; the caller holds the transaction."""
    if not waiting:
        return {}
    rows = {row[0]: row[1:] for row in await tx.call("domains.shares", list(waiting))}
    shares = {}
    for name in waiting:
        weight, turn = rows.get(name, (DEFAULT_WEIGHT, 0))
        shares[name] = Share(weight, running.get(name, 0), turn)
    ((latest,),) = await tx.call("domains.latest")
    given = sharing.share_out(shares, waiting, slots, latest)
    await tx.feed("domains.take_turns", [(name, one.turn) for name, one in given.items()])
    return {name: one.count for name, one in given.items()}


class Domains:
    """See `contract.DomainStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read

    async def find(self, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200) -> list[Domain]:
        async def work(look: Look) -> list[Domain]:
            listed = None if names is None else list(names)
            known = [name for (name,) in await look.call("domains.known", after, listed, limit)]
            weights = {name: weight for name, weight, _ in await look.call("domains.shares", known)}
            running: dict[str, int] = dict(await look.call("domains.running"))  # type: ignore[arg-type]
            waiting = {name for (name,) in await look.call("domains.waiting", known)}
            return [
                Domain(
                    name=name,
                    weight=weights.get(name, DEFAULT_WEIGHT),
                    running=running.get(name, 0),
                    waiting=name in waiting,
                )
                for name in known
            ]

        return await self._read.together(work)

    async def weigh(self, name: str, weight: int, *, now: Instant | None = None) -> bool:
        async def work(tx: Transaction) -> bool:
            before = {known: its for known, its, _ in await tx.call("domains.shares", [name])}
            if before.get(name, DEFAULT_WEIGHT) == weight:
                return False
            data = encode({"weight": weight})
            await tx.call("domains.weigh", name, weight)
            await append(tx, [NewEvent(domain=name, type=WEIGHT_EVENT, subject=name, at=await tx.now(now), data=data)])
            tx.topics.add(Topic.EVENTS)
            return True

        return await self._write(work)
