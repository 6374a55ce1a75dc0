"""Queues as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor, moment
from treadle.domain import queues as domain
from treadle.domain.instants import Instant, to_seconds
from treadle.domain.queues import QueueState
from treadle.domain.rates import RateDocument, dump_rate


class Queue(Struct, frozen=True, kw_only=True):
    """A queue: its status, and its live runs by theirs. Counting stops at 10,000: then `at_least` is true.

    `drained` says that it was told to drain, and has nothing left. `next_at` is when its rate lets the next run start,
    where that is not now.
    """

    name: Annotated[str, Meta(examples=["default"])]
    status: QueueState
    drained: bool
    rate: RateDocument | None
    next_at: datetime | None
    ready: int
    scheduled: int
    blocked: int
    running: Annotated[int, Meta(description="Runs that workers have: begun, or next in line there.")]
    at_least: bool
    oldest_due_at: Annotated[datetime | None, Meta(description="Since when the longest waiting ready run is due.")]
    oldest_wait_sec: Annotated[float | None, Meta(description="How long that is ago.")]


class QueuePage(Struct, frozen=True, kw_only=True):
    """Queues by name."""

    items: list[Queue]
    next_cursor: NextCursor
    has_more: HasMore


def to_queue(queue: domain.Queue, now: Instant) -> Queue:
    """A queue as it is answered at a moment."""
    control, oldest = queue.control, queue.oldest_due_at
    next_at = None if control.rate is None else control.next_at(now)
    return Queue(
        name=queue.name,
        status=control.state,
        drained=queue.drained,
        rate=None if control.rate is None else dump_rate(control.rate),
        next_at=moment(next_at) if next_at is not None and next_at > now else None,
        ready=queue.ready,
        scheduled=queue.scheduled,
        blocked=queue.blocked,
        running=queue.running,
        at_least=queue.at_least,
        oldest_due_at=moment(oldest),
        oldest_wait_sec=None if oldest is None else to_seconds(max(now - oldest, 0)),
    )
