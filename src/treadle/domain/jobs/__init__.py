"""Jobs: what to run, when, and within which limits; and the documents that people write them as."""

from treadle.domain.jobs.document import job_schema
from treadle.domain.jobs.limiting import standing_limits
from treadle.domain.jobs.parsing import dump_job, parse_job
from treadle.domain.jobs.records import Job, JobSpec, check_not_reserved, create_job, is_job_id, revise_job
from treadle.domain.jobs.scheduling import entry_schedule, job_schedule, pause_schedule

__all__ = [
    "Job",
    "JobSpec",
    "check_not_reserved",
    "create_job",
    "dump_job",
    "entry_schedule",
    "is_job_id",
    "job_schedule",
    "pause_schedule",
    "job_schema",
    "parse_job",
    "revise_job",
    "standing_limits",
]
