"""The store of schedules and their cursors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.overlap import Overlap
from treadle.domain.runs import NewRun
from treadle.domain.schedules import Schedule


class Firing(Struct, frozen=True, kw_only=True):
    """Slots of one schedule being fired or passed over: applied only if its cursor still is `cursor`.

    `runs` are those of its slots in order, of which the first `late` catch up. Which of them are submitted is decided
    by `domain.overlap.take_turn`; the slots of the others are recorded.
    """

    schedule_id: str
    domain: str
    cursor: Instant
    next_at: Instant | None
    last_slot: Instant | None
    runs: tuple[NewRun, ...] = ()
    late: int = 0
    overlap: Overlap = Overlap.ALLOW
    events: tuple[NewEvent, ...] = ()


class ScheduleStore(Protocol):
    """Schedules and their cursors."""

    async def due(self, limit: int, *, now: Instant | None = None) -> list[Schedule]:
        """Enabled schedules of all domains whose cursor has come, the longest due first."""
        ...

    async def fire(self, firings: Sequence[Firing], *, now: Instant | None = None) -> list[bool]:
        """Move cursors and submit runs, each firing whole or not at all; answers which took effect.

        A slot already fired is never fired again: the second compare-and-set on its cursor fails. One with a run for a
        queue that drains takes no effect either. Each slot gets a run, or is recorded as skipped.
        """
        ...

    async def next_due(self, domain: str | None = None) -> Instant | None:
        """The earliest cursor of an enabled schedule, of a domain or of all."""
        ...

    async def replace(self, seen: Schedule, new: Schedule, events: Sequence[NewEvent]) -> bool:
        """Write a schedule in the place of the one that was seen. False where that one has fired or changed since."""
        ...

    async def get(self, domain: str, schedule_ids: Sequence[str]) -> list[Schedule]:
        """Schedules by id; unknown ids are left out."""
        ...

    async def find(self, domain: str, *, job_id: str | None = None) -> list[Schedule]:
        """All schedules of a domain, or of one job, by id."""
        ...
