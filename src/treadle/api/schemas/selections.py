"""Selections as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.runs import Run, to_run
from treadle.domain.filters import RunsWanted
from treadle.domain.instants import to_datetime
from treadle.services.selections import Seen

SelectionId = Annotated[str, Meta(examples=["sel_019d2f6c1e5b7c3a9f40b1d2c3e4f506"])]


class Selection(Struct, frozen=True, kw_only=True):
    """Runs that were selected at one moment. What comes later is never among them, whatever it is like."""

    id: SelectionId
    filter: RunsWanted
    count: Annotated[int, Meta(description="How many runs there are in it, exactly.")]
    sample: Annotated[list[Run], Meta(description="The newest of them, as they are now; ten at most.")]
    by: str
    created_at: datetime
    expires_at: datetime


def to_selection(seen: Seen) -> Selection:
    """A selection as it is answered."""
    selection = seen.selection
    return Selection(
        id=selection.id,
        filter=selection.filter,
        count=selection.count,
        sample=[to_run(run) for run in seen.sample],
        by=selection.by,
        created_at=to_datetime(selection.created_at),
        expires_at=to_datetime(selection.expires_at),
    )
