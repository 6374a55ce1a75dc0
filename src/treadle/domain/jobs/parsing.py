"""From a job's document to its spec, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from treadle.domain import json
from treadle.domain.affinity import Affinity, affinity_problems, dump_affinity
from treadle.domain.clashes import rule_problems, unique_of
from treadle.domain.errors import InvalidInput, Problem, below
from treadle.domain.inputs import given_problems, input_problems, schema_problems
from treadle.domain.jobs.chaining import dump_chain, read_chain
from treadle.domain.jobs.document import CAPABILITIES, JobDocument
from treadle.domain.jobs.execution import dump_executor, read_executor
from treadle.domain.jobs.intake import read_batch_size, read_intake
from treadle.domain.jobs.later import take_later
from treadle.domain.jobs.limiting import dump_limits, read_limits, starts_by_itself
from treadle.domain.jobs.records import JobSpec
from treadle.domain.jobs.retrying import dump_retry, read_retry
from treadle.domain.jobs.saying import said
from treadle.domain.jobs.timing import dump_schedule, read_schedule
from treadle.domain.json import json_problems
from treadle.domain.names import MAX_JOB_ID
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority, to_priority
from treadle.domain.runs import DEFAULT_QUEUE
from treadle.domain.schedules import Misfire
from treadle.domain.shapes import faults, read
from treadle.domain.templates import unknown_inputs
from treadle.domain.work import DEFAULT_TIMEOUT_MS, PythonHandler, Unreadable, Work

_NOT_IN_AN_ID: Final = re.compile(r"[^a-z0-9._:-]+")
_OVERLAP: Final = "allow_overlap"


def parse_job(document: object) -> JobSpec:
    """The spec that a document means. Raises InvalidInput with a problem for each fault in it."""
    if not isinstance(document, Mapping):
        raise InvalidInput(faults(document, JobDocument))
    problems: list[Problem] = []
    rest = take_later(document, problems)
    later = {problem.pointer for problem in problems}
    problems += [problem for problem in faults(rest, JobDocument) if problem.pointer not in later]
    # What is right is checked further even where a neighbour is at fault, so that one look names everything.
    broken = {problem.pointer.split("/")[1] for problem in problems}
    sound = {key: value for key, value in rest.items() if below("", key)[1:] not in broken}
    spec = _spec(read(sound, JobDocument), broken, problems)
    if problems:
        raise InvalidInput(problems)
    return spec


def dump_job(spec: JobSpec) -> dict[str, Any]:
    """The document of a spec: `parse_job` makes the same spec of it.

    Raises InvalidInput where this release cannot read the spec's work.
    """
    work = spec.work
    executor, retry = work.executor, work.retry
    if isinstance(executor, Unreadable):
        raise InvalidInput(executor.why)
    document: dict[str, Any] = {"job_id": spec.job_id, "name": spec.name, "description": spec.description}
    document["type"] = spec.type
    if executor != PythonHandler(handler=spec.type):
        document["executor"] = dump_executor(executor)
    if spec.schedule is not None:
        document["schedule"] = dump_schedule(spec.schedule)
    document["timeout_ms"] = work.timeout_ms
    document["retry_policy"] = dump_retry(retry)
    if isinstance(executor, PythonHandler):
        document["isolation"] = work.isolation
    else:
        document["completion"] = msgspec.to_builtins(executor.completion)
        document["secrets"] = list(executor.secrets)
    if work.messages is not None:
        document["messages"] = structs.asdict(work.messages)
    if work.batch_size is not None:
        document["batch_size"] = work.batch_size
    if work.affinity is not None:
        document["affinity"] = dump_affinity(work.affinity)
    if work.searchable:
        document["searchable"] = list(work.searchable)
    return document | {
        "idempotent": work.idempotent,
        "inputs": dict(spec.inputs),
        **_dump_rules(spec),
        "overlap": spec.overlap.value,
        **({"inputs_schema": json.decode(spec.inputs_schema.encode())} if spec.inputs_schema else {}),
        "misfire": msgspec.to_builtins(spec.misfire),
        "queue": spec.queue,
        "priority": spec.priority.value,
        **dump_limits(spec.limits),
        **dump_chain(spec.chain),
        "enabled": spec.enabled,
        "tags": list(spec.tags),
    }


def _spec(document: JobDocument, broken: set[str], problems: list[Problem]) -> JobSpec:
    """The spec of a document of the right shape, less the keys in `broken`. Its faults go to `problems`."""
    job_id = _job_id(document, broken, problems)
    if document.type is None and document.executor is None and not broken & {"type", "executor"}:
        message = "says not what to run: give type (a handler's name) or executor"
        problems.append(Problem("", message, "missing"))
    executor = read_executor(document, problems)
    label = executor.handler if isinstance(executor, PythonHandler) else executor.requires
    inputs, overlap = _inputs(document, problems)
    limits = read_limits(document, inputs, problems)
    _check_clashes(document, inputs, problems)
    affinity = _affinity(document, problems)
    return JobSpec(
        job_id=job_id,
        name=document.name or job_id,
        description=document.description or "",
        type=document.type or label,
        work=Work(
            executor=executor,
            timeout_ms=_timeout_ms(document, problems),
            retry=read_retry(document, executor, problems),
            isolation=document.isolation or "none",
            messages=None if "messages" in broken else read_intake(document, problems),
            idempotent=document.idempotent is not False,
            affinity=affinity,
            batch_size=read_batch_size(document, executor, problems),
            searchable=tuple(dict.fromkeys(document.searchable or ())),
        ),
        schedule=None if document.schedule is None else read_schedule(document.schedule, "/schedule", problems),
        inputs=inputs,
        overlap=overlap,
        unique=document.unique,
        debounce=document.debounce,
        inputs_schema=_inputs_schema(document, inputs, problems),
        misfire=document.misfire or Misfire(),
        queue=document.queue or DEFAULT_QUEUE,
        priority=Priority.NORMAL if document.priority is None else to_priority(document.priority),
        limits=limits,
        chain=read_chain(document, problems),
        enabled=document.enabled is not False,
        tags=document.tags or (),
    )


def _affinity(document: JobDocument, problems: list[Problem]) -> Affinity | None:
    """The affinity, with the capabilities that stand as `requires_…`; the faults go to `problems`."""
    affinity = document.affinity
    if affinity is not None:
        problems.extend(affinity_problems(affinity, "/affinity"))
    required = {name for name in CAPABILITIES if getattr(document, f"requires_{name}")}
    if not required:
        return affinity
    affinity = affinity or Affinity()
    return structs.replace(affinity, capabilities=tuple(sorted(required.union(affinity.capabilities or ()))))


def _job_id(document: JobDocument, broken: set[str], problems: list[Problem]) -> str:
    if document.job_id is not None or "job_id" in broken:
        return document.job_id or ""
    slug = _NOT_IN_AN_ID.sub("-", (document.name or "").lower()).strip("-.:")[:MAX_JOB_ID]
    if document.name is None and "name" not in broken:
        problems.append(Problem("/job_id", "a job needs job_id, or a name to make it from", "missing"))
    elif document.name is not None and not slug:
        problems.append(Problem("/name", "has no letter or digit to make a job_id from; give job_id"))
    return slug


def _timeout_ms(document: JobDocument, problems: list[Problem]) -> int:
    def milliseconds(seconds: float | None) -> int | None:
        # Nought means no limit, so that a limit shorter than a millisecond may not become nought.
        return None if seconds is None else max(round(seconds * 1000), int(seconds > 0))

    ways = {
        "/timeout_ms": document.timeout_ms,
        "/timeout": milliseconds(document.timeout),
        "/timeout_seconds": milliseconds(document.timeout_seconds),
    }
    timeout_ms = said(ways, problems)
    return DEFAULT_TIMEOUT_MS if timeout_ms is None else timeout_ms


def _dump_rules(spec: JobSpec) -> dict[str, Any]:
    """What of the rules about clashes is there."""
    rules = {"unique": spec.unique, "debounce": spec.debounce}
    return {key: msgspec.to_builtins(rule) for key, rule in rules.items() if rule is not None}


def _inputs(document: JobDocument, problems: list[Problem]) -> tuple[dict[str, Any], Overlap]:
    """The inputs, and how runs may overlap: a limit, which may stand among the inputs too."""
    inputs = dict(document.inputs or {})
    within = inputs.pop(_OVERLAP, None)
    if within is not None and not isinstance(within, bool):
        problems.append(Problem(f"/inputs/{_OVERLAP}", f"must be true or false, not {within!r:.40}"))
        within = None
    problems.extend(Problem(f"/inputs{fault.pointer}", fault.message) for fault in json_problems(inputs))
    ways = {
        "/overlap": document.overlap,
        f"/{_OVERLAP}": _overlap(document.allow_overlap),
        f"/inputs/{_OVERLAP}": _overlap(within),
    }
    return inputs, said(ways, problems) or Overlap.SKIP


def _overlap(allowed: bool | None) -> Overlap | None:  # noqa: FBT001 - it is what was said
    return None if allowed is None else Overlap.ALLOW if allowed else Overlap.SKIP


def _check_clashes(document: JobDocument, inputs: Mapping[str, Any], problems: list[Problem]) -> None:
    """Templates are right; and nothing but the job's own inputs can fill them in where it runs by itself."""
    faults_of_unique = rule_problems(document.unique, "/unique")
    problems.extend(faults_of_unique)
    if document.unique is not None and not faults_of_unique and starts_by_itself(document):
        try:
            unique_of(document.unique, "", inputs)
        except InvalidInput as error:
            problems.extend(error.problems)
    problems.extend(rule_problems(document.debounce, "/debounce"))
    if document.unique is not None and document.debounce is not None:
        message = "stands beside /unique; give one of the two: what goes into a run that waits clashes with none"
        problems.append(Problem("/debounce", message, "conflict"))
    if document.dependencies and document.debounce is not None:
        message = "stands beside /dependencies: a run that waits for others cannot wait for further submits too"
        problems.append(Problem("/debounce", message, "conflict"))


def _inputs_schema(document: JobDocument, inputs: dict[str, Any], problems: list[Problem]) -> str:
    """The schema of the runs' inputs, as JSON. The job's own must fit it; all of it, where it starts by itself."""
    schema = document.inputs_schema
    if schema is None:
        return ""
    if faults := schema_problems(schema, "/inputs_schema"):
        problems += faults
        return ""
    keys = {"/concurrency_key": document.concurrency_key, "/concurrencyKey": document.concurrencyKey}
    rules = {
        "/rate_limit": document.rate_limit,
        "/rateLimit": document.rateLimit,
        "/unique": document.unique,
        "/debounce": document.debounce,
    }
    keys |= {f"{at}/key": rule.key for at, rule in rules.items() if rule is not None}
    keys |= {f"/searchable/{index}": f"{{{path}}}" for index, path in enumerate(document.searchable or ())}
    for at, key in keys.items():
        problems += [] if key is None else unknown_inputs(key, schema, at)
    text = json.encode(schema).decode()
    if not any(each.pointer.startswith("/inputs/") for each in problems):
        problems += (input_problems if starts_by_itself(document) else given_problems)(text, inputs)
    return text
