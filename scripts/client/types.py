"""The types of bodies and answers: those of `domain` as they are, those of `api/schemas` written down again.

A client imports no server, so it cannot have the Structs of `api/schemas` themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from enum import Enum, StrEnum
from functools import cache
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct, UnsetType, structs

import treadle.api.schemas
import treadle.domain
from scripts.client.source import Source

BELOW: Final = ("treadle.domain.", "treadle.engines.")
"""What a client may import: what else is of an answer is written down again."""

ANSWERS_MODULE: Final = "treadle.client.remote.answers"


@cache
def _classes(package: ModuleType) -> Mapping[str, type]:
    """The Structs and enums that the modules of a package define, by name."""
    found = {}
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        own = (each for each in vars(module).values() if isinstance(each, type) and each.__module__ == info.name)
        found.update({each.__name__: each for each in own if issubclass(each, Struct | Enum)})
    return found


def class_of(reference: str) -> type:
    """The class that a component of the document describes."""
    name = reference.rpartition("/")[2]
    return _classes(treadle.api.schemas).get(name) or _classes(treadle.domain)[name]


class Answers:
    """The types of answers as the client has them."""

    def __init__(self) -> None:
        self.source = Source()
        self._written: set[type] = set()

    def written(self, kind: Any, source: Source) -> str:
        """A type as it is written in a module."""
        if get_origin(kind) is Annotated:
            described = [meta.extra_json_schema for meta in kind.__metadata__ if isinstance(meta, Meta)]
            is_object = any(extra and extra.get("type") == "object" for extra in described)
            if is_object and get_args(kind)[0] is msgspec.Raw:
                return f"dict[str, {source.use('typing', 'Any')}]"
            return self.written(get_args(kind)[0], source)
        if get_origin(kind) in (Union, UnionType):
            return " | ".join(dict.fromkeys(self.written(each, source) for each in get_args(kind)))
        if get_origin(kind) is Literal:
            return f"{source.use('typing', 'Literal')}[{', '.join(map(repr, get_args(kind)))}]"
        if origin := get_origin(kind):
            inner = ("..." if each is Ellipsis else self.written(each, source) for each in get_args(kind))
            return f"{origin.__name__}[{', '.join(inner)}]"
        if kind in (None, NoneType):
            return "None"
        if kind in (Any, msgspec.Raw):
            return source.use("typing", "Any")
        return self._class(kind, source)

    def _class(self, kind: Any, source: Source) -> str:
        if kind.__module__ == "builtins":
            return str(kind.__name__)
        if not kind.__module__.startswith("treadle.") or kind.__module__.startswith(BELOW):
            return source.use(kind.__module__, kind.__name__)
        if issubclass(kind, Enum):
            return f"{source.use('typing', 'Literal')}[{', '.join(repr(each.value) for each in kind)}]"
        if (item := _page_of(kind)) is not None:
            page = source.use("treadle.client.remote.calls", "Page")
            return f"{page}[{self.written(item, source)}]"
        self._write(kind)
        return str(kind.__name__) if source is self.source else source.use(ANSWERS_MODULE, kind.__name__)

    def _write(self, kind: type[Struct]) -> None:
        """Write a Struct of the API down, what it is made of first."""
        if kind in self._written:
            return
        self._written.add(kind)
        base = kind.__bases__[0]
        parent = self.source.use("msgspec", "Struct") if base is Struct else self._class(base, self.source)
        hints = get_type_hints(kind, include_extras=True)
        fields = {field.name: field for field in structs.fields(kind)}
        config = "frozen=True, kw_only=True" + (", omit_defaults=True" if kind.__struct_config__.omit_defaults else "")
        lines = [f'class {kind.__name__}({parent}, {config}):\n    """{kind.__doc__}"""\n']
        for name in kind.__annotations__:
            said = "" if fields[name].required else f" = {fields[name].default!r}"
            lines.append(f"    {name}: {self.written(hints[name], self.source)}{said}")
        self.source.chunks.append("\n".join(lines))


def _page_of(kind: type) -> Any:
    """The type of the items where a Struct is a page of a list by cursor."""
    hints = get_type_hints(kind)
    if set(hints) != {"items", "next_cursor", "has_more"} or hints["next_cursor"] is int:
        return None
    return get_args(hints["items"])[0]


def taken(kind: Any, source: Source, answers: Answers) -> str:
    """A type as an argument may have it: wider than what is read, so that plain values do."""
    if get_origin(kind) is Annotated:
        meant = [meta.extra_json_schema or {} for meta in kind.__metadata__ if isinstance(meta, Meta)]
        inner = taken(get_args(kind)[0], source, answers)
        is_moment = any(each.get("format") == "date-time" for each in meant)
        return f"{source.use('datetime', 'datetime')} | {inner}" if is_moment else inner
    if get_origin(kind) in (Union, UnionType):
        kinds = [each for each in get_args(kind) if each is not UnsetType]
        parts = [part for each in kinds for part in taken(each, source, answers).split(" | ")]
        return " | ".join(sorted(dict.fromkeys(parts), key=lambda part: part == "None"))
    if get_origin(kind) in (list, tuple):
        return f"{source.use('collections.abc', 'Sequence')}[{taken(get_args(kind)[0], source, answers)}]"
    if get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, Struct)):
        return mapping(source)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "str"
    return answers.written(kind, source)


def mapping(source: Source) -> str:
    """The type of an object of JSON as an argument."""
    return f"{source.use('collections.abc', 'Mapping')}[str, {source.use('typing', 'Any')}]"
