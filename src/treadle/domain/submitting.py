"""From a job and a request to a run: what every way of submitting has in common."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, field, structs

from treadle.domain import json
from treadle.domain.admission import BEHIND_PARENTS, next_hold
from treadle.domain.clashes import Debounce, Unique, debounce_of, rule_problems, unique_of
from treadle.domain.dependencies import (
    Depends,
    Join,
    OnParentFailure,
    ParentRequest,
    read_depends,
    single_parent,
)
from treadle.domain.errors import InvalidInput, PayloadTooLarge, Problem
from treadle.domain.inputs import input_problems
from treadle.domain.instants import DAY, SECOND, Instant, Micros, from_iso, from_seconds
from treadle.domain.jobs import Job
from treadle.domain.jobs.later import later_inputs
from treadle.domain.jobs.limiting import misplaced_limits, run_limits
from treadle.domain.jobs.saying import said
from treadle.domain.limits import OF_SCHEDULE, Lane, Limits
from treadle.domain.overlap import schedule_lanes
from treadle.domain.priority import Priority, SaidPriority, rank, to_priority
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Cause, NewRun, Run, RunKey
from treadle.domain.schedules import Schedule
from treadle.domain.searching import search_values
from treadle.domain.work import decode_work, encode_work

LONGEST_DELAY: Final[Micros] = 366 * DAY
KEY_LIFETIME: Final = DAY
MAX_KEY: Final = 255

_NOBODYS: Final = frozenset({Cause.SCHEDULE, Cause.MESSAGE, Cause.AFTER})
_canonical: Final = msgspec.json.Encoder(order="deterministic")


class RunRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be said about one run of a job. `delay_sec` or `at` (`scheduledFor`) says when it becomes due."""

    inputs: Annotated[dict[str, Any] | None, Meta(description="Go over the job's own, key by key.")] = None
    priority: Annotated[SaidPriority | None, Meta(description="The job's own by default.")] = None
    delay_sec: Annotated[float, Meta(ge=0, le=LONGEST_DELAY // SECOND)] | None = None
    at: Annotated[
        str | None, Meta(description="RFC 3339 with an offset.", extra_json_schema={"format": "date-time"})
    ] = None
    scheduled_for: Annotated[
        str | None, Meta(description="Another word for `at`.", extra_json_schema={"format": "date-time"})
    ] = field(default=None, name="scheduledFor")
    unique: Annotated[Unique | None, Meta(description="The job's own by default.")] = None

    depends_on: Annotated[
        tuple[str | ParentRequest, ...] | None,
        Meta(description="The runs that it waits for."),
    ] = None
    join: Annotated[Join | None, Meta(description="Which of them must complete; all by default.")] = None
    on_parent_failure: Annotated[
        OnParentFailure | None, Meta(description="What becomes of it where they do not; cancel by default.")
    ] = None

    def depends(self) -> Depends | None:
        """The runs that it waits for. Raises InvalidInput where the request cannot be understood."""
        return read_depends(self.depends_on or (), self.join, self.on_parent_failure)

    def due_at(self, now: Instant) -> Instant:
        """When the run becomes due. Raises InvalidInput where the request cannot be understood."""
        problems: list[Problem] = []
        texts = {"/at": self.at, "/scheduledFor": self.scheduled_for}
        given = {pointer: text for pointer, text in texts.items() if text is not None}
        moments = {pointer: read_moment(text, pointer, problems) for pointer, text in given.items()}
        problems.extend(
            Problem(pointer, f"lies more than {LONGEST_DELAY // DAY} days ahead")
            for pointer, moment in moments.items()
            if moment is not None and moment - now > LONGEST_DELAY
        )
        if self.delay_sec is not None:
            message = "stands beside /delay_sec; give one of the two"
            problems.extend(Problem(pointer, message, "conflict") for pointer in given)
        moment = said(moments, problems)
        if problems:
            raise InvalidInput(problems)
        if moment is not None:
            return max(now, moment)
        return now if self.delay_sec is None else now + from_seconds(self.delay_sec)

    def wanted_priority(self) -> Priority | None:
        """The priority that was asked for."""
        return None if self.priority is None else to_priority(self.priority)

    def unique_rule(self) -> Unique | None:
        """The rule that was asked for. Raises InvalidInput where its key is no template."""
        if problems := rule_problems(self.unique, "/unique"):
            raise InvalidInput(problems)
        return self.unique


def read_moment(text: str, at: str, problems: list[Problem]) -> Instant | None:
    """The moment that the text at a pointer says; None, and a problem more, where it says none."""
    try:
        return from_iso(text)
    except ValueError:
        message = f"{text!r:.40} is no date and time with an offset, such as 2026-11-05T09:00:00+07:00"
        problems.append(Problem(at, message))
        return None


class RetryRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be said when a finished run is done again."""

    inputs: Annotated[dict[str, Any] | None, Meta(description="Go over those of then, key by key.")] = None
    replace: Annotated[bool, Meta(description="Whether they are all the inputs, and none of then stays.")] = False

    def has_other_inputs(self) -> bool:
        """Whether the inputs are not those of then. Raises InvalidInput where nothing is to replace those."""
        if self.replace and self.inputs is None:
            raise InvalidInput([Problem("/inputs", "are needed: they replace those of then", "missing")])
        return self.replace or bool(self.inputs)


def build_run(
    job: Job,
    *,
    run_id: str,
    now: Instant,
    cause: Cause,
    inputs: Mapping[str, Any] | None = None,
    priority: Priority | None = None,
    due_at: Instant | None = None,
    schedule_id: str | None = None,
    slot: Instant | None = None,
    depends: Depends | None = None,
    key: RunKey | None = None,
    max_inputs: int | None = None,
    unique: Unique | None = None,
    lanes: tuple[Lane, ...] = (),
) -> NewRun:
    """A run of a job as it stands now. `inputs` go over the job's own, key by key; `unique` replaces the job's own.

    Raises PayloadTooLarge where the inputs together take more than `max_inputs` bytes, and InvalidInput for those among
    them that are limits without effect yet, those that do not fit the job's schema, and those that a key's template
    needs and that are not there. What comes about by itself is not held to the schema: nobody is there to be told, so
    its run is when it is carried out.
    """
    merged = _over(job.inputs, inputs)
    if cause not in _NOBODYS:
        check_inputs(job.inputs_schema, merged)
    encoded = _encoded(merged, max_inputs)
    due_at = now if due_at is None else due_at
    priority = priority or job.priority
    unique = unique or job.unique
    debounce = _debounce(job, merged, plain=due_at <= now and depends is None and unique is None, cause=cause)
    if debounce is not None:
        due_at = debounce.due_at(now, now)
    limits = _limits(job, merged, unique, lanes)
    hold = next_hold(has_parents=False, due_at=due_at, gated=limits is not None and limits.gated, now=now)
    return NewRun(
        id=run_id,
        domain=job.domain,
        job_id=job.job_id,
        job_version=job.version,
        queue=job.queue,
        requires=job.work.requires,
        priority=priority,
        state=hold.state,
        reason=hold.reason if debounce is None else Reason(ReasonCode.DEBOUNCE),
        due_at=due_at,
        rank=rank(due_at, priority),
        created_at=now,
        work=encode_work(job.work),
        inputs=encoded,
        cause=cause,
        schedule_id=schedule_id,
        slot=slot,
        depends=_with_jobs(depends, job.chain.dependencies),
        limits=limits,
        key=key,
        debounce=debounce,
        filed_under=search_values(job.work.searchable, merged),
    )


def request_run(
    job: Job, request: RunRequest, *, run_id: str, now: Instant, cause: Cause, key: RunKey | None, max_inputs: int
) -> NewRun:
    """The run of a job that a request asks for. Raises as `build_run` does, and InvalidInput for a wrong request."""
    return build_run(
        job,
        run_id=run_id,
        now=now,
        cause=cause,
        inputs=request.inputs,
        priority=request.wanted_priority(),
        unique=request.unique_rule(),
        due_at=request.due_at(now),
        depends=request.depends(),
        key=key,
        max_inputs=max_inputs,
    )


def slot_run(
    schedule: Schedule,
    job: Job,
    slot: Instant | None,
    now: Instant,
    run_id: str,
    *,
    cause: Cause = Cause.SCHEDULE,
    due_at: Instant | None = None,
    key: RunKey | None = None,
) -> NewRun:
    """The run of a schedule for a slot, or for none where it was triggered by hand. Raises as `build_run` does."""
    return build_run(
        job,
        run_id=run_id,
        inputs=schedule.spec.inputs,
        cause=cause,
        schedule_id=schedule.id,
        slot=slot,
        due_at=due_at,
        key=key,
        now=now,
        lanes=schedule_lanes(schedule.overlap, schedule.id),
    )


def check_inputs(schema: str, inputs: Mapping[str, Any]) -> None:
    """Raises InvalidInput with every fault of inputs that do not fit a job's schema."""
    if problems := input_problems(schema, inputs):
        raise InvalidInput(problems)


def _over(standing: Mapping[str, Any], inputs: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Inputs over those that stand, key by key."""
    if not inputs:
        return standing
    if problems := [*later_inputs(inputs), *misplaced_limits(inputs), *json.infinities(inputs, "/inputs")]:
        raise InvalidInput(problems)
    return {**standing, **inputs}


def _encoded(inputs: Mapping[str, Any], max_inputs: int | None) -> json.Json:
    encoded = json.encode(inputs)
    if max_inputs is not None and len(encoded) > max_inputs:
        raise PayloadTooLarge(f"the inputs of the run take {len(encoded)} bytes, of at most {max_inputs}")
    return encoded


def _with_jobs(depends: Depends | None, jobs: tuple[str, ...]) -> Depends | None:
    """The dependencies of a run with those of its job, all of which must complete."""
    if not jobs:
        return depends
    if depends is not None and depends.join is not Join.ALL:
        message = f"must be all, since the job has dependencies of its own: {', '.join(jobs)}"
        raise InvalidInput([Problem("/join", message, "conflict")])
    return structs.replace(depends or Depends(), jobs=jobs)


def _debounce(job: Job, inputs: Mapping[str, Any], *, plain: bool, cause: Cause) -> Debounce | None:
    """The job's rule with the key of this submit. What comes about by itself is nobody's submit."""
    if job.debounce is None or cause in _NOBODYS:
        return None
    if not plain:
        message = f"the job {job.job_id} debounces its submits: give no time, no unique key and no runs to wait for"
        raise InvalidInput(message)
    return debounce_of(job.debounce, job.job_id, inputs)


def _limits(job: Job, inputs: Mapping[str, Any], unique: Unique | None, lanes: tuple[Lane, ...]) -> Limits | None:
    """The limits of the job, with the lanes and the unique key of this run."""
    limits = run_limits(job, inputs)
    if unique is None and not lanes:
        return limits
    limits = limits or Limits()
    key = None if unique is None else unique_of(unique, job.job_id, inputs)
    return structs.replace(limits, lanes=(*limits.lanes, *lanes), unique=key)


def _limits_again(then: Limits | None, job: Job, inputs: Mapping[str, Any]) -> Limits | None:
    """The limits of a run that is done again with other inputs: other inputs may make other keys.

    What it had beside its job stays: the lane of its schedule, and a unique key of its own.
    """
    if then is None:
        return None
    lanes = tuple(lane for lane in then.lanes if lane.key.startswith(OF_SCHEDULE))
    limits = _limits(job, inputs, job.unique, lanes)
    if job.unique is not None or then.unique is None:
        return limits
    return structs.replace(limits or Limits(), unique=then.unique)


def wait_for(run: NewRun, parents: Sequence[str]) -> NewRun:
    """A new run as it is stored: blocked where it has parents, until they let it go."""
    if not parents:
        return run
    reason = Reason(ReasonCode.PARENTS, single_parent(parents))
    return structs.replace(run, state=BEHIND_PARENTS.state, reason=reason)


def repeat_run(
    run: Run,
    *,
    run_id: str,
    now: Instant,
    job: Job | None = None,
    inputs: Mapping[str, Any] | None = None,
    replace: bool = False,
    inputs_schema: str = "",
    for_letter: bool = False,
    key: RunKey | None = None,
    max_inputs: int | None = None,
    due_at: Instant | None = None,
) -> NewRun:
    """A new run that does again what a finished one did, with the work and the limits of then.

    `inputs` go over those of then, key by key, or `replace` them; what comes of it must fit `inputs_schema`, and `job`,
    as it was then, fills its keys in from it. Raises as `build_run` does. It has the same parents, but does not ask how
    they ended: whoever repeats it by hand has decided that.
    """
    due_at = now if due_at is None else max(now, due_at)
    standing = {} if replace else json.decode(run.inputs)
    merged = _over(standing, inputs) if inputs or replace else None
    limits = run.limits
    if merged is not None:
        check_inputs(inputs_schema, merged)
        limits = limits if job is None else _limits_again(limits, job, merged)
    hold = next_hold(has_parents=False, due_at=due_at, gated=limits is not None and limits.gated, now=now)
    searchable = decode_work(run.work).searchable
    return NewRun(
        id=run_id,
        domain=run.domain,
        job_id=run.job_id,
        job_version=run.job_version,
        queue=run.queue,
        requires=run.requires,
        priority=run.priority,
        state=hold.state,
        reason=hold.reason,
        due_at=due_at,
        rank=rank(due_at, run.priority),
        created_at=now,
        work=run.work,
        inputs=run.inputs if merged is None else _encoded(merged, max_inputs),
        cause=Cause.RETRY,
        retry_of=run.id,
        for_letter=for_letter,
        limits=limits,
        depends=run.depends and structs.replace(run.depends, join=Join.ALWAYS, conditions={}, jobs=()),
        key=key,
        filed_under=search_values(searchable, standing if merged is None else merged) if searchable else (),
    )


def check_key(key: object) -> None:
    """Raises InvalidInput for an idempotency key that is none: empty, long, or not plain ASCII."""
    if not (isinstance(key, str) and 0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise InvalidInput(f"{key!r:.40} is no idempotency key: 1 to {MAX_KEY} printable ASCII characters")


def run_key(key: str, now: Instant, *request: object, scope: str = "submit") -> RunKey:
    """An idempotency key for a request. Raises as `check_key` does."""
    check_key(key)
    body_hash = hashlib.sha256(_canonical.encode(request)).hexdigest()
    return RunKey(scope=scope, key=key, body_hash=body_hash, expires_at=now + KEY_LIFETIME)


def accepted(new: NewRun) -> Run:
    """A submitted run as readers see it in the moment in which it was accepted."""
    shared = {name: getattr(new, name) for name in Run.__struct_fields__ if name in NewRun.__struct_fields__}
    return Run(**shared, **_UNTOUCHED)


_UNTOUCHED: Final[dict[str, Any]] = {
    "token": 0,
    "attempt": 0,
    "failures": 0,
    "losses": 0,
    "solo_losses": 0,
    "suspect": False,
    "cancel_requested_at": None,
    "worker_id": None,
    "started_at": None,
    "finished_at": None,
    "result": None,
    "error": None,
}
