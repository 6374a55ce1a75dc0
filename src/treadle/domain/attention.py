"""What in a domain needs somebody: found from what is known of it, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import takewhile

from msgspec import Struct

from treadle.domain.failures import FailureGroup, JobCount
from treadle.domain.health import takers
from treadle.domain.instants import Instant
from treadle.domain.queues import Queue, QueueState
from treadle.domain.runs import State
from treadle.domain.schedules import Schedule, Standing, standing
from treadle.domain.stats import Outcome
from treadle.domain.workers import IN_SERVICE, Role, Worker, WorkerState


class Matter(StrEnum):
    """What is the matter, the gravest first: what keeps everything from going, then what keeps a part of it."""

    NO_SCHEDULER = "no_scheduler"
    NO_WORKER = "no_worker"
    LOST_PROCESS = "lost_process"
    UNTAKEN_QUEUE = "untaken_queue"
    OVERDUE_SCHEDULE = "overdue_schedule"
    FAILING_JOB = "failing_job"
    PAUSED_QUEUE = "paused_queue"
    DEAD_LETTERS = "dead_letters"
    FAILURE_GROUP = "failure_group"


class Concern(Struct, frozen=True, kw_only=True):
    """Something that needs somebody. `subject` is the id of the worker, queue, schedule, job or group that is meant.

    `count` are the runs that it is about; of a failing job those that failed one after the other, the last of which is
    `run_id`. `said` is what a failure said.
    """

    matter: Matter
    subject: str = ""
    count: int = 0
    since: Instant | None = None
    said: str = ""
    run_id: str | None = None


def of_crew(queues: Sequence[Queue], workers: Sequence[Worker]) -> Iterator[Concern]:
    """Who is missing, which queues nobody takes from, and which are paused."""
    online = [each for each in workers if each.state is WorkerState.ONLINE]
    crew = [each for each in online if each.role is Role.WORKER]
    if all(each.role is not Role.SCHEDULER for each in online):
        yield Concern(matter=Matter.NO_SCHEDULER)
    if not crew:
        yield Concern(matter=Matter.NO_WORKER, count=sum(queue.ready for queue in queues))
    for worker in workers:
        if worker.state is WorkerState.LOST and not _replaced(worker, workers):
            yield Concern(matter=Matter.LOST_PROCESS, subject=worker.id, said=worker.host, since=worker.seen_at)
    for queue in queues:
        if queue.control.state is QueueState.PAUSED:
            yield Concern(matter=Matter.PAUSED_QUEUE, subject=queue.name, count=queue.ready, since=queue.oldest_due_at)
        elif crew and queue.ready and not takers(crew, queue):
            yield Concern(matter=Matter.UNTAKEN_QUEUE, subject=queue.name, count=queue.ready, since=queue.oldest_due_at)


def of_schedules(schedules: Iterable[Schedule], now: Instant) -> Iterator[Concern]:
    """Which schedules should have fired, and have not."""
    for schedule in schedules:
        if standing(schedule, now) is Standing.OVERDUE:
            yield Concern(matter=Matter.OVERDUE_SCHEDULE, subject=schedule.id, since=schedule.next_at)


def of_failures(
    groups: Iterable[tuple[FailureGroup, Sequence[JobCount]]], recent: Mapping[str, Sequence[Outcome]]
) -> Iterator[Concern]:
    """Which jobs fail, and which failures nobody has looked at whose jobs have gone well since.

    `recent` are the last outcomes, newest first, of the jobs that count: others are told of by their groups.
    """
    told: set[str] = set()
    for group, jobs in groups:
        failing = {job.job_id: _streak(recent.get(job.job_id, ())) for job in jobs}
        failing = {job_id: streak for job_id, streak in failing.items() if streak}
        for job_id, streak in failing.items():
            if job_id not in told:
                told.add(job_id)
                yield Concern(
                    matter=Matter.FAILING_JOB,
                    subject=job_id,
                    count=len(streak),
                    since=streak[-1].finished_at,
                    said=group.title,
                    run_id=streak[0].run_id,
                )
        if not failing:
            yield Concern(
                matter=Matter.FAILURE_GROUP,
                subject=group.id,
                count=group.count,
                since=group.last_at,
                said=group.title,
                run_id=group.run_id,
            )


def by_gravity(concerns: Iterable[Concern], most: int) -> list[Concern]:
    """The gravest first, and at most so many of each matter."""
    found: dict[Matter, list[Concern]] = {matter: [] for matter in Matter}
    for concern in concerns:
        found[concern.matter].append(concern)
    return [concern for each in found.values() for concern in each[:most]]


def _streak(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The failures with which outcomes begin."""
    return list(takewhile(lambda outcome: outcome.state is State.FAILED, outcomes))


def _replaced(lost: Worker, workers: Iterable[Worker]) -> bool:
    """Whether another process has come up since in the place of one that was lost."""
    return any(
        each.state in IN_SERVICE
        and (each.role, each.host) == (lost.role, lost.host)
        and each.registered_at >= lost.seen_at
        for each in workers
    )
