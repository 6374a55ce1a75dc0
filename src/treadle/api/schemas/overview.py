"""What needs somebody, and the first steps, as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import moment
from treadle.domain import attention as domain
from treadle.domain.attention import Matter
from treadle.services import first_steps as services
from treadle.services.first_steps import Milestone


class Concern(Struct, frozen=True, kw_only=True):
    """Something that needs somebody."""

    matter: Matter
    subject: Annotated[str, Meta(description="The id of what is meant: a process, queue, schedule, job or group.")]
    count: Annotated[int, Meta(description="The runs that it is about; of a failing job those that failed in a row.")]
    since: datetime | None
    said: Annotated[str, Meta(description="What the failure said; of a lost process its host.")]
    run_id: Annotated[str | None, Meta(description="The newest of the failed runs.")]


class Attention(Struct, frozen=True, kw_only=True):
    """What needs somebody, the gravest first; ten of each matter at most."""

    items: list[Concern]


class FirstStep(Struct, frozen=True, kw_only=True):
    """A step, and whether it is done; `subject` is the run or the job that shows it."""

    step: Milestone
    done: bool
    subject: str | None


class FirstSteps(Struct, frozen=True, kw_only=True):
    """The first steps, in their order."""

    items: list[FirstStep]


def to_attention(concerns: list[domain.Concern]) -> Attention:
    """Concerns as they are answered."""
    return Attention(
        items=[
            Concern(
                matter=each.matter,
                subject=each.subject,
                count=each.count,
                since=moment(each.since),
                said=each.said,
                run_id=each.run_id,
            )
            for each in concerns
        ]
    )


def to_first_steps(steps: list[services.FirstStep]) -> FirstSteps:
    """Steps as they are answered."""
    return FirstSteps(items=[FirstStep(step=each.step, done=each.done, subject=each.subject) for each in steps])
