"""A job in the words of the job manager: one thing to be done, once. In Treadle's words it is a run of a job."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from treadle.domain import json
from treadle.domain.instants import to_datetime
from treadle.domain.jobs import JobSpec
from treadle.domain.runs import Run, State
from treadle.domain.work import PythonHandler, Work, decode_work

AGENT: Final = "agent"
QUERY: Final = "query"

HANDLERS: Final = {AGENT: "treadle.agent", QUERY: "treadle.query"}
"""The handlers that carry out the two types, by type."""

_TYPES: Final = {handler: type_ for type_, handler in HANDLERS.items()}


def agent_capability(name: str) -> str:
    """What a worker offers that has an agent: jobs are left to those that do. `*` is for one with executors."""
    return f"agent:{name}"


class JobStatus(StrEnum):
    """How a job stands: pending until it runs, then one of the rest."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class ManagedJob(Struct, frozen=True, kw_only=True):
    """A job as the manager tells of it, and as executors get it.

    `name` is that of its definition; an executor, which sees no definition, gets its id, such as `data-processing`.
    """

    id: str
    job_type: str
    name: str
    description: str = ""
    payload: dict[str, Any]
    dependencies: list[str] = []
    max_retries: int | None = None
    retry_count: int
    status: JobStatus
    error_message: str | None = None
    result: Any = None
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def updated_at(self) -> datetime:
        """When it last became something else."""
        return self.completed_at or self.started_at or self.created_at


def of_run(run: Run, definition: JobSpec | None) -> ManagedJob:
    """A run as a job; its definition may be there no more."""
    work = decode_work(run.work)
    return ManagedJob(
        id=run.id,
        job_type=_type(work, definition),
        name=run.job_id if definition is None else definition.name,
        description="" if definition is None else definition.description,
        payload=json.decode(run.inputs),
        dependencies=[] if run.depends is None else list(run.depends.parents),
        max_retries=work.retry.max_retries,
        retry_count=max(run.attempt - 1, 0),
        status=_status(run.state),
        error_message=None if run.error is None else run.error.message,
        result=None if run.result is None else json.decode(run.result),
        created_at=to_datetime(run.created_at),
        started_at=None if run.started_at is None else to_datetime(run.started_at),
        completed_at=None if run.finished_at is None else to_datetime(run.finished_at),
    )


def _type(work: Work, definition: JobSpec | None) -> str:
    """`agent`, `query`, else what the definition is filed under."""
    if isinstance(work.executor, PythonHandler):
        return _TYPES.get(work.executor.handler, work.executor.handler)
    return work.executor.requires if definition is None else definition.type


def _status(state: State) -> JobStatus:
    return JobStatus.PENDING if state in (State.SCHEDULED, State.BLOCKED, State.READY) else JobStatus(state.value)
