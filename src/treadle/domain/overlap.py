"""Overlap: what the slots of a schedule do while runs of its earlier slots are not finished."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from treadle.domain.limits import OF_SCHEDULE, Lane


class Overlap(StrEnum):
    """`allow` starts a run all the same, `skip` passes the slot over. The others let one run at a time.

    Of what waits its turn, `queue_all` keeps all, `queue_one` the first, `replace` the newest; `cancel_running` does as
    `replace`, and cancels what has begun.
    """

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE_ONE = "queue_one"
    QUEUE_ALL = "queue_all"
    CANCEL_RUNNING = "cancel_running"
    REPLACE = "replace"


_TOGETHER: Final = frozenset({Overlap.ALLOW, Overlap.SKIP})
NEVER_IN_THE_WAY: Final = frozenset({Overlap.ALLOW, Overlap.QUEUE_ALL})
"""With these, runs of earlier slots need not be looked at."""

_NEWEST: Final = frozenset({Overlap.CANCEL_RUNNING, Overlap.REPLACE})


class Earlier(NamedTuple):
    """A run of an earlier slot that is not finished; `begun` says that a worker has had it."""

    run_id: str
    begun: bool


class Turn(NamedTuple):
    """Which of the slots that fire get a run: those from `first` to before `last`. `cancel` are runs that give way."""

    first: int
    last: int
    cancel: tuple[str, ...] = ()


def take_turn(overlap: Overlap, count: int, late: int, earlier: Sequence[Earlier]) -> Turn:
    """What `count` slots come to that fire together. The first `late` of them are caught up with.

    Slots that are caught up with are wanted although their time has passed: `skip` lets them run side by side.
    """
    if overlap is Overlap.SKIP:
        return Turn(0, 0 if earlier else min(count, max(late, 1)))
    waiting = tuple(run_id for run_id, begun in earlier if not begun)
    if overlap is Overlap.QUEUE_ONE:
        return Turn(0, 0 if waiting else min(count, 1))
    if overlap not in _NEWEST or not count:
        return Turn(0, count)
    everything = tuple(run_id for run_id, _ in earlier)
    return Turn(count - 1, count, everything if overlap is Overlap.CANCEL_RUNNING else waiting)


def schedule_lanes(overlap: Overlap, schedule_id: str) -> tuple[Lane, ...]:
    """What keeps the runs of a schedule one behind the other."""
    return () if overlap in _TOGETHER else (Lane(f"{OF_SCHEDULE}{schedule_id}", 1),)
