"""The records of jobs."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, structs

from treadle.domain.chains import Chain
from treadle.domain.clashes import Debounce, Unique
from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import Instant
from treadle.domain.names import MAX_JOB_ID, is_name
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority
from treadle.domain.rates import Rate
from treadle.domain.runs import DEFAULT_DOMAIN, DEFAULT_QUEUE
from treadle.domain.schedules import Misfire, ScheduleSpec
from treadle.domain.work import Work

_RESERVED: Final = {
    "adhoc": "runs of jobs that are not kept are found under it",
    "validate": "documents are checked at its path",
    "new": "the console's page for a new job has its path",
}


def is_job_id(text: str) -> bool:
    """Whether `text` can be a job's id."""
    return is_name(text, MAX_JOB_ID)


def check_not_reserved(job_id: str) -> None:
    """Raises InvalidInput for an id that no job may have, since it means something else where jobs are addressed."""
    if job_id in _RESERVED:
        message = f"{job_id!r} is reserved: {_RESERVED[job_id]}; choose another"
        raise InvalidInput([Problem("/job_id", message, "reserved")])


class JobLimits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many runs of a job may be active at once, and how often they may start.

    `max_concurrent` counts the job's own runs, `flow_max_active_runs` those of all jobs of the group, and
    `concurrency_limit` those whose inputs fill `concurrency_key` in alike. `rate` counts the job's starts, or those
    whose inputs fill `rate_key` in alike.
    """

    max_concurrent: int | None = None
    flow_group: str | None = None
    flow_max_active_runs: int = 1
    concurrency_key: str | None = None
    concurrency_limit: int = 1
    rate: Rate | None = None
    rate_key: str | None = None


class JobSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job as somebody defined it: all that makes one version of it differ from another.

    `type` is the name of its handler, or what people file it under. `name` is for people and equals `job_id` where
    none was given. `inputs_schema` is the JSON Schema that the inputs of its runs must fit, as JSON text, or empty.
    """

    job_id: str
    name: str
    description: str = ""
    type: str
    work: Work
    schedule: ScheduleSpec | None = None
    inputs: dict[str, Any] = {}
    inputs_schema: str = ""
    overlap: Overlap = Overlap.SKIP
    unique: Unique | None = None
    debounce: Debounce | None = None
    misfire: Misfire = Misfire()
    queue: str = DEFAULT_QUEUE
    priority: Priority = Priority.NORMAL
    limits: JobLimits = JobLimits()
    chain: Chain = Chain()
    enabled: bool = True
    tags: tuple[str, ...] = ()


class Job(JobSpec, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a job in a domain. `source` says where it was defined: `api`, `tasks/foo.py:12`, …"""

    domain: str = DEFAULT_DOMAIN
    version: int
    source: str
    created_at: Instant
    updated_at: Instant

    @property
    def spec(self) -> JobSpec:
        """The definition alone."""
        return JobSpec(**{name: getattr(self, name) for name in JobSpec.__struct_fields__})


def create_job(spec: JobSpec, *, domain: str = DEFAULT_DOMAIN, source: str, now: Instant) -> Job:
    """The first version of a job."""
    return Job(**structs.asdict(spec), domain=domain, version=1, source=source, created_at=now, updated_at=now)


def revise_job(job: Job, spec: JobSpec, *, source: str, now: Instant) -> Job:
    """The next version of a job, or `job` itself where nothing about it has changed."""
    if spec == job.spec and source == job.source:
        return job
    revised = create_job(spec, domain=job.domain, source=source, now=now)
    return structs.replace(revised, version=job.version + 1, created_at=job.created_at)
