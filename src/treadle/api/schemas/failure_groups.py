"""Groups of equal failures as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor, moment
from treadle.api.schemas.runs import RunId
from treadle.domain.failures import GroupState
from treadle.domain.instants import to_datetime
from treadle.services.failure_groups import Grouped

MOST_JOBS: Final = 20


class FailingJob(Struct, frozen=True, kw_only=True):
    """How many of a group's failures are of a job."""

    job_id: str
    count: int
    last_failed_at: datetime


class FailureGroup(Struct, frozen=True, kw_only=True):
    """Failed runs whose failures are one and the same: of one class of error, and of one place.

    `title` is what the newest of them said, whose run is `run_id`. `jobs` are the 20 that failed last. `recent` counts
    the runs of the last week by when they were submitted, in 28 spans of 6 hours, oldest first, among the newest 500.
    `why`, `by` and `said_at` belong to what was said of it last; a new failure takes it back.
    """

    group_id: Annotated[str, Meta(examples=["flg_5d3c0a2b9f8e7d6c5b4a39281706f5e4"])]
    status: GroupState
    error: Annotated[str, Meta(examples=["ValueError", "timeout", "exit_code"])]
    place: Annotated[str, Meta(examples=["tasks/pay.py in charge", "job nightly-backup"])]
    title: str
    count: int
    first_failed_at: datetime
    last_failed_at: datetime
    run_id: RunId
    jobs: list[FailingJob]
    recent: list[int]
    snoozed_until: datetime | None
    said_at: datetime | None
    by: str
    why: str


class FailureGroupPage(Struct, frozen=True, kw_only=True):
    """Groups, those that failed last first."""

    items: list[FailureGroup]
    next_cursor: NextCursor
    has_more: HasMore


def to_group(grouped: Grouped) -> FailureGroup:
    """A group as it is answered."""
    group, said = grouped.group, grouped.group.verdict
    status = group.state(grouped.now)
    return FailureGroup(
        group_id=group.id,
        status=status,
        error=group.kind,
        place=group.place,
        title=group.title,
        count=group.count,
        first_failed_at=to_datetime(group.first_at),
        last_failed_at=to_datetime(group.last_at),
        run_id=group.run_id,
        jobs=[
            FailingJob(job_id=job.job_id, count=job.count, last_failed_at=to_datetime(job.last_at))
            for job in grouped.jobs[:MOST_JOBS]
        ],
        recent=list(grouped.recent),
        snoozed_until=moment(said.until) if status is GroupState.SNOOZED else None,
        said_at=moment(said.at) if said.by else None,
        by=said.by,
        why=said.why,
    )
