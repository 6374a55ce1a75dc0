"""Batches of runs as they are answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.runs import RunId
from treadle.engines.contract import Admission
from treadle.services.runs import SubmittedOrder


class AcceptedRun(Struct, frozen=True, kw_only=True):
    """The run that stands for one of a batch, which need not be new."""

    run_id: RunId
    job_id: str
    admission: Annotated[
        Admission, Meta(description="`created`; else the run was there before: `existing`, `duplicate`, `debounced`.")
    ]


class AcceptedRuns(Struct, frozen=True, kw_only=True):
    """What was accepted, in the order of the call."""

    items: list[AcceptedRun]


def to_accepted(found: Iterable[SubmittedOrder]) -> AcceptedRuns:
    """A batch as it is answered."""
    return AcceptedRuns(
        items=[AcceptedRun(run_id=each.run_id, job_id=each.job_id, admission=each.admission) for each in found]
    )
