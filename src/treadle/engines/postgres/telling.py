"""Writing events, in the batch of the transaction that they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from treadle.domain.events import NewEvent
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.writer import Transaction, columns

_SQL: Final = load("events")


async def tell(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write events as (domain, type, subject, n, job id, at, data); the caller holds the transaction."""
    if rows:
        await tx.fetch(_SQL["append"], tx.batch, tx.numbers(len(rows)), *columns(rows, 7))


async def append(tx: Transaction, events: Sequence[NewEvent]) -> None:
    """Write events that are not of a run; the caller holds the transaction."""
    await tell(tx, [(one.domain, one.type, one.subject, 0, one.job_id, one.at, one.data) for one in events])
