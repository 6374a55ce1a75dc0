"""Rank: the order of ready runs within a line.

A run's rank is the moment it became eligible, less a head start for its priority. Urgent work goes first, and since
a head start is finite, old work of any priority is overtaken only for so long: nothing starves.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self, TypeAlias

from msgspec import Meta

from treadle.domain.instants import HOUR, MINUTE, Instant, Micros


class Priority(StrEnum):
    """How urgent a run is."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class PriorityName(StrEnum):
    """A priority as people write it, in letters of any size."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    URGENT = "urgent"
    MEDIUM = "medium"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        lower = str(value).lower()
        return next((name for name in cls if name.value == lower), None)


SaidPriority: TypeAlias = (
    PriorityName
    | Annotated[int, Meta(ge=0, le=10, description="0 and 4-6 are normal, 1-3 low, 7-8 high, 9-10 critical.")]
)
"""A priority as a job or a request says it."""

_MEANT: Final = {PriorityName.URGENT: Priority.CRITICAL, PriorityName.MEDIUM: Priority.NORMAL}

HEAD_START: Final[dict[Priority, Micros]] = {
    Priority.CRITICAL: HOUR,
    Priority.HIGH: 10 * MINUTE,
    Priority.NORMAL: 0,
    Priority.LOW: -10 * MINUTE,
}


def to_priority(said: SaidPriority) -> Priority:
    """What was meant: urgent is critical, medium is normal, and of the numbers 0 says nothing and 5 is the middle."""
    if isinstance(said, PriorityName):
        return _MEANT.get(said) or Priority(said)
    if said == 0 or 4 <= said <= 6:
        return Priority.NORMAL
    if said <= 3:
        return Priority.LOW
    return Priority.HIGH if said <= 8 else Priority.CRITICAL


def rank(eligible_at: Instant, priority: Priority) -> Instant:
    """The lower, the sooner. Ties are broken by the order of enqueueing."""
    return eligible_at - HEAD_START[priority]
