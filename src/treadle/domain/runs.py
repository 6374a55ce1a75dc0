"""Runs: the records that travel between the submitter, the engine and the worker."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from treadle.domain.clashes import Debounce
from treadle.domain.dependencies import Depends
from treadle.domain.instants import Instant
from treadle.domain.json import EMPTY_OBJECT, Json
from treadle.domain.letters import Resolution
from treadle.domain.limits import Limits
from treadle.domain.outcomes import RunError
from treadle.domain.priority import Priority
from treadle.domain.reasons import Reason
from treadle.domain.searching import Found
from treadle.domain.steps import RunStep

DEFAULT_DOMAIN: Final = "default"
DEFAULT_QUEUE: Final = "default"


class State(StrEnum):
    """The states of a run. The last four are final."""

    SCHEDULED = "scheduled"
    BLOCKED = "blocked"
    READY = "ready"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    __hash__ = str.__hash__  # Enum's own is a Python function, and states are looked up several times a run


TERMINAL: Final = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED, State.SKIPPED})
LIVE: Final = frozenset(State) - TERMINAL


class Cause(StrEnum):
    """What brought a run about."""

    API = "api"
    CLIENT = "client"
    SCHEDULE = "schedule"
    RETRY = "retry"
    AFTER = "after"
    MESSAGE = "message"


class RunKey(Struct, frozen=True):
    """An idempotency key: the same key in the same scope names the same run until it expires.

    `body_hash` tells a repeated call from another call that took the same key by mistake.
    """

    scope: str
    key: str
    body_hash: str
    expires_at: Instant


class NewRun(Struct, frozen=True, kw_only=True):
    """A run as it is submitted: everything the engine needs to store and order it.

    `requires` names what a worker must have to take it (`handler:report.daily`, `shell`): with domain and queue it
    makes the line in which the run waits. `work` is an encoded `domain.work.Work`: what to carry out, frozen at submit,
    so that editing a job never changes a run that was accepted. `if_unchanged` lets it stand only if the job still has
    `job_version`: whoever remembers a job need not read it again. `debounce` names the waiting run that it goes into.
    `for_letter` lets a retry stand only if the run that it does again, `retry_of`, is a dead letter until then.
    `filed_under` are the values of its inputs by which it can be found.
    """

    id: str
    domain: str = DEFAULT_DOMAIN
    job_id: str
    job_version: int = 0
    if_unchanged: bool = False
    queue: str = DEFAULT_QUEUE
    requires: str
    priority: Priority = Priority.NORMAL
    state: State = State.READY
    reason: Reason | None = None
    due_at: Instant
    rank: Instant
    created_at: Instant
    work: Json
    inputs: Json = EMPTY_OBJECT
    cause: Cause = Cause.CLIENT
    schedule_id: str | None = None
    slot: Instant | None = None
    retry_of: str | None = None
    for_letter: bool = False
    limits: Limits | None = None
    depends: Depends | None = None
    key: RunKey | None = None
    debounce: Debounce | None = None
    filed_under: Found = ()


class Claim(Struct, frozen=True, kw_only=True):
    """A run handed to a worker, with the fence (`token`) under which it may be settled.

    `attempt` is the number of this try from 1. `failures` counts those that failed, `losses` those whose worker was
    lost, `solo_losses` the ones lost while running alone. A `suspect` runs alone in its process. One that `has_parents`
    may ask for their results. `steps` are those that executions before have recorded, oldest first.
    """

    id: str
    domain: str
    job_id: str
    queue: str
    requires: str
    priority: Priority
    token: int
    attempt: int
    failures: int
    losses: int
    solo_losses: int
    suspect: bool
    due_at: Instant
    created_at: Instant
    claimed_at: Instant
    work: Json
    inputs: Json
    has_parents: bool = False
    steps: tuple[RunStep, ...] = ()


class RunView(Struct, frozen=True, kw_only=True):
    """A run as it stands, live or finished: what is told of it to everybody who may see it.

    A failed one without a `resolution` is a dead letter.
    """

    id: str
    job_id: str
    job_version: int
    queue: str
    priority: Priority
    state: State
    reason: Reason | None
    due_at: Instant
    created_at: Instant
    attempt: int
    cancel_requested_at: Instant | None
    worker_id: str | None
    started_at: Instant | None
    finished_at: Instant | None
    inputs: Json
    result: Json | None
    error: RunError | None
    cause: Cause
    schedule_id: str | None
    slot: Instant | None
    retry_of: str | None
    resolution: Resolution | None = None


class Run(RunView, frozen=True, kw_only=True):
    """A run as an engine keeps it: with what it is ordered, fenced and carried out by.

    `claimed_at` is when the try that is under way began.
    """

    domain: str
    requires: str
    rank: Instant
    token: int
    failures: int
    losses: int
    solo_losses: int
    suspect: bool
    work: Json
    limits: Limits | None
    depends: Depends | None
    claimed_at: Instant | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """One ended try of a run: one that did not end it, or the last after others. Of an only one the run tells all."""

    run_id: str
    token: int
    attempt: int
    worker_id: str | None
    started_at: Instant | None
    finished_at: Instant
    event: str
    error: RunError | None
