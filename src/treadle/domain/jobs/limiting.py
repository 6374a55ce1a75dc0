"""The limits of a job's document: how many of its runs may be active at once, and how often they may start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from treadle.domain.errors import InvalidInput, Problem, below
from treadle.domain.instants import MILLISECOND, from_seconds, to_seconds
from treadle.domain.jobs.document import JobDocument, LimitName, MostActive
from treadle.domain.jobs.records import JobLimits, JobSpec
from treadle.domain.jobs.saying import said
from treadle.domain.limits import Lane, Limits, RateLimit
from treadle.domain.rates import Rate
from treadle.domain.shapes import faults
from treadle.domain.templates import render, template_problems

FLOW_INPUTS: Final[Mapping[str, Any]] = {"flow_group": LimitName, "flow_max_active_runs": MostActive}
"""Limits that may stand among the inputs of a job, with their types."""

Value = TypeVar("Value")


def read_limits(document: JobDocument, inputs: dict[str, Any], problems: list[Problem]) -> JobLimits:
    """What the document limits, also among its `inputs`, which lose what is a limit; faults go to `problems`."""
    within = {key: _taken(inputs, key, kind, problems) for key, kind in FLOW_INPUTS.items()}
    group = _flow("flow_group", document.flow_group, within, problems)
    most = _flow("flow_max_active_runs", document.flow_max_active_runs, within, problems)
    if most is not None and group is None:
        message = "limits a flow: say which by flow_group"
        problems.append(Problem("/flow_max_active_runs", message, "missing"))
    key = said({"/concurrency_key": document.concurrency_key, "/concurrencyKey": document.concurrencyKey}, problems)
    if key is None and document.concurrency_limit is not None:
        message = "limits the runs of one key: say which by concurrency_key"
        problems.append(Problem("/concurrency_limit", message, "missing"))
    rate, rate_key = _rate(document, problems)
    for pointer, template in {"/concurrency_key": key, "/rate_limit/key": rate_key}.items():
        if template is not None:
            problems.extend(_rule_problems(template, pointer, inputs if starts_by_itself(document) else None))
    return JobLimits(
        max_concurrent=_max_concurrent(document, problems),
        flow_group=group,
        flow_max_active_runs=most or 1,
        concurrency_key=key,
        concurrency_limit=document.concurrency_limit or 1,
        rate=rate,
        rate_key=rate_key,
    )


def _max_concurrent(document: JobDocument, problems: list[Problem]) -> int | None:
    """How many of the job's runs are active at once: one, where they are to keep their order."""
    if not document.preserve_order or document.messages is not None:
        return document.max_concurrent
    if document.max_concurrent not in (None, 1):
        message = "lets one run be active at a time, which max_concurrent contradicts; of messages it means their order"
        problems.append(Problem("/preserve_order", message, "conflict"))
    return 1


def dump_limits(limits: JobLimits) -> dict[str, Any]:
    """The part of a document that says these limits."""
    document: dict[str, Any] = {}
    if limits.max_concurrent is not None:
        document["max_concurrent"] = limits.max_concurrent
    if limits.flow_group is not None:
        document |= {"flow_group": limits.flow_group, "flow_max_active_runs": limits.flow_max_active_runs}
    if limits.concurrency_key is not None:
        document |= {"concurrency_key": limits.concurrency_key, "concurrency_limit": limits.concurrency_limit}
    if limits.rate is not None:
        key = {} if limits.rate_key is None else {"key": limits.rate_key}
        window = {"window_sec": to_seconds(limits.rate.window)}
        document["rate_limit"] = {"max_runs": limits.rate.runs, **window, **key}
    return document


def run_limits(job: JobSpec, inputs: Mapping[str, Any]) -> Limits | None:
    """What a run of the job with these inputs must have, its keys filled in; None where nothing limits it.

    Raises InvalidInput where a key needs an input that is missing, or comes out empty.
    """
    limits = job.limits
    if limits == _NO_LIMITS:
        return None
    standing = standing_limits(job)
    lanes, rates = list(standing.lanes), list(standing.rates)
    if limits.concurrency_key is not None:
        lanes.append(Lane(f"key:{_filled(limits.concurrency_key, inputs)}", limits.concurrency_limit))
    if limits.rate is not None and limits.rate_key is not None:
        rates.append(RateLimit(f"key:{_filled(limits.rate_key, inputs)}", limits.rate))
    return Limits(lanes=tuple(sorted(lanes, key=lambda lane: lane.key)), rates=tuple(rates))


