"""How an installation is: what was looked at, what is not well, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from treadle.domain.instants import MINUTE, SECOND, Instant, Micros
from treadle.domain.queues import Queue, QueueState
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.domain.workers import Role, Worker, WorkerState

LITTLE_SPACE: Final = 1024**3
NO_SPACE: Final = 50 * 1024**2
MOST_SKEW: Final[Micros] = 5 * SECOND
LONG_READY: Final[Micros] = 5 * MINUTE
"""How long a run may be ready while slots are free before somebody should look why."""

_GIB: Final = 1024**3


class Grade(StrEnum):
    """`warn`: it works, and should be seen to. `fail`: something does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(Struct, frozen=True, omit_defaults=True):
    """What one look found. `remedy` says what to do where it is not well."""

    grade: Grade
    what: str
    said: str
    remedy: str = ""


def worst(findings: Iterable[Finding]) -> Grade:
    """The gravest of them."""
    grades = {finding.grade for finding in findings}
    return Grade.FAIL if Grade.FAIL in grades else Grade.WARN if Grade.WARN in grades else Grade.OK


def judge_space(free: int) -> Finding:
    """What so many free bytes mean where the data folder is."""
    said = f"{free / _GIB:.1f} GiB are free"
    if free < NO_SPACE:
        return Finding(Grade.FAIL, "disk space", said, "make room: without it nothing can be accepted")
    if free < LITTLE_SPACE:
        return Finding(Grade.WARN, "disk space", said, "make room soon, or keep runs and logs for fewer days")
    return Finding(Grade.OK, "disk space", said)


def judge_schema(found: int, wanted: int) -> Finding:
    """What the schema that is there means for a release that makes the one that it wants."""
    if found >= wanted:
        return Finding(Grade.OK, "schema", f"version {found}")
    said = f"the database has schema {found}, this release needs {wanted}: a migration is missing"
    return Finding(Grade.FAIL, "schema", said, "start the services anew: the first that starts brings it up to date")


def judge_clock(skew: Micros) -> Finding:
    """What it means that another clock is so far before this machine's."""
    if abs(skew) > MOST_SKEW:
        said = f"the engine's is {skew / SECOND:+.0f} s from this machine's"
        return Finding(Grade.WARN, "clock", said, "let NTP set both; runs go by the engine's")
    return Finding(Grade.OK, "clock", "agrees with the engine's")


def judge_crew(domain: str, queues: Iterable[Queue], workers: Iterable[Worker], now: Instant) -> Iterator[Finding]:
    """Whether somebody fires what is due, and takes what is ready, in a domain."""
    known = list(workers)
    online = [each for each in known if each.state is WorkerState.ONLINE]
    schedulers = sum(each.role is Role.SCHEDULER for each in online)
    if schedulers:
        yield Finding(Grade.OK, "scheduler", f"{schedulers} online")
    else:
        lost = "nothing fires, and runs of lost workers stay with them"
        yield Finding(Grade.FAIL, "scheduler", f"none is online: {lost}", "start one by `treadle scheduler`")
    crew = [each for each in online if each.role is Role.WORKER]
    idle = [each for each in known if each.role is Role.WORKER and each.state is WorkerState.DISABLED]
    if crew:
        slots = sum(each.slots for each in crew)
        yield Finding(Grade.OK, "workers", f"{len(crew)} online, {slots} slots for {domain}")
    else:
        more = f", {len(idle)} disabled" if idle else ""
        said = f"none is online for {domain}{more}"
        yield Finding(Grade.WARN, "workers", said, _remedy(idle, _command(domain)))
    for queue in queues:
        if queue.ready and queue.control.state is not QueueState.PAUSED:
            yield from _judge_line(queue, crew, idle, now)


def _judge_line(queue: Queue, crew: Iterable[Worker], idle: Iterable[Worker], now: Instant) -> Iterator[Finding]:
    """Whether the ready runs of a queue that is open are taken."""
    taking = takers(crew, queue)
    what = f"queue {queue.name} of {queue.domain}"
    if not taking:
        said = f"{queue.ready} runs are ready, and no worker online takes from it"
        yield Finding(
            Grade.FAIL, what, said, _remedy(takers(idle, queue), f"{_command(queue.domain)} --queues {queue.name}")
        )
        return
    waited = 0 if queue.oldest_due_at is None else now - queue.oldest_due_at
    if waited > LONG_READY and any(not each.is_busy for each in taking):
        said = f"a run has been ready for {waited // MINUTE} minutes while slots are free"
        yield Finding(Grade.WARN, what, said, "`treadle run list --status ready`, and ask `treadle run explain` of one")


def takers(crew: Iterable[Worker], queue: Queue) -> list[Worker]:
    """Those that take from a queue."""
    return [each for each in crew if not each.queues or queue.name in each.queues]


def _command(domain: str) -> str:
    """What starts a worker of a domain."""
    return "treadle worker" if domain == DEFAULT_DOMAIN else f"treadle worker --domains {domain}"


def _remedy(idle: list[Worker], command: str) -> str:
    """Where workers were disabled, one of them is wanted; else a new one."""
    return f"enable one by `treadle worker enable {idle[0].id}`" if idle else f"start one by `{command}`"
