"""What the environment and the project's file say of jobs in place of their task files.

`MY_JOB_ENABLED` and `MY_JOB_INTERVAL_SECONDS` (or `MY_JOB_RUNNER_…`) go before `my_job_enabled` and
`my_job_interval_seconds` in `treadle.toml`, and these before what stands in the task file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from treadle.authoring.project import PROJECT_FILE
from treadle.authoring.types import constant_name
from treadle.domain.errors import InvalidInput, Problem, nearest
from treadle.domain.jobs import JobSpec, dump_job, parse_job

ENDINGS: Final = ("enabled", "interval_seconds")
_TRUTH: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


class Overridden(Struct, frozen=True):
    """A job as it is to be, and which of its values came from where: `enabled` from `MY_JOB_ENABLED`."""

    spec: JobSpec
    origins: dict[str, str]


def override(spec: JobSpec, environment: Mapping[str, str], project: Mapping[str, Any]) -> Overridden:
    """A job with what the environment and the keys of the project's file say of it.

    Raises InvalidInput naming the variable or the key whose value does not fit.
    """
    document = dump_job(spec)
    origins: dict[str, str] = {}
    for what in ENDINGS:
        origin, value = _said(spec.job_id, what, environment, project)
        if origin:
            origins[what] = origin
            document |= _changed(spec, document, what, origin, value)
    if not origins:
        return Overridden(spec, {})
    try:
        return Overridden(parse_job(document), origins)
    except InvalidInput as error:
        where = ", ".join(origins.values())
        raise InvalidInput([Problem(where, f"the job {spec.job_id} cannot be so: {error.message}")]) from error


def check_project(project: Mapping[str, Any], job_ids: Iterable[str]) -> list[Problem]:
    """The keys of the project's file that speak of no job."""
    known = [f"{constant_name(job_id).lower()}_{what}" for job_id in job_ids for what in ENDINGS]
    return [
        Problem(f"{PROJECT_FILE}: {key}", f"speaks of no job{nearest(key, known)}")
        for key in project
        if key not in known
    ]


def _said(job_id: str, what: str, environment: Mapping[str, str], project: Mapping[str, Any]) -> tuple[str, Any]:
    """Where a value is overridden, and by what; the first that speaks counts. ("", None) where nothing does."""
    name, ending = constant_name(job_id), what.upper()
    for variable in (f"{name}_{ending}", f"{name}_RUNNER_{ending}"):
        if variable in environment:
            return variable, environment[variable]
    key = f"{name.lower()}_{what}"
    return (f"{PROJECT_FILE}: {key}", project[key]) if key in project else ("", None)


def _changed(spec: JobSpec, document: Mapping[str, Any], what: str, origin: str, value: Any) -> dict[str, Any]:
    """The part of the document that a value changes."""
    if what == "enabled":
        enabled = _TRUTH.get(str(value).strip().lower())
        if enabled is None:
            raise InvalidInput([Problem(origin, f"must be true or false, not {value!r:.40}")])
        return {"enabled": enabled}
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise InvalidInput([Problem(origin, f"must be a number of seconds, not {value!r:.40}")]) from None
    if spec.schedule is not None and spec.schedule.every is None:
        message = f"the job {spec.job_id} has no interval to replace: its task file says otherwise when it runs"
        raise InvalidInput([Problem(origin, message, "conflict")])
    return {"schedule": {**document.get("schedule", {}), "interval_sec": seconds}}
