"""What queues were told, under locks."""

from __future__ import annotations

from collections.abc import Iterable

from treadle.domain.queues import QueueControl
from treadle.engines.postgres.writer import Transaction
from treadle.engines.sql.queues import QueueName, to_controls


async def locked_controls(tx: Transaction, names: Iterable[QueueName]) -> dict[QueueName, QueueControl]:
    """What queues were told, which stands until the transaction ends."""
    return to_controls(await tx.feed("queues.locked_controls", sorted(names)))
