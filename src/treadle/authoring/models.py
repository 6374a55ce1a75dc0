"""Types as people annotate with them: their JSON Schema, and values of them from JSON and back.

msgspec knows the standard library's types and its own. A pydantic model is known by its methods, so that pydantic is
imported by those who use it and by nobody else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from treadle.domain.errors import InvalidInput
from treadle.domain.json import Json

_REF: Final = "#/$defs/{name}"


def is_model(kind: object) -> bool:
    """Whether a type is a record with fields: a dataclass, a msgspec Struct or a pydantic model."""
    return isinstance(kind, type) and (
        dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct) or _is_pydantic(kind)
    )


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of a type. Raises InvalidInput for a type that JSON cannot hold."""
    definitions: dict[str, Any] = {}

    def hook(other: type) -> dict[str, Any]:
        if not _is_pydantic(other):
            raise InvalidInput(f"no JSON can be a {other.__qualname__}: use a dataclass, a msgspec or pydantic model")
        schema: dict[str, Any] = other.model_json_schema(ref_template=_REF.replace("name", "model"))  # type: ignore[attr-defined]
        definitions.update(schema.pop("$defs", {}))
        return schema

    try:
        (schema,), components = msgspec.json.schema_components([kind], schema_hook=hook, ref_template=_REF)
    except TypeError as error:
        raise InvalidInput(f"no JSON can be a {kind!r:.80}: {error}") from error
    definitions |= components
    own = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    schema = definitions.pop(own) if own in definitions and not _names(definitions, own) else schema
    return {**schema, "$defs": definitions} if definitions else dict(schema)


def convert(value: Any, kind: Any) -> Any:
    """A value of a type from what JSON holds. Raises msgspec.ValidationError, which says where it does not fit."""
    return msgspec.convert(value, kind, dec_hook=_model_of)


def decoder(kind: Any) -> Callable[[Json], Any]:
    """What reads values of a type from JSON, raising as `convert` does."""
    return msgspec.json.Decoder(kind, dec_hook=_model_of).decode


def plain(value: Any) -> Any:
    """A value as JSON holds it. Raises InvalidInput for one that JSON cannot hold."""
    try:
        return msgspec.to_builtins(value, enc_hook=_dumped, str_keys=True)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"an input cannot be written as JSON: {error}") from error


def _names(definitions: Mapping[str, Any], name: str) -> bool:
    """Whether any definition refers to the one of a name."""
    return f'"#/$defs/{name}"'.encode() in msgspec.json.encode(definitions)


def _is_pydantic(kind: type) -> bool:
    return hasattr(kind, "model_validate") and hasattr(kind, "model_json_schema")


def _model_of(kind: type, value: Any) -> Any:
    if not _is_pydantic(kind):
        raise NotImplementedError(f"{kind.__qualname__} cannot be made of JSON")
    if isinstance(value, kind):
        return value
    return kind.model_validate(value)  # type: ignore[attr-defined]


def _dumped(value: Any) -> Any:
    if not _is_pydantic(type(value)):
        raise TypeError(f"{value!r:.60} is no value that JSON can hold")
    return value.model_dump(mode="json")
