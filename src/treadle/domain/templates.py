"""Key templates: texts such as `{account}` or `{customer.id}-{day}`, filled in from the inputs of a run.

A name in braces is an input; dots lead into objects. `{{` and `}}` stand for the braces themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any, Final

from treadle.domain import json
from treadle.domain.errors import InvalidInput, Problem, below, nearest

MAX_RENDERED: Final = 255
"""The longest text that a template may come to."""

_parse: Final = Formatter().parse


def template_problems(template: str, at: str) -> list[Problem]:
    """What is wrong with a template that stands at the pointer `at`, whatever the inputs are."""
    try:
        parts = list(_parse(template))
    except ValueError as error:
        return [Problem(at, f"{template!r:.60} is no template: {error}")]
    named = [(field, conversion or spec) for _, field, spec, conversion in parts if field is not None]
    if not named:
        return [Problem(at, f"{template!r:.60} names no field of the inputs: write it in braces, such as {{account}}")]
    return [
        Problem(at, f"{template!r:.60} holds {{{field}}}, which is no name of an input, or several joined by dots")
        for field, extra in named
        if extra or not all(step.strip() == step != "" and not set(step) & set("[]{}") for step in field.split("."))
    ]


def unknown_inputs(template: str, schema: Mapping[str, Any], at: str) -> list[Problem]:
    """What a template names that the JSON Schema of the inputs lets nobody give; `at` is the template's pointer."""
    if (
        schema.get("additionalProperties") is not False
        or "patternProperties" in schema
        or template_problems(template, at)
    ):
        return []
    known = schema.get("properties", {})
    named = {field.partition(".")[0] for _, field, _, _ in _parse(template) if field is not None}
    return [
        Problem(at, f"names {{{name}}}, which is no input of the job{nearest(name, known)}", "missing")
        for name in sorted(named - set(known))
    ]


def render(template: str, inputs: Mapping[str, Any]) -> str:
    """The template filled in from a run's inputs: texts as they are, numbers and truth values as JSON writes them.

    Raises InvalidInput where an input is missing, null, or no single value, and where the text comes out too long.
    """
    problems: list[Problem] = []
    parts = [
        literal + ("" if field is None else _value(field, inputs, template, problems))
        for literal, field, _, _ in _parse(template)
    ]
    text = "".join(parts)
    if len(text) > MAX_RENDERED:
        message = f"make {template!r:.60} a key of {len(text)} characters, of at most {MAX_RENDERED}"
        problems.append(Problem("/inputs", message))
    if problems:
        raise InvalidInput(problems)
    return text


def _value(field: str, inputs: Mapping[str, Any], template: str, problems: list[Problem]) -> str:
    """The input that a field names, as text; its faults go to `problems`."""
    pointer = "/inputs"
    value: Any = inputs
    for step in field.split("."):
        within = value if isinstance(value, Mapping) else {}
        pointer = below(pointer, step)
        value = within.get(step)
        if value is None:
            message = f"the key {template!r:.60} needs this input{nearest(step, within)}"
            problems.append(Problem(pointer, message, "missing"))
            return ""
    if isinstance(value, Mapping | list | tuple):
        message = f"the key {template!r:.60} needs one value here, not an object or a list"
        problems.append(Problem(pointer, message))
        return ""
    return value if isinstance(value, str) else json.encode(value).decode()
