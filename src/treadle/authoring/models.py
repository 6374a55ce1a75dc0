"""Types as people annotate with them: values of them from JSON and back.

msgspec knows the standard library's types and its own. A pydantic model is known by its methods, so that pydantic is
imported by those who use it and by nobody else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec

from treadle.domain.errors import InvalidInput
from treadle.domain.json import Json


def is_model(kind: object) -> bool:
    """Whether a type is a record with fields: a dataclass, a msgspec Struct or a pydantic model."""
    return isinstance(kind, type) and (
        dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct) or is_pydantic(kind)
    )


def convert(value: Any, kind: Any) -> Any:
    """A value of a type from what JSON holds. Raises msgspec.ValidationError, which says where it does not fit."""
    return msgspec.convert(value, kind, dec_hook=_model_of)


def decoder(kind: Any) -> Callable[[Json], Any]:
    """What reads values of a type from JSON, raising as `convert` does. Raises InvalidInput for what is no type."""
    try:
        return msgspec.json.Decoder(kind, dec_hook=_model_of).decode
    except TypeError as error:
        raise InvalidInput(f"a parameter is annotated with what no JSON can be: {error}") from error


def plain(value: Any) -> Any:
    """A value as JSON holds it. Raises InvalidInput for one that JSON cannot hold."""
    try:
        return msgspec.to_builtins(value, enc_hook=_dumped, str_keys=True)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"an input cannot be written as JSON: {error}") from error


def is_pydantic(kind: type) -> bool:
    """Whether a type is a pydantic model."""
    return hasattr(kind, "model_validate") and hasattr(kind, "model_json_schema")


def _model_of(kind: type, value: Any) -> Any:
    if not is_pydantic(kind):
        raise NotImplementedError(f"{kind.__qualname__} cannot be made of JSON")
    if isinstance(value, kind):
        return value
    return kind.model_validate(value)  # type: ignore[attr-defined]


def _dumped(value: Any) -> Any:
    if not is_pydantic(type(value)):
        raise TypeError(f"{value!r:.60} is no value that JSON can hold")
    return value.model_dump(mode="json")