def standing_limits(job: JobSpec) -> Limits:
    """The limits of a job that are the same for all its runs: in force for those that wait when it is changed."""
    limits = job.limits
    lanes = []
    if limits.flow_group is not None:
        lanes.append(Lane(f"flow:{limits.flow_group}", limits.flow_max_active_runs))
    if limits.max_concurrent is not None:
        lanes.append(Lane(f"job:{job.job_id}", limits.max_concurrent))
    whole = limits.rate is not None and limits.rate_key is None
    return Limits(
        lanes=tuple(lanes),
        rates=(RateLimit(f"job:{job.job_id}", limits.rate),) if whole and limits.rate is not None else (),
    )


def misplaced_limits(inputs: Mapping[str, Any], at: str = "/inputs") -> list[Problem]:
    """What of a run's inputs is a limit that only a job can have."""
    message = "is a limit of the whole job, not of one run: define it there"
    return [Problem(below(at, key), message) for key in FLOW_INPUTS if inputs.get(key) is not None]


_NO_LIMITS: Final = JobLimits()


def _flow(key: str, above: Value | None, within: Mapping[str, Any], problems: list[Problem]) -> Value | None:
    return said({f"/{key}": above, f"/inputs/{key}": within[key]}, problems)


def _taken(inputs: dict[str, Any], key: str, kind: Any, problems: list[Problem]) -> Any:
    """A limit that stands among the inputs, which lose it."""
    value = inputs.pop(key, None)
    if value is None:
        return None
    if wrong := faults(value, kind, f"/inputs/{key}"):
        problems.extend(wrong)
        return None
    return value


def _rate(document: JobDocument, problems: list[Problem]) -> tuple[Rate | None, str | None]:
    """The rate of a document, and the template of its key."""
    given = said({"/rate_limit": document.rate_limit, "/rateLimit": document.rateLimit}, problems)
    if given is None:
        return None, None
    at = "/rate_limit" if document.rate_limit is not None else "/rateLimit"
    runs = said({f"{at}/max_runs": given.max_runs, f"{at}/maxRuns": given.maxRuns}, problems)
    window = said(
        {
            f"{at}/window_ms": _milliseconds(given.window_ms),
            f"{at}/windowMs": _milliseconds(given.windowMs),
            f"{at}/window_sec": None if given.window_sec is None else from_seconds(given.window_sec),
        },
        problems,
    )
    if runs is None or window is None:
        message = "needs max_runs, and window_ms or window_sec: so many runs start within one window at most"
        problems.append(Problem(at, message, "missing"))
        return None, None
    if runs > window:
        problems.append(Problem(f"{at}/max_runs", "is more than a run per microsecond: leave the rate out"))
        return None, None
    return Rate(runs, window), given.key


def starts_by_itself(document: JobDocument) -> bool:
    """Whether runs of the job come about that nobody asks for, and so with nothing but its own inputs."""
    by_messages = document.messages is not None and bool(document.messages.trigger)
    return document.schedule is not None or bool(document.after) or by_messages


def _rule_problems(template: str, at: str, alone: Mapping[str, Any] | None) -> list[Problem]:
    """What is wrong with the template of a key; `alone` are the inputs that have to be enough for it, if any have."""
    if (problems := template_problems(template, at)) or alone is None:
        return problems
    try:
        _filled(template, alone)
    except InvalidInput as error:
        return [Problem(at, f"cannot be filled in when the job starts by itself: {error.message}")]
    return []


def _milliseconds(value: int | None) -> int | None:
    return None if value is None else value * MILLISECOND


def _filled(template: str, inputs: Mapping[str, Any]) -> str:
    if not (key := render(template, inputs).strip()):
        raise InvalidInput([Problem("/inputs", f"make the key {template!r:.60} empty: it must come to some text")])
    return key
