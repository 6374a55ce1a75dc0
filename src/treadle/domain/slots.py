"""What is recorded of the slots of a schedule that get no run."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant, to_iso
from treadle.domain.json import encode

SLOT_SKIPPED_EVENT: Final = "schedule.slot_skipped"
MOST_LISTED: Final = 100
"""Skipped slots named in one event, the newest; all are counted."""


class SkipReason(StrEnum):
    """Why a slot was passed over.

    It was missed, or an earlier one's run stands, or a run with its unique key does; or its job is gone, or cannot be
    run with the inputs that it would have, or waits in a queue that takes no runs now.
    """

    MISFIRE = "misfire"
    OVERLAP = "overlap"
    UNIQUE = "unique"
    JOB_MISSING = "job_missing"
    INPUTS = "inputs"
    QUEUE_DRAINING = "queue_draining"


def slots_skipped(
    domain: str,
    schedule_id: str,
    job_id: str,
    reason: SkipReason,
    slots: Sequence[Instant],
    *,
    at: Instant,
    count: int | None = None,
    at_least: bool = False,
    message: str = "",
) -> NewEvent:
    """The event that records slots, `count` of them where not all are given, or `at_least` so many."""
    data = {
        "reason": reason,
        "count": len(slots) if count is None else count,
        "at_least": at_least,
        "slots": [to_iso(slot) for slot in slots[-MOST_LISTED:]],
        **({"message": message} if message else {}),
    }
    return NewEvent(
        domain=domain, type=SLOT_SKIPPED_EVENT, subject=schedule_id, job_id=job_id, at=at, data=encode(data)
    )
