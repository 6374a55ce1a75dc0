"""Runs that were selected, by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from treadle.domain.filters import RunsWanted
from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.domain.selections import Selection
from treadle.engines.contract import Accepted, Admission
from treadle.engines.sql.keys import Keys
from treadle.engines.sql.transaction import Reader, Row, Transaction, Writer

_filters: Final = msgspec.json.Decoder(RunsWanted)
_encoder: Final = msgspec.json.Encoder()
_BETWEEN: Final = " "


class Selections:
    """See `contract.SelectionStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read

    async def freeze(
        self, selection: Selection, parts: Sequence[Sequence[str]], *, key: RunKey | None = None
    ) -> Accepted:
        async def work(tx: Transaction) -> Accepted:
            standing = await take_key(tx, selection.domain, key, selection.id, selection.created_at)
            if standing is not None:
                return standing
            await tx.call("selections.put", *_to_row(selection))
            rows = [(selection.id, number, _BETWEEN.join(part)) for number, part in enumerate(parts)]
            await tx.feed("selections.put_parts", rows)
            return Accepted(selection.id, Admission.CREATED)

        return await self._write(work)

    async def get(self, domain: str, selection_id: str) -> Selection | None:
        rows = await self._read.call("selections.get", domain, selection_id)
        return _to_selection(rows[0]) if rows else None

    async def part(self, selection_id: str, number: int) -> list[str]:
        rows = await self._read.call("selections.part", selection_id, number)
        return rows[0][0].split(_BETWEEN) if rows else []

    async def prune(self, before: Instant, limit: int) -> int:
        async def work(tx: Transaction) -> int:
            removed = len(await tx.call("selections.prune_parts", before, limit))
            if removed < limit:
                removed += len(await tx.call("selections.prune", before, limit - removed))
            return removed

        return await self._write(work)


async def take_key(tx: Transaction, domain: str, key: RunKey | None, names: str, now: Instant) -> Accepted | None:
    """What already has a key; None where there is none, or from now on it names something new."""
    if key is None:
        return None
    keys = await Keys.of(tx, [(domain, key)], now)
    if (standing := keys.named(domain, key)) is not None:
        return standing
    keys.put(domain, key, names)
    await keys.save(tx, now)
    return None


def _to_row(selection: Selection) -> Row:
    return (
        selection.id,
        selection.domain,
        _encoder.encode(selection.filter).decode(),
        selection.by,
        selection.count,
        _BETWEEN.join(selection.sample),
        selection.created_at,
        selection.expires_at,
    )


def _to_selection(row: Row) -> Selection:
    return Selection(
        id=row[0],
        domain=row[1],
        filter=_filters.decode(row[2]),
        by=row[3],
        count=row[4],
        sample=tuple(row[5].split()),
        created_at=row[6],
        expires_at=row[7],
    )
