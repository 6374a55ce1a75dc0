"""Bulk actions as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor, moment
from treadle.api.schemas.runs import RunId
from treadle.domain import bulk_actions as domain
from treadle.domain.bulk_actions import REFUSED, Act, WhyLeft
from treadle.domain.instants import MILLISECOND, to_datetime
from treadle.domain.runs import State
from treadle.services.paging import Page


class LeftRuns(Struct, frozen=True, kw_only=True):
    """Runs that were left as they were: `skipped`, since there was nothing to do, or `failed`, since it was refused."""

    reason: WhyLeft
    outcome: Literal["skipped", "failed"]
    count: int
    sample: Annotated[list[RunId], Meta(description="The first of them, ten at most.")]


class BulkAction(Struct, frozen=True, kw_only=True):
    """What is done to the runs of a selection, and how far it has come: `done`, `skipped` and `failed` grow to `total`.

    Of a dry run they say what would become of them; it has no id, since it is not kept.
    """

    id: Annotated[str | None, Meta(examples=["blk_019d2f6c1e5b7c3a9f40b1d2c3e4f506"])]
    selection: str
    action: Act
    dry_run: bool
    status: Literal["running", "finished"]
    total: int
    done: Annotated[int, Meta(description="Runs that were acted upon.")]
    acted: Annotated[dict[State, int], Meta(description="How many of those stood in which status before.")]
    skipped: int
    failed: int
    reasons: Annotated[list[LeftRuns], Meta(description="Why runs were skipped, or have failed.")]
    spread_ms: int
    why: str
    by: str
    created_at: datetime
    finished_at: datetime | None


class BulkActionPage(Struct, frozen=True, kw_only=True):
    """Bulk actions, newest first."""

    items: list[BulkAction]
    next_cursor: NextCursor
    has_more: HasMore


def to_bulk_action(action: domain.BulkAction, *, dry_run: bool = False) -> BulkAction:
    """A bulk action as it is answered."""
    told = action.tally
    return BulkAction(
        id=None if dry_run else action.id,
        selection=action.selection_id,
        action=action.act,
        dry_run=dry_run,
        status="running" if action.finished_at is None else "finished",
        total=action.total,
        done=told.done,
        acted=told.acted,
        skipped=told.skipped,
        failed=told.failed,
        reasons=[
            LeftRuns(
                reason=reason,
                outcome="failed" if reason in REFUSED else "skipped",
                count=left.count,
                sample=list(left.sample),
            )
            for reason, left in told.left.items()
        ],
        spread_ms=action.spread // MILLISECOND,
        why=action.why,
        by=action.by,
        created_at=to_datetime(action.created_at),
        finished_at=moment(action.finished_at),
    )


def to_page(page: Page[domain.BulkAction]) -> BulkActionPage:
    """A page of bulk actions as it is answered."""
    items = [to_bulk_action(action) for action in page.items]
    return BulkActionPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None)
