"""Backfills: the runs of a schedule for slots of the past."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Annotated, Final

from msgspec import Meta, Struct

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import DAY, MILLISECOND, Instant
from treadle.domain.runs import RunKey
from treadle.domain.schedules import Schedule
from treadle.domain.submitting import read_moment
from treadle.domain.triggers import fires

MOST_SLOTS: Final = 1_000
LONGEST_SPREAD_MS: Final = 7 * 86_400_000
_KEPT: Final = 36_500 * DAY

_MOMENT: Final = Meta(
    description="RFC 3339 with an offset.",
    examples=["2026-11-05T00:00:00+07:00"],
    extra_json_schema={"format": "date-time"},
)


class BackfillRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which slots are to be made up for: those from `after` on and before `before`."""

    after: Annotated[str, _MOMENT]
    before: Annotated[str, _MOMENT]
    dry_run: Annotated[bool, Meta(description="Only tell which slots there are.")] = False
    spread_ms: Annotated[
        int, Meta(ge=0, le=LONGEST_SPREAD_MS, description="Over how long their starts are spread.")
    ] = 0

    def span(self, now: Instant) -> tuple[Instant, Instant]:
        """The first and the last moment at which a slot may lie. Raises InvalidInput where they are none."""
        problems: list[Problem] = []
        after = read_moment(self.after, "/after", problems)
        before = read_moment(self.before, "/before", problems)
        if after is None or before is None:
            raise InvalidInput(problems)
        if before > now:
            raise InvalidInput([Problem("/before", "lies ahead: slots to come fire by themselves")])
        if after >= before:
            raise InvalidInput([Problem("/before", "is not later than `after`")])
        return after, before - 1


def slots_of(schedule: Schedule, after: Instant, last: Instant, done: Collection[Instant]) -> list[Instant]:
    """The slots of a schedule from `after` to `last` that have no run. Raises InvalidInput for too many."""
    wanted = list(islice(fires(schedule.trigger, after - 1, last), MOST_SLOTS + 1))
    if len(wanted) > MOST_SLOTS:
        message = f"there are more than {MOST_SLOTS} slots in this time: take a shorter one"
        raise InvalidInput([Problem("/before", message)])
    return [slot for slot in wanted if slot not in done]


def slot_key(schedule: Schedule, slot: Instant, now: Instant) -> RunKey:
    """The key by which a slot is made up for once, however often that is asked for."""
    return RunKey(scope="slot", key=f"{schedule.id} {slot}", body_hash="", expires_at=now + _KEPT)


def spread(at: int, slots: int, request: BackfillRequest, now: Instant) -> Instant:
    """When the run of the slot number `at` becomes due."""
    return now + at * request.spread_ms * MILLISECOND // slots
