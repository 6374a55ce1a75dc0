"""When jobs run by themselves, in words, in every language that Treadle speaks."""

from __future__ import annotations

from msgspec import Struct

from treadle.domain.instants import to_seconds
from treadle.domain.jobs import JobSpec
from treadle.domain.schedules import ScheduleSpec
from treadle.domain.triggers.tongues import ENGLISH, INDONESIAN, Tongue
from treadle.domain.triggers.words import cron_words, interval_words, moment_words


class Words(Struct, frozen=True):
    """The same in English and in Indonesian."""

    en: str
    id: str


def when(job: JobSpec) -> Words:
    """When a job runs: by its schedule, after others, with messages, or when it is asked to. `every weekday at 07:30,
    Asia/Jakarta`."""
    return Words(job_words(job, ENGLISH), job_words(job, INDONESIAN))


def when_scheduled(spec: ScheduleSpec) -> Words:
    """When a schedule fires."""
    return Words(schedule_words(spec, ENGLISH), schedule_words(spec, INDONESIAN))


def job_words(job: JobSpec, tongue: Tongue) -> str:
    """When a job runs, in one language."""
    if job.schedule is not None:
        return schedule_words(job.schedule, tongue)
    if job.chain.after:
        return tongue.after.format(tongue.listed(each.job for each in job.chain.after))
    intake = job.work.messages
    if intake is not None and intake.trigger:
        return tongue.on_messages.format(intake.type)
    return tongue.on_demand


def schedule_words(spec: ScheduleSpec, tongue: Tongue) -> str:
    """When a schedule fires, in one language. Its zone is named wherever it is a clock's time that counts."""

    def moment(instant: int) -> str:
        return moment_words(instant, spec.timezone, tongue)

    if spec.every is not None:
        told = interval_words(to_seconds(spec.every), tongue)
    elif spec.cron is not None:
        told = cron_words(spec.cron, tongue)
    elif spec.at is not None:
        told = tongue.once.format(moment(spec.at))
    else:
        return tongue.at_once
    told += "" if spec.start_at is None else f", {tongue.start.format(moment(spec.start_at))}"
    told += "" if spec.end_at is None else f", {tongue.end.format(moment(spec.end_at))}"
    clockless = spec.every is not None and spec.start_at is None and spec.end_at is None
    return told if clockless else f"{told}, {spec.timezone}"
