"""Domains, as far as they share workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import apsw

from treadle.domain import sharing
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.sharing import DEFAULT_WEIGHT, WEIGHT_EVENT, Domain, Share
from treadle.engines.contract import Topic
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.events import append
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer
from treadle.system import Clock

_SQL: Final = load("domains")


def share_out(
    connection: apsw.Connection, running: Mapping[str, int], waiting: Mapping[str, int], slots: int
) -> dict[str, int]:
    """How many of the free slots each domain gets, and their turns written; the caller holds the write transaction."""
    if not waiting:
        return {}
    rows = {row[0]: row[1:] for row in fetch(connection, _SQL["shares"], (json_list(list(waiting)),))}
    shares = {}
    for name in waiting:
        weight, turn = rows.get(name, (DEFAULT_WEIGHT, 0))
        shares[name] = Share(weight, running.get(name, 0), turn)
    ((latest,),) = fetch(connection, _SQL["latest"])
    given = sharing.share_out(shares, waiting, slots, latest)
    connection.executemany(_SQL["take_turn"], [(name, one.turn) for name, one in given.items()])
    return {name: one.count for name, one in given.items()}


class SqliteDomains:
    """See `contract.DomainStore`."""

    def __init__(self, write: Writer, read: Reader, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    async def find(self, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200) -> list[Domain]:
        listed = None if names is None else json_list(names)

        def work(connection: apsw.Connection) -> list[Domain]:
            known = [row[0] for row in fetch(connection, _SQL["known"], (after, listed, limit))]
            weights = {row[0]: row[1] for row in fetch(connection, _SQL["shares"], (json_list(known),))}
            running: dict[str, int] = dict(fetch(connection, _SQL["running"]))
            waiting = {row[0] for row in fetch(connection, _SQL["waiting"], (json_list(known),))}
            return [
                Domain(
                    name=name,
                    weight=weights.get(name, DEFAULT_WEIGHT),
                    running=running.get(name, 0),
                    waiting=name in waiting,
                )
                for name in known
            ]

        return await self._read(work)

    async def weigh(self, name: str, weight: int, *, now: Instant | None = None) -> bool:
        at = self._clock.wall() if now is None else now
        event = NewEvent(domain=name, type=WEIGHT_EVENT, subject=name, at=at, data=encode({"weight": weight}))

        def work(write: Write) -> bool:
            before = {row[0]: row[1] for row in fetch(write.connection, _SQL["shares"], (json_list([name]),))}
            if before.get(name, DEFAULT_WEIGHT) == weight:
                return False
            write.connection.execute(_SQL["weigh"], (name, weight))
            append(write.connection, [event])
            write.topics.add(Topic.EVENTS)
            return True

        return await self._write(work)
