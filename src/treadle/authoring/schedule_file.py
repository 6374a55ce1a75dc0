"""`scheduler.yaml`: when the jobs that are there run.

    schedules:
      - jobId: report.daily
        schedule: "0 7 * * *"
        enabled: true
        timezone: Asia/Jakarta
        description: the morning's report
        input: {region: java}

A job may have several entries. An entry is known by what it says, not by its place in the file: moved, it keeps its
cursor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from treadle.domain.documents import locate_yaml
from treadle.domain.errors import InvalidInput, MalformedInput, Problem, nearest
from treadle.domain.jobs.later import later_inputs
from treadle.domain.schedules import DEFAULT_TIMEZONE, ScheduleSpec
from treadle.domain.shapes import faults, read
from treadle.domain.triggers import cron_problems, parse_cron
from treadle.domain.yaml import Lines

_KEY_OF: Final = {"/expr": "schedule", "/tz": "timezone"}


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry as it stands in the file."""

    jobId: str  # noqa: N815 - the file's own spelling
    schedule: str
    enabled: bool
    timezone: str | None = None
    description: str | None = None
    input: dict[str, Any] | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    schedules: Annotated[list[Entry], Meta(max_length=10_000)]


class FileSchedule(Struct, frozen=True, kw_only=True):
    """A schedule that a file gives to a job. `source` is its place, such as `scheduler.yaml:12`."""

    schedule_id: str
    job_id: str
    spec: ScheduleSpec
    source: str


def read_schedules(data: bytes, *, file: str, jobs: Collection[str] | None) -> list[FileSchedule]:
    """The schedules of a `scheduler.yaml`; `jobs` are the ids of those that are there, None where nobody knows.

    Raises MalformedInput for what is no YAML, and InvalidInput naming every fault with file, entry and line.
    """
    try:
        document, lines = locate_yaml(data)
    except MalformedInput as error:
        raise MalformedInput(f"{file}: {error.message}") from None
    problems = faults(document, _File)
    broken = {_path(problem)[1] for problem in problems if len(_path(problem)) > 1}
    entries = document.get("schedules") if isinstance(document, dict) else None
    found: dict[str, FileSchedule] = {}
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if str(index) not in broken:
            source = f"{file}:{lines.at('schedules', index)}"
            schedule = _read_entry(read(entry, Entry), f"/schedules/{index}", source, jobs, problems)
            twin = found.setdefault(schedule.schedule_id, schedule)
            if twin is not schedule:
                message = f"says the same as the entry at {twin.source}"
                problems.append(Problem(f"/schedules/{index}", message, "conflict"))
    if problems:
        raise InvalidInput(_placed(problem, file, lines) for problem in problems)
    return list(found.values())


def _read_entry(
    entry: Entry, at: str, source: str, jobs: Collection[str] | None, problems: list[Problem]
) -> FileSchedule:
    if jobs is not None and entry.jobId not in jobs:
        problems.append(Problem(f"{at}/jobId", f"there is no job {entry.jobId!r:.60}{nearest(entry.jobId, jobs)}"))
    timezone = entry.timezone or DEFAULT_TIMEZONE
    cron = entry.schedule
    try:
        cron = parse_cron(entry.schedule, timezone).expr
        faults = cron_problems(cron)
    except InvalidInput as error:
        faults = error.problems
    problems.extend(Problem(f"{at}/{_KEY_OF[fault.pointer]}", fault.message) for fault in faults)
    inputs = entry.input or {}
    problems.extend(later_inputs(inputs, f"{at}/input"))
    said = hashlib.sha256(msgspec.json.encode([cron, timezone, inputs], order="sorted")).hexdigest()
    return FileSchedule(
        schedule_id=f"{entry.jobId}~{said[:12]}",
        job_id=entry.jobId,
        spec=ScheduleSpec(
            cron=cron,
            timezone=timezone,
            enabled=entry.enabled,
            inputs=inputs,
            description=entry.description or "",
        ),
        source=source,
    )


def _placed(problem: Problem, file: str, lines: Lines) -> Problem:
    return Problem(problem.pointer, f"{problem.message} ({file}, line {lines.at(*_path(problem))})", problem.code)


def _path(problem: Problem) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in problem.pointer.split("/")[1:]]
