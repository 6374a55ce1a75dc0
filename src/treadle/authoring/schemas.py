"""The JSON Schema of types as people annotate with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect as types
from msgspec.inspect import type_info

from treadle.authoring.models import is_pydantic
from treadle.domain.errors import InvalidInput

_REF: Final = "#/$defs/{name}"
_TIME: Final = r"^\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$"


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of a type. Raises InvalidInput for a type that JSON cannot hold."""
    definitions: dict[str, Any] = {}

    def hook(other: type) -> dict[str, Any]:
        if not is_pydantic(other):
            raise InvalidInput(f"no JSON can be a {other.__qualname__}: use a dataclass, a msgspec or pydantic model")
        schema: dict[str, Any] = other.model_json_schema(ref_template=_REF.replace("name", "model"))  # type: ignore[attr-defined]
        schema = _local_times(schema)
        definitions.update(schema.pop("$defs", {}))
        return schema

    try:
        (schema,), components = msgspec.json.schema_components([kind], schema_hook=hook, ref_template=_REF)
    except TypeError as error:
        raise InvalidInput(f"no JSON can be a {kind!r:.80}: {error}") from error
    definitions |= components
    _tighten(type_info(kind), schema, definitions)
    own = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    schema = definitions.pop(own) if own in definitions and not _names(definitions, own) else schema
    return {**schema, "$defs": definitions} if definitions else dict(schema)


def _tighten(kind: types.Type, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Let a schema ask of moments and times what they must be: msgspec asks for any text where they need no offset.

    Each definition is gone through once: `definitions` are those that are left.
    """
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if name in definitions:
        schema = definitions[name]
        definitions = {other: each for other, each in definitions.items() if other != name}
    elif "$ref" in schema:
        return
    match kind:
        case types.Metadata():
            _tighten(kind.type, schema, definitions)
        case types.DateTimeType():
            schema["format"] = "date-time"
        case types.TimeType(tz=None):
            schema["pattern"] = _TIME
        case types.UnionType() if "anyOf" in schema:
            for each, option in _options(kind, schema["anyOf"]):
                _tighten(each, option, definitions)
        case _:
            for each, part in _parts(kind, schema):
                if isinstance(part, dict):
                    _tighten(each, part, definitions)


def _options(union: types.UnionType, options: list[Any]) -> Iterator[tuple[types.Type, Any]]:
    """The types of a union, each with its schema: records come last, and several of them in an option of their own."""
    bare = [each.type if isinstance(each, types.Metadata) else each for each in union.types]
    bare.sort(key=lambda each: (isinstance(each, types.NoneType), isinstance(each, types.StructType)))
    flat = [part for option in options for part in option.get("anyOf", [option])]
    return zip(bare, flat, strict=True)


def _parts(kind: types.Type, schema: Mapping[str, Any]) -> Iterator[tuple[types.Type, Any]]:
    """The types of which a type is made, each with its schema; that is none where it says nothing."""
    match kind:
        case types.StructType(array_like=True) | types.NamedTupleType():
            yield from zip((each.type for each in kind.fields), schema["prefixItems"], strict=True)
        case types.StructType() | types.DataclassType() | types.TypedDictType():
            yield from ((each.type, schema["properties"][each.encode_name]) for each in kind.fields)
        case types.TupleType():
            yield from zip(kind.item_types, schema["prefixItems"], strict=True)
        case types.CollectionType() | types.ListType() | types.SetType() | types.FrozenSetType() | types.VarTupleType():
            yield kind.item_type, schema.get("items")
        case types.DictType():
            yield kind.value_type, schema.get("additionalProperties")


def _local_times(schema: Any) -> Any:
    """A schema without the format `time`: it asks for an offset, which a `datetime.time` does not have."""
    if isinstance(schema, list):
        return [_local_times(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _local_times(each) for key, each in schema.items() if (key, each) != ("format", "time")}


def _names(definitions: Mapping[str, Any], name: str) -> bool:
    """Whether any definition refers to the one of a name."""
    return f'"#/$defs/{name}"'.encode() in msgspec.json.encode(definitions)
