"""Inputs of runs as people give them on the command line, and files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from treadle.domain.documents import load_json
from treadle.domain.errors import InvalidInput, MalformedInput, Problem

Set = Annotated[
    list[str] | None,
    Parameter(name="--set", help="An input, NAME=VALUE, as JSON or text; may be repeated."),
]
Input = Annotated[str | None, Parameter(help="Inputs as a JSON object, or in @FILE, or @- for standard input.")]
Replace = Annotated[bool, Parameter(help="The inputs given are all: none of then stays.")]
Org = Annotated[str | None, Parameter(help="Short for --set orgId=ORG.")]


def read_inputs(text: str | None, pairs: list[str], org: str | None = None) -> dict[str, Any]:
    """The inputs that the options mean: --input first, --set over it. Raises InvalidInput and MalformedInput."""
    inputs: dict[str, Any] = {}
    if text is not None:
        given = load_json(read_file(text[1:]) if text.startswith("@") else text.encode())
        if not isinstance(given, dict):
            raise InvalidInput([Problem("/input", "is no JSON object")])
        inputs.update(given)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise InvalidInput([Problem("/set", f"{pair!r:.60} is not NAME=VALUE")])
        inputs[name] = as_value(value)
    if org is not None:
        inputs["orgId"] = org
    return inputs


def as_value(text: str) -> Any:
    """JSON where it is JSON, else the text itself: `3`, `true`, `[1]`, but `Jakarta`."""
    try:
        return load_json(text.encode())
    except MalformedInput:
        return text


def read_file(file: str) -> bytes:
    """What is in a file; - is standard input. Raises InvalidInput."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error


def other_inputs(text: str | None, pairs: list[str], *, replace: bool) -> dict[str, Any]:
    """The body of a retry with the inputs that the options mean. Raises as `read_inputs`."""
    inputs = read_inputs(text, pairs)
    if replace:
        return {"inputs": inputs, "replace": True}
    return {"inputs": inputs} if inputs else {}
