"""Lanes as they are answered."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor
from treadle.domain.limits import LaneUse


class Lane(Struct, frozen=True, kw_only=True):
    """A limit on how many runs may be active at once. `limit` is the one in force: that set by hand, else the declared.

    `held` counts the runs that hold it, ready or running, of which `holders` names 100 at most; `waiting` counts those
    that wait for it, up to 1,000.
    """

    key: Annotated[str, Meta(examples=["job:report", "flow:reports", "key:acme"])]
    limit: int
    declared: int | None
    by_hand: int | None
    held: int
    holders: list[str]
    waiting: int


class LanePage(Struct, frozen=True, kw_only=True):
    """Lanes by key."""

    items: list[Lane]
    next_cursor: NextCursor
    has_more: HasMore


def to_lane(lane: LaneUse) -> Lane:
    """A lane as it is answered."""
    return Lane(
        key=lane.key,
        limit=lane.limit,
        declared=lane.declared,
        by_hand=lane.by_hand,
        held=lane.held,
        holders=list(lane.holders),
        waiting=lane.waiting,
    )
