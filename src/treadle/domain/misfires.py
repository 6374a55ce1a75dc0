"""What to do with the slots of a schedule that came due while nobody looked.

A slot at most `grace` late is on time and fires whatever the policy. The earlier ones are missed, and the policy says
which of them fire all the same; the rest are skipped, and recorded.

The plan stays small however long the absence was. At most `MOST_ON_TIME` slots are on time in one plan; where more
are, `next` is already due and the caller plans again. At most `MOST_LISTED` skipped slots are listed, the newest. They
are counted exactly, except those of a cron trigger beyond `MOST_WALKED`: then `skipped_count` is a lower bound, and
`at_least` says so.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from treadle.domain.instants import Instant, Micros
from treadle.domain.triggers import Interval, Trigger, fires, next_fire

MisfirePolicy: TypeAlias = Literal["skip", "one", "all"]

MOST_ON_TIME: Final = 1_000
MOST_LISTED: Final = 100
MOST_WALKED: Final = 1_000


class MisfirePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What to fire and what to record, each in order of time; `next` is the first slot not in the plan."""

    fire: tuple[Instant, ...]
    skipped: tuple[Instant, ...]
    skipped_count: int
    at_least: bool
    next: Instant | None


class _Missed(NamedTuple):
    newest: tuple[Instant, ...]
    total: int
    at_least: bool = False


def plan_misfires(
    trigger: Trigger, cursor: Instant, now: Instant, policy: MisfirePolicy, grace: Micros, cap: int
) -> MisfirePlan:
    """The plan for the slots from `cursor`, the next slot due, up to `now`.

    Of the missed slots, `skip` fires none, `one` the latest, `all` the newest `cap`.
    """
    deadline = now - grace
    wanted = {"skip": 0, "one": 1, "all": cap}[policy]
    missed = _missed(trigger, cursor, deadline - 1, wanted + MOST_LISTED)
    split = max(0, len(missed.newest) - wanted)
    late = missed.newest[split:]

    on_time = tuple(islice(fires(trigger, max(cursor, deadline) - 1, now), MOST_ON_TIME))
    planned_to = on_time[-1] if len(on_time) == MOST_ON_TIME else max(now, cursor - 1)
    return MisfirePlan(
        fire=late + on_time,
        skipped=missed.newest[:split][-MOST_LISTED:],
        skipped_count=missed.total - len(late),
        at_least=missed.at_least,
        next=next_fire(trigger, planned_to),
    )


def _missed(trigger: Trigger, first: Instant, last: Instant, most: int) -> _Missed:
    """The newest `most` slots within `first` to `last`, in order, and how many there are in all."""
    if isinstance(trigger, Interval):
        start = next_fire(trigger, first - 1)
        slots = range(start, last + 1, trigger.every) if start is not None else range(0)
        return _Missed(tuple(slots[-most:]), len(slots))
    walked = tuple(islice(fires(trigger, first - 1, last), MOST_WALKED + 1))
    if len(walked) <= MOST_WALKED:
        return _Missed(walked[-most:], len(walked))
    newest: list[Instant] = []
    while len(newest) < most and last >= first:
        newest.append(_latest(trigger, first, last))
        last = newest[-1] - 1
    newest.reverse()
    return _Missed(tuple(newest), len(set(walked) | set(newest)), at_least=True)


def _latest(trigger: Trigger, first: Instant, last: Instant) -> Instant:
    """The newest slot within `first` to `last`, which hold one at least: some fifty looks, however long that is."""

    def nothing_follows(instant: Instant) -> bool:
        following = next_fire(trigger, instant)
        return following is None or following > last

    span = range(first, last)
    return first + bisect_left(span, 1, key=nothing_follows)
