"""A page of Markdown about jobs: what each is for, when it runs, what it takes, and what it was told beside that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from treadle.api.schemas.jobs import READ_ONLY, to_definition
from treadle.domain.jobs import parse_job
from treadle.domain.logs import clean
from treadle.domain.triggers.tongues import ENGLISH
from treadle.domain.wording import job_words

Job = Mapping[str, Any]
"""A job's document, with every default filled in and its `source`: as HTTP answers it."""

_TOLD: Final = frozenset(
    {"job_id", "name", "description", "schedule", "enabled", "inputs", "inputs_schema", *READ_ONLY}
)
_DEEPEST: Final = 4
_BOUNDS: Final = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
    "minLength": "{} characters at least",
    "maxLength": "{} characters at most",
    "pattern": "matches `{}`",
    "format": "{}",
    "minItems": "{} items at least",
    "maxItems": "{} items at most",
}


def job_page(jobs: Iterable[Job]) -> str:
    """The page, with the jobs by id. The same jobs make the same page."""
    in_order = sorted(jobs, key=lambda job: str(job["job_id"]))
    contents = [f"- [{job['job_id']}](#{_anchor(job['job_id'])}): {schedule_words(job)}" for job in in_order]
    sections = ["\n".join(_section(job)) for job in in_order]
    page = "\n\n".join(["# Jobs", "\n".join(contents) or "There are none.", *sections])
    return "".join(f"{clean(line)}\n" for line in page.splitlines())


def schedule_words(job: Job) -> str:
    """When a job runs by itself."""
    spec = parse_job({key: value for key, value in job.items() if key not in READ_ONLY})
    said = job_words(spec, ENGLISH)
    on = spec.enabled and (spec.schedule is None or spec.schedule.enabled)
    return said if on else f"{said}; switched off"


def _section(job: Job) -> Iterator[str]:
    yield f"## {job['job_id']}"
    if job["name"] != job["job_id"]:
        yield from ("", f"**{_text(_cell(job['name']))}**")
    if job["description"]:
        yield from ("", *map(_text, job["description"].splitlines()))
    yield from ("", f"Runs {schedule_words(job)}. Defined in `{job['source']}`.")
    inputs = list(_inputs(job))
    if inputs:
        yield from ("", *_table(("input", "type", "default", "meaning"), inputs))
    options = list(_options(job))
    if options:
        yield from ("", *_table(("option", "value"), options))


def _inputs(job: Job) -> Iterator[tuple[str, ...]]:
    """A row for each input, and for the parts of those that are objects."""
    schema, given = job.get("inputs_schema") or {}, job["inputs"]
    told = set()
    for path, part, required in _properties(schema, schema.get("$defs", {})):
        told.add(path)
        if path in given:
            default = _code(given[path])
        else:
            default = _code(part["default"]) if "default" in part else "required" if required else ""
        yield f"`{path}`", _type(part, schema.get("$defs", {})), default, _text(_cell(part.get("description", "")))
    for name in sorted(given.keys() - told):
        yield f"`{name}`", "", _code(given[name]), ""


def _properties(schema: Job, definitions: Job, within: str = "", depth: int = 0) -> Iterator[tuple[str, Job, bool]]:
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        if part is False:  # a name that no input may have
            continue
        yield f"{within}{name}", part, name in required
        if depth < _DEEPEST:
            yield from _properties(_resolved(part, definitions), definitions, f"{within}{name}.", depth + 1)


def _resolved(part: Job, definitions: Job) -> Job:
    found: Job = definitions.get(str(part.get("$ref", "")).removeprefix("#/$defs/"), part)
    return found


def _type(part: Job, definitions: Job) -> str:
    if "anyOf" in part or "oneOf" in part:
        return " or ".join(_type(each, definitions) for each in (*part.get("anyOf", ()), *part.get("oneOf", ())))
    part = _resolved(part, definitions)
    if "enum" in part or "const" in part:
        return ", ".join(_code(each) for each in part.get("enum", [part.get("const")]))
    kind = part.get("type", "anything")
    said = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if said == "array" and isinstance(part.get("items"), Mapping):
        said = f"array of {_type(part['items'], definitions)}"
    bounds = [text.format(part[key]) for key, text in _BOUNDS.items() if key in part]
    return _cell(", ".join([said, *bounds]))


def _options(job: Job) -> Iterator[tuple[str, ...]]:
    """What was said otherwise than by default. The defaults are those of a job that says nothing."""
    nothing = to_definition(parse_job({"job_id": job["job_id"], "type": job["type"]}))
    defaults = msgspec.to_builtins(nothing)
    for key in sorted(job.keys() - _TOLD):
        if job[key] != defaults.get(key) and not (key == "type" and job[key] == job["job_id"]):
            yield f"`{key}`", _code(job[key])


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (headers, ["---"] * len(headers), *rows)]


def _code(value: object) -> str:
    return f"`{_cell(json.dumps(value, ensure_ascii=False, sort_keys=True))}`"


def _text(text: str) -> str:
    """Words of others, in which nothing is an element of HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _anchor(job_id: str) -> str:
    """The anchor that Markdown's renderers give to a heading."""
    return "".join(each for each in job_id.lower() if each.isalnum() or each in "-_")
