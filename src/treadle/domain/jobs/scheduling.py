"""The schedules of a job."""

from __future__ import annotations

from msgspec import structs

from treadle.domain.instants import Instant
from treadle.domain.jobs.records import Job
from treadle.domain.schedules import Schedule, ScheduleSpec, reschedule


def job_schedule(job: Job, old: Schedule | None, now: Instant) -> Schedule | None:
    """The schedule of a job's own definition, in the place of `old`, under the job's id; None where it has none."""
    return None if job.schedule is None else entry_schedule(job, job.schedule, job.job_id, job.source, old, now)


def entry_schedule(
    job: Job, spec: ScheduleSpec, schedule_id: str, source: str, old: Schedule | None, now: Instant
) -> Schedule:
    """One schedule of a job, in the place of `old`. A disabled job's schedules do not fire, nor does a paused one."""
    paused = old is not None and old.paused
    new = Schedule(
        id=schedule_id,
        domain=job.domain,
        job_id=job.job_id,
        source=source,
        spec=spec,
        active=spec.enabled and job.enabled and not paused,
        paused=paused,
        overlap=job.overlap,
        misfire=job.misfire,
        trigger=spec.trigger(now),
    )
    return reschedule(old, new, now)


def pause_schedule(job: Job, schedule: Schedule, now: Instant, *, paused: bool) -> Schedule:
    """A schedule as it is once it was paused or resumed by hand. What came due meanwhile does not fire afterwards."""
    told = structs.replace(schedule, paused=paused)
    return entry_schedule(job, schedule.spec, schedule.id, schedule.source, told, now)
