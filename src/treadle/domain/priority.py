"""Rank: the order of ready runs within a line.

A run's rank is the moment it became eligible, less a head start for its priority. Urgent work goes first, and since
a head start is finite, old work of any priority is overtaken only for so long: nothing starves.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from treadle.domain.instants import HOUR, MINUTE, Instant, Micros


class Priority(StrEnum):
    """How urgent a run is."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


HEAD_START: Final[dict[Priority, Micros]] = {
    Priority.CRITICAL: HOUR,
    Priority.HIGH: 10 * MINUTE,
    Priority.NORMAL: 0,
    Priority.LOW: -10 * MINUTE,
}


def rank(eligible_at: Instant, priority: Priority) -> Instant:
    """The lower, the sooner. Ties are broken by the order of enqueueing."""
    return eligible_at - HEAD_START[priority]
