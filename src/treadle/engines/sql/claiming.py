"""What the engines' ways of claiming have in common: which lines are open, and the rates of their queues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from treadle.domain.instants import Instant
from treadle.domain.queues import QueueControl
from treadle.domain.runs import Claim
from treadle.engines.sql.numbers import Line
from treadle.engines.sql.queues import QueueName, use
from treadle.engines.sql.transaction import Transaction

Open: TypeAlias = Mapping[int, Line]
"""Lines that have ready runs, by their ids."""

Limited: TypeAlias = Mapping[QueueName, int]
"""How many runs may be taken from a queue; from those that are left out, any number."""


def divide(lines: Open, limited: Limited) -> tuple[dict[int, Line], dict[int, Line]]:
    """Of lines, those whose queue is not shut: the normal ones, and those of suspects."""
    normal: dict[int, Line] = {}
    solo: dict[int, Line] = {}
    for number, line in lines.items():
        if limited.get((line.domain, line.queue)) != 0:
            (solo if line.solo else normal)[number] = line
    return normal, solo


def by_limit(lines: Open, limited: Limited) -> dict[QueueName | None, list[int]]:
    """The ids of lines by their queue where that is limited, all others together."""
    groups: dict[QueueName | None, list[int]] = {}
    for number, line in lines.items():
        name = (line.domain, line.queue)
        groups.setdefault(name if name in limited else None, []).append(number)
    return groups


async def use_queue_rates(
    tx: Transaction,
    told: Mapping[QueueName, QueueControl],
    claims: Collection[Claim],
    next_due: Instant | None,
    now: Instant,
) -> Instant | None:
    """Count what was claimed against the rates of its queues; answers when there is more to claim, with what is due."""
    counts = Counter((claim.domain, claim.queue) for claim in claims)
    for name, control in told.items():
        used_until = control.used(counts[name], now)
        if used_until != control.used_until:
            await use(tx, name, used_until)
        at = replace(control, used_until=used_until).next_at(now)
        if at is not None and at > now:
            next_due = at if next_due is None else min(next_due, at)
    return next_due
