"""Groups: many runs of one job, and one that joins them: it names them as its parents, and so stands for the group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, structs, to_builtins

from treadle.domain.dependencies import MAX_PARENTS, Depends, Join, OnParentFailure
from treadle.domain.errors import InvalidInput, Problem, moved
from treadle.domain.instants import Instant
from treadle.domain.jobs import Job
from treadle.domain.priority import SaidPriority, to_priority
from treadle.domain.runs import Cause, NewRun
from treadle.domain.submitting import build_run, run_key


class GroupRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be said about a group."""

    job_id: Annotated[str, Meta(min_length=1, description="The job of the members.")]
    inputs: Annotated[
        tuple[dict[str, Any], ...],
        Meta(min_length=1, max_length=MAX_PARENTS, description="A member for each; they go over the job's own."),
    ]
    then: Annotated[str, Meta(min_length=1, description="The job of the run that joins them.")]
    then_inputs: Annotated[dict[str, Any] | None, Meta(description="Go over that job's own, key by key.")] = None
    join: Join = Join.ALL
    on_parent_failure: OnParentFailure = OnParentFailure.CANCEL
    priority: Annotated[SaidPriority | None, Meta(description="Of all of them; the jobs' own by default.")] = None


def build_group(
    request: GroupRequest,
    job: Job,
    then: Job,
    *,
    new_id: Callable[[str], str],
    now: Instant,
    cause: Cause,
    key: str | None,
    max_inputs: int,
) -> list[NewRun]:
    """The runs of a group, the join last. Raises as `build_run` does.

    A `key` gives each of them its own, so that the same call again finds every one of them.
    """
    _check_jobs({"/job_id": job, "/then": then})
    shared = None if key is None else run_key(key, now, "group", to_builtins(request))

    def build(job: Job, place: int, inputs: dict[str, Any] | None, depends: Depends | None) -> NewRun:
        return build_run(
            job,
            run_id=new_id("run"),
            now=now,
            cause=cause,
            inputs=inputs,
            priority=None if request.priority is None else to_priority(request.priority),
            depends=depends,
            key=shared and structs.replace(shared, scope=f"group/{place}"),
            max_inputs=max_inputs,
        )

    members = []
    for place, inputs in enumerate(request.inputs):
        with moved("/inputs", f"/inputs/{place}"):
            members.append(build(job, place + 1, inputs, None))
    depends = Depends(tuple(each.id for each in members), request.join, request.on_parent_failure)
    with moved("/inputs", "/then_inputs"):
        return [*members, build(then, 0, request.then_inputs, depends)]


def _check_jobs(jobs: Mapping[str, Job]) -> None:
    """A group is of new runs: none of them may turn out to be one that stands."""
    problems = [
        Problem(pointer, f"the job {job.job_id} is unique or debounced, and so cannot be of a group", "conflict")
        for pointer, job in jobs.items()
        if job.unique is not None or job.debounce is not None
    ]
    if problems:
        raise InvalidInput(problems)
