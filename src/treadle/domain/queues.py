"""Queues: named lines in which runs wait. Each is there by its use, and open and without a limit until told otherwise.

What is told holds all runs of a queue and none in particular, so it costs nothing per run and takes effect with the
commit that tells it, however many wait: a queue is looked at when work is claimed from it, or submitted to it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from treadle.domain.errors import StaleVersion
from treadle.domain.instants import Instant
from treadle.domain.rates import Rate, RateDocument, capacity, consume, next_time
from treadle.domain.revisions import revision

MOST_COUNTED: Final = 10_000
"""How far the runs of a queue are counted, in each state."""

MOST_LOOKED_AT: Final = 100
"""Among how many runs at the head of each line the one that waits longest is looked for."""


class QueueState(StrEnum):
    """`open`: as usual. `paused`: takes runs, gives none out. `draining`: takes none, gives out those that it has."""

    OPEN = "open"
    PAUSED = "paused"
    DRAINING = "draining"


QUEUE_EVENTS: Final = {
    QueueState.OPEN: "queue.resumed",
    QueueState.PAUSED: "queue.paused",
    QueueState.DRAINING: "queue.draining",
}
RATE_EVENT: Final = "queue.rate_changed"


class QueueControl(Struct, frozen=True):
    """What was told of a queue. `used_until` is the state of its rate; see `rates`."""

    state: QueueState = QueueState.OPEN
    rate: Rate | None = None
    used_until: Instant | None = None

    def may_go(self, now: Instant) -> int | None:
        """How many of the queue's runs may be claimed now; None is no limit."""
        if self.state is QueueState.PAUSED:
            return 0
        return None if self.rate is None else capacity(self.rate, self.used_until, now)

    def used(self, count: int, now: Instant) -> Instant | None:
        """`used_until` after `count` of its runs were claimed."""
        return self.used_until if self.rate is None or not count else consume(self.rate, self.used_until, now, count)

    def next_at(self, now: Instant) -> Instant | None:
        """When the next of its runs may be claimed; None where no time brings that, but somebody who resumes it."""
        if self.state is QueueState.PAUSED:
            return None
        return now if self.rate is None else next_time(self.rate, self.used_until, now)


def rate_revision(control: QueueControl) -> str:
    """What changes with the rate that was told of a queue."""
    return revision(control.rate)


def check_rate(name: str, control: QueueControl, seen: Rate | UnsetType | None) -> None:
    """Raises StaleVersion where a queue has another rate than the one that somebody saw."""
    if seen is not UNSET and control.rate != seen:
        raise StaleVersion(f"the rate of queue {name} was changed meanwhile")


class QueueSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set of a queue."""

    rate: Annotated[RateDocument | None, Meta(description="How often its runs may start; null is without a limit.")]


class Queue(Struct, frozen=True, kw_only=True):
    """A queue as readers see it. Counts are of its live runs and stop at `MOST_COUNTED`.

    `running` are those that workers have claimed, begun or not: only the worker knows which of them it has begun.
    `oldest_due_at` is since when the longest waiting of its ready runs is due, among the first of each line.
    """

    domain: str
    name: str
    control: QueueControl = QueueControl()
    ready: int = 0
    scheduled: int = 0
    blocked: int = 0
    running: int = 0
    oldest_due_at: Instant | None = None

    @property
    def revision(self) -> str:
        """What changes with what can be set of it."""
        return rate_revision(self.control)

    @property
    def at_least(self) -> bool:
        """Whether there may be more of what was counted."""
        return max(self.ready, self.scheduled, self.blocked, self.running) >= MOST_COUNTED

    @property
    def drained(self) -> bool:
        """Whether it was told to drain, and has nothing left."""
        return self.control.state is QueueState.DRAINING and not (
            self.ready or self.scheduled or self.blocked or self.running
        )
