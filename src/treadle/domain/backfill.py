"""Backfills: the runs of a schedule for slots of the past."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Annotated, Final, Literal, TypeAlias

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

Order: TypeAlias = Literal["oldest", "newest"]

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
    order: Annotated[Order, Meta(description="Which of the slots come first.")] = "oldest"
    limit: Annotated[int, Meta(ge=1, le=MOST_SLOTS, description="At most so many, the first in this order.")] = (
        MOST_SLOTS
    )
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


class Slots(Struct, frozen=True):
    """The slots of a time that are to get runs, in the order asked for; and how many have runs, or are `left` out."""

    wanted: list[Instant]
    existing: int
    left: int


def slots_of(schedule: Schedule, request: BackfillRequest, now: Instant, done: Collection[Instant]) -> Slots:
    """The slots of a schedule that are asked for, but for those that are `done`. Raises InvalidInput for too many."""
    after, last = request.span(now)
    found = list(islice(fires(schedule.trigger, after - 1, last), MOST_SLOTS + 1))
    if len(found) > MOST_SLOTS:
        message = f"there are more than {MOST_SLOTS} slots in this time: take a shorter one"
        raise InvalidInput([Problem("/before", message)])
    missing = [slot for slot in found if slot not in done]
    if request.order == "newest":
        missing.reverse()
    wanted = missing[: request.limit]
    return Slots(wanted, existing=len(found) - len(missing), left=len(missing) - len(wanted))


def slot_key(schedule: Schedule, slot: Instant, now: Instant) -> RunKey:
    """The key by which a slot is made up for once, however often that is asked for."""
    return RunKey(scope="slot", key=f"{schedule.id} {slot}", body_hash="", expires_at=now + _KEPT)


def spread(at: int, slots: int, request: BackfillRequest, now: Instant) -> Instant:
    """When the run of the slot number `at` becomes due."""
    return now + at * request.spread_ms * MILLISECOND // slots
