"""What a run's inputs must look like: a JSON Schema, kept with the job and checked wherever somebody submits a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from treadle.domain import json
from treadle.domain.errors import Problem, below
from treadle.domain.shapes import MOST_FAULTS, unknown_key

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

MAX_SCHEMA_BYTES: Final = 64 * 1024
_MOST_SAID: Final = 200
_MOST_KINDS: Final = 4


def schema_problems(schema: Mapping[str, Any], at: str) -> list[Problem]:
    """What keeps a value from being a JSON Schema (2020-12) of inputs; `at` is its pointer."""
    if problems := json.json_problems(schema):
        return [Problem(at + each.pointer, each.message) for each in problems]
    text = json.encode(schema)
    if len(text) > MAX_SCHEMA_BYTES:
        return [Problem(at, f"takes {len(text)} bytes, of at most {MAX_SCHEMA_BYTES}")]
    try:
        _validator(text.decode())
    except ValueError as error:
        where = "".join(below("", each) for each in getattr(error, "instance_path", ()))
        return [Problem(at + where, f"is no JSON Schema: {getattr(error, 'message', error)!s:.{_MOST_SAID}}")]
    return []


def input_problems(schema: str, inputs: Mapping[str, Any], at: str = "/inputs") -> list[Problem]:
    """What of these inputs does not fit a schema, which is given as JSON; the empty text is no schema."""
    if not schema:
        return []
    problems: list[Problem] = []
    for error in _validator(schema).iter_errors(inputs):
        problems += _told(error, at, schema)
        if len(problems) >= MOST_FAULTS:
            break
    return problems


def given_problems(schema: str, inputs: Mapping[str, Any], at: str = "/inputs") -> list[Problem]:
    """What of inputs to which others will come does not fit: that some are missing is none."""
    top = {below(at, name) for name in inputs}
    return [
        each
        for each in input_problems(schema, inputs, at)
        if each.code != "missing" or any(each.pointer.startswith(f"{name}/") for name in top)
    ]


@lru_cache(maxsize=512)
def _validator(schema: str) -> Draft202012Validator:
    """Raises ValueError for a text that is no schema. A job's versions come here with the same text each time."""
    from jsonschema_rs import Draft202012Validator, FancyRegexOptions  # most processes check no inputs

    return Draft202012Validator(
        json.decode(schema.encode()),
        validate_formats=True,
        retriever=_refuse,
        pattern_options=FancyRegexOptions(backtrack_limit=10_000),
    )


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is elsewhere: a schema can refer to its own parts only")


def _told(error: ValidationError, at: str, schema: str) -> Iterator[Problem]:
    """One error of the validator as problems."""
    pointer = at
    for step in error.instance_path:
        pointer = below(pointer, step)
    said = error.kind.as_dict()
    match error.kind.name:
        case "required":
            yield Problem(below(pointer, said["property"]), "this input is required", "missing")
        case "additionalProperties":
            known = json.decode(schema.encode()).get("properties", {}) if pointer == at else ()
            for name in said["unexpected"]:
                yield (
                    unknown_key(pointer, name, known)
                    if known
                    else Problem(below(pointer, name), "unknown key", "unknown_key")
                )
        case "falseSchema":
            yield Problem(pointer, "cannot be given")
        case "anyOf":
            yield from _alternatives(said["context"], at, schema)
        case _:
            yield Problem(pointer, _short(error.message))


def _alternatives(context: list[list[ValidationError]], at: str, schema: str) -> Iterator[Problem]:
    """Why none of the ways in which a value may be written fits; that it is not null says little beside others."""
    ways = [errors for errors in context if errors and not _wants_null(errors[0])] or context
    if len(ways) == 1:
        for error in ways[0]:
            yield from _told(error, at, schema)
    else:
        pointer = next(chain.from_iterable(_told(errors[0], at, schema) for errors in ways)).pointer
        yield Problem(pointer, " and ".join(_short(errors[0].message) for errors in ways[:_MOST_KINDS]))


def _wants_null(error: ValidationError) -> bool:
    return error.kind.name == "type" and error.message.endswith('of type "null"')


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SAID else f"{text[: _MOST_SAID - 1]}…"
