"""Jobs as they are answered: their document, and what Treadle knows about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, structs

from treadle.api.schemas.common import HasMore, NextCursor, moment
from treadle.api.schemas.problems import Fault
from treadle.api.schemas.schedules import Fire
from treadle.domain import jobs as domain
from treadle.domain.affinity import Affinity
from treadle.domain.chains import After, AfterJoin
from treadle.domain.clashes import Debounce, Unique
from treadle.domain.errors import InvalidInput, Problem, below
from treadle.domain.instants import Instant, to_datetime
from treadle.domain.jobs import JobSpec, dump_job
from treadle.domain.jobs.document import (
    ExecutorDocument,
    MessagesDocument,
    RetryDocument,
    ScheduleDocument,
    StartRateDocument,
)
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority
from treadle.domain.schedules import Misfire
from treadle.domain.wording import Words
from treadle.domain.work import Completion, Program

READ_ONLY: Final = ("version", "source", "created_at", "updated_at", "next_run_at")
"""What a job is answered with beside its document."""


class JobDefinition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job's document with every default filled in; what has no place in it is left out."""

    job_id: str
    name: str
    description: str
    type: str
    executor: ExecutorDocument | None = None
    completion: Completion | None = None
    schedule: ScheduleDocument | None = None
    timeout_ms: int
    retry_policy: RetryDocument
    secrets: list[str] | None = None
    batch_size: int | None = None
    searchable: list[str] | None = None
    isolation: str | None = None
    messages: MessagesDocument | None = None
    dependencies: list[str] | None = None
    after: list[str | After] | None = None
    after_join: AfterJoin | None = None
    max_concurrent: int | None = None
    flow_group: str | None = None
    flow_max_active_runs: int | None = None
    concurrency_key: str | None = None
    concurrency_limit: int | None = None
    rate_limit: StartRateDocument | None = None
    idempotent: bool
    inputs: dict[str, Any]
    inputs_schema: dict[str, Any] | None = None
    unique: Unique | None = None
    debounce: Debounce | None = None
    overlap: Overlap
    misfire: Misfire
    affinity: Affinity | None = None
    queue: str
    priority: Priority
    enabled: bool
    tags: list[str]


class Job(JobDefinition, frozen=True, kw_only=True, omit_defaults=True):
    """A job. Its version is its ETag. `source` says where it was defined; `next_run_at` when its schedule fires next.

    It can be sent back with changes by PUT as it is: what cannot be set must then be as it stands.
    """

    version: int
    source: str
    created_at: datetime
    updated_at: datetime
    next_run_at: datetime | None = None


class JobPage(Struct, frozen=True, kw_only=True):
    """Jobs by id."""

    items: list[Job]
    next_cursor: NextCursor
    has_more: HasMore


class JobVersions(Struct, frozen=True, kw_only=True):
    """The versions of a job, newest first."""

    items: list[Job]
    next_cursor: NextCursor
    has_more: HasMore


class Origins(Struct, frozen=True, kw_only=True):
    """Where each value of a job came from, by its key: `default`, the place of its definition, a file or a variable."""

    values: Annotated[dict[str, str], Meta(examples=[{"timeout_ms": "default", "enabled": "REPORT_ENABLED"}])]


class Validation(Struct, frozen=True, kw_only=True):
    """Whether a document defines a job; where it does, what it means and when it would run.

    `fires` are the same moments as `next`, each with what changes of the zone's clock do to it.
    """

    valid: bool
    errors: list[Fault]
    job: JobDefinition | None
    when: Annotated[Words | None, Meta(description="When it would run, in words.")]
    next: Annotated[list[datetime], Meta(description="The first fires, were it defined now.")]
    fires: list[Fire]


def to_job(job: domain.Job, next_run_at: Instant | None = None) -> Job:
    """A job as it is answered."""
    return Job(
        **_document(job),
        version=job.version,
        source=job.source,
        created_at=to_datetime(job.created_at),
        updated_at=to_datetime(job.updated_at),
        next_run_at=moment(next_run_at),
    )


def to_definition(spec: JobSpec) -> JobDefinition:
    """A spec as it is answered."""
    return JobDefinition(**_document(spec))


def _document(spec: JobSpec) -> dict[str, Any]:
    # Spelt out: elsewhere these leave their defaults out.
    document = {**dump_job(spec), "misfire": structs.asdict(spec.misfire)}
    if isinstance(spec.work.executor, Program):
        document["completion"] = structs.asdict(spec.work.executor.completion)
    return document


def split_read_only(document: object, standing: domain.Job) -> tuple[object, int | None]:
    """A job's document without what it was answered with beside it, and the version that it was made from.

    Raises InvalidInput where something that cannot be set is to be changed.
    """
    if not isinstance(document, dict):
        return document, None
    known = msgspec.to_builtins(to_job(standing))
    version = document.get("version")
    is_old = type(version) is int and version != standing.version  # then what was read beside it is old too
    problems = [
        Problem(below("", key), f"cannot be set: it is {known[key]!r}", "read_only")
        for key in ("source", "created_at", "updated_at")
        if not is_old and key in document and document[key] != known[key]
    ]
    if version is not None and type(version) is not int:
        problems.append(Problem("/version", "must be the version that was read, a whole number"))
    if problems:
        raise InvalidInput(problems)
    return {key: value for key, value in document.items() if key not in READ_ONLY}, version
