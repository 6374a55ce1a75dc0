"""Events as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import AnyJson, HasMore, raw
from treadle.domain import events as domain
from treadle.domain.instants import to_datetime


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened. `seq` orders all events; `n` numbers those of one run from 1 without a gap."""

    seq: int
    type: Annotated[str, Meta(examples=["run.completed", "job.created"])]
    subject: Annotated[str, Meta(description="The id of what it happened to.")]
    job_id: str
    n: int
    at: datetime
    data: AnyJson


class EventPage(Struct, frozen=True, kw_only=True):
    """Events in order."""

    items: list[Event]
    next_cursor: Annotated[int, Meta(description="Hand it back as `after`, also when there are no more for now.")]
    has_more: HasMore
    reset: Annotated[
        bool, Meta(description="Some beyond `after` are missing: they were not kept for as long as you were away.")
    ] = False


class PublishedEvent(Struct, frozen=True, kw_only=True):
    """An event that was published: its place in the log, its type there, and how many runs it let go on."""

    seq: int
    type: Annotated[str, Meta(examples=["user.paid"])]
    woken: int


def to_event(event: domain.Event) -> Event:
    """An event as it is answered."""
    return Event(
        seq=event.seq,
        type=event.type,
        subject=event.subject,
        job_id=event.job_id,
        n=event.n,
        at=to_datetime(event.at),
        data=raw(event.data),
    )
