"""Enqueuing as platforms of one queue say it: the same as an order, in other words."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from treadle.domain.batches import RunOrder
from treadle.domain.priority import SaidPriority


class EnqueueRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run as somebody wants it. `orgId` is put among the inputs."""

    jobId: Annotated[str, Meta(min_length=1)]  # noqa: N815 - the word of the format
    input: Annotated[dict[str, Any] | None, Meta(description="Goes over the job's own inputs, key by key.")] = None
    orgId: str | None = None  # noqa: N815
    priority: SaidPriority | None = None
    scheduledFor: Annotated[str | None, Meta(extra_json_schema={"format": "date-time"})] = None  # noqa: N815
    dependsOn: Annotated[tuple[str, ...], Meta(description="The runs that it waits for.")] = ()  # noqa: N815

    def order(self) -> RunOrder:
        """The same in the words of an order."""
        org = {} if self.orgId is None else {"orgId": self.orgId}
        return RunOrder(
            job_id=self.jobId,
            inputs={**(self.input or {}), **org} or None,
            priority=self.priority,
            scheduled_for=self.scheduledFor,
            depends_on=self.dependsOn or None,
        )
