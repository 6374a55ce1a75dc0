"""Domains, as far as they share workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from treadle.domain import sharing
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.sharing import DEFAULT_WEIGHT, WEIGHT_EVENT, Domain, Share
from treadle.engines.contract import Topic
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.reader import Fetch, Reader
from treadle.engines.postgres.telling import append
from treadle.engines.postgres.writer import Transaction, Writer, columns

_SQL: Final = load("domains")


async def share_out(
    tx: Transaction, running: Mapping[str, int], waiting: Mapping[str, int], slots: int
) -> dict[str, int]:
    """How many of the free slots each domain gets, and their turns written; the caller holds the transaction."""
    if not waiting:
        return {}
    rows = {row[0]: row[1:] for row in await tx.fetch(_SQL["shares"], list(waiting))}
    shares = {}
    for name in waiting:
        weight, turn = rows.get(name, (DEFAULT_WEIGHT, 0))
        shares[name] = Share(weight, running.get(name, 0), turn)
    latest: int = await tx.value(_SQL["latest"])
    given = sharing.share_out(shares, waiting, slots, latest)
    if given:
        await tx.fetch(_SQL["take_turns"], *columns([(name, one.turn) for name, one in given.items()], 2))
    return {name: one.count for name, one in given.items()}


class PostgresDomains:
    """See `contract.DomainStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def find(self, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200) -> list[Domain]:
        async def work(fetch: Fetch) -> list[Domain]:
            listed = None if names is None else list(names)
            known = [row[0] for row in await fetch(_SQL["known"], after, listed, limit)]
            weights = {row[0]: row[1] for row in await fetch(_SQL["shares"], known)}
            running: dict[str, int] = dict(await fetch(_SQL["running"]))  # type: ignore[arg-type]
            waiting = {row[0] for row in await fetch(_SQL["waiting"], known)}
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
            before = {row[0]: row[1] for row in await tx.fetch(_SQL["shares"], [name])}
            if before.get(name, DEFAULT_WEIGHT) == weight:
                return False
            data = encode({"weight": weight})
            await tx.fetch(_SQL["weigh"], name, weight)
            await append(tx, [NewEvent(domain=name, type=WEIGHT_EVENT, subject=name, at=await tx.now(now), data=data)])
            tx.topics.add(Topic.EVENTS)
            return True

        return await self._write(work)
