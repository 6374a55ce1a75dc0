"""Operations as methods: what they take, and the call that they make of it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, Literal, get_args, get_type_hints

from msgspec import Struct, structs
from msgspec.structs import replace

from scripts.client.source import Source
from scripts.client.types import Answers, class_of, mapping, taken

CALLS_MODULE: Final = "treadle.client.remote.calls"
PATHS_MODULE: Final = "treadle.client.remote.paths"

HEADERS: Final = {"idempotency-key", "if-match", "treadle-domain", "last-event-id"}
"""What the client says by itself, or by an argument of its own."""

IDEMPOTENT: Final = {"cancel", "disable", "drain", "enable", "pause", "resume", "validate"}
"""What operations begin with that come to the same however often they are made, though they are a POST."""

KEYED_WITHIN: Final = {"put_messages"}
"""Operations whose items may have keys of their own, beside which the call can have none."""


class Parameter(Struct, frozen=True):
    """An argument of a method. `place` is where in the request it goes, under `sent_as` where its own name is another.

    The place `whole` is the body as it is, `call` an argument of the `Call` itself.
    """

    name: str
    kind: str
    default: str = ""
    place: Literal["path", "query", "body", "whole", "call"] = "query"
    sent_as: str = ""

    @property
    def written(self) -> str:
        """As it stands in the signature."""
        return f"{self.name}: {self.kind}" + (f" = {self.default}" if self.default else "")

    @property
    def sent(self) -> str:
        """The name under which it is sent."""
        return self.sent_as or self.name


class Method:
    """A method of a noun: one operation."""

    def __init__(self, method: str, path: str, operation: Mapping[str, Any], answers: Answers, source: Source) -> None:
        self.path = path
        self._method = method
        self._operation = operation
        self._answers = answers
        self._source = source
        self.streams = "text/event-stream" in self._content()

    def write(self, name: str, *, stream: bool = False) -> str:
        """Its source."""
        answer = self._item() if stream else self._answer()
        pages = answer.startswith("Page[")
        dropped = {"follow", *(("limit",) if stream else ()), *(("cursor",) if pages else ())}
        parameters = [each for each in self._parameters() if each.sent not in dropped]
        decorator = "Stream" if stream else "Listing" if pages else "Operation"
        for used in (decorator, "Call"):
            self._source.use(CALLS_MODULE, used)
        needed = [each.written for each in parameters if not each.default]
        named = [each.written for each in parameters if each.default]
        signature = ", ".join(["self", *needed, *(["*", *named] if named else [])])
        lines = [
            f"    @{decorator}",
            f"    def {name}({signature}) -> Call[{answer}]:",
            f'        """{_wrapped(self._operation["description"])}"""',
            f"        return {self._call(parameters, answer, stream=stream)}",
        ]
        return "\n".join(lines)

    def _call(self, parameters: list[Parameter], answer: str, *, stream: bool) -> str:
        """The expression of the call."""
        said = [repr(self._method), self._path(), f"answer={answer}"]
        query = [f"{each.sent!r}: {each.name}" for each in parameters if each.place == "query"]
        if stream and any(each["name"] == "follow" for each in self._operation.get("parameters", ())):
            query.append('"follow": True')
        if query:
            said.append(f"query={{{', '.join(query)}}}")
        fields = [f"{each.sent}={each.name}" for each in parameters if each.place == "body"]
        if fields:
            self._source.use(CALLS_MODULE, "said")
            said.append(f"body=said({', '.join(fields)})")
        said += [f"body={each.name}" for each in parameters if each.place == "whole"]
        said += [f"{each.name}={each.name}" for each in parameters if each.place == "call"]
        if self._method == "POST" and self._operation["operationId"].partition("_")[0] in IDEMPOTENT:
            said.append("idempotent=True")
        if fine := self._fine():
            said.append(f"fine={fine}")
        return f"Call(method={', path='.join(said[:2])}, {', '.join(said[2:])})"

    def _path(self) -> str:
        if "{" not in self.path:
            return repr(self.path)
        self._source.use(PATHS_MODULE, "segment")
        return "f" + repr(re.sub(r"\{(\w+)\}", r"{segment(\1)}", self.path))

    def _parameters(self) -> Iterator[Parameter]:
        """The arguments: those of the path, of the body, of the query, and what the client says by a header."""
        given = self._operation.get("parameters", [])
        for each in given:
            if each["in"] == "path":
                yield Parameter(each["name"], self._schema_type(each["schema"]), place="path")
        if "requestBody" in self._operation:
            yield from self._body(self._operation["requestBody"]["content"]["application/json"]["schema"])
        for each in given:
            if each["in"] == "query":
                yield self._query(each)
        headers = {each["name"] for each in given if each["in"] == "header"}
        if unknown := headers - HEADERS:
            raise ValueError(f"{self._operation['operationId']} takes {', '.join(unknown)}: say here what says that")
        if "idempotency-key" in headers:
            yield self._key()
        if "if-match" in headers:
            yield Parameter("if_match", "int | str | None", "None", "call")

    def _query(self, parameter: Mapping[str, Any]) -> Parameter:
        kind = self._schema_type(parameter["schema"])
        if parameter["name"] == "limit":
            return Parameter("page_size", "int | None", "None", sent_as="limit")
        if parameter.get("required"):
            return Parameter(parameter["name"], kind)
        return Parameter(parameter["name"], kind if kind.endswith("| None") else f"{kind} | None", "None")

    def _body(self, schema: Mapping[str, Any]) -> Iterator[Parameter]:
        """A document is handed over whole, a request field by field. Of several forms the last is the widest."""
        schema = schema["oneOf"][-1] if "oneOf" in schema else schema
        if schema.get("type") == "array":
            name = self._operation["operationId"].partition("_")[2]
            several = f"{self._source.use('collections.abc', 'Sequence')}[{mapping(self._source)}]"
            yield Parameter(name, several, place="whole")
            return
        kind = class_of(schema["$ref"])
        if kind.__name__.endswith("Document"):
            struct = self._source.use("msgspec", "Struct")
            yield Parameter("document", f"{mapping(self._source)} | {struct}", place="whole")
            return
        hints = get_type_hints(kind, include_extras=True)
        for field in sorted(structs.fields(kind), key=lambda field: not field.required):
            parameter = self._field(field, taken(hints[field.name], self._source, self._answers))
            yield replace(parameter, name=argument_name(field.name, self.path))

    def _key(self) -> Parameter:
        """The idempotency key: where none is given the client makes one, unless the items have keys of their own."""
        if self._operation["operationId"] not in KEYED_WITHIN:
            return Parameter("key", "str | None", "None", "call")
        return Parameter(
            "key",
            f"str | {self._source.use('msgspec', 'UnsetType')} | None",
            self._source.use("msgspec", "UNSET"),
            "call",
        )

    def _field(self, field: structs.FieldInfo, kind: str) -> Parameter:
        """A field of the body as an argument; one whose default is no plain value is left out where it is not given."""
        default = field.default.value if isinstance(field.default, Enum) else field.default
        if field.required:
            return Parameter(field.name, kind, place="body", sent_as=field.encode_name)
        if default is None or isinstance(default, str | int | float):
            return Parameter(field.name, kind, repr(default), "body", field.encode_name)
        unset, default = self._source.use("msgspec", "UnsetType"), self._source.use("msgspec", "UNSET")
        kind = f"{kind.removesuffix(' | None')} | {unset}" + (" | None" if kind.endswith(" | None") else "")
        return Parameter(field.name, kind, default, "body", field.encode_name)

    def _schema_type(self, schema: Mapping[str, Any]) -> str:
        """The type of a parameter that the document describes."""
        if "anyOf" in schema:
            shared = {key: value for key, value in schema.items() if key == "format"}
            return " | ".join(self._schema_type({**shared, **each}) for each in schema["anyOf"])
        if "$ref" in schema:
            return "str"
        if schema["type"] == "array":
            return f"{self._source.use('collections.abc', 'Sequence')}[{self._schema_type(schema['items'])}]"
        if schema["type"] == "string" and schema.get("format") == "date-time":
            return f"{self._source.use('datetime', 'datetime')} | str"
        return {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}[schema["type"]]

    def _fine(self) -> tuple[int, ...]:
        """The statuses that refuse nothing: their answer is the operation's, and no problem."""
        refusing = {status: said for status, said in self._operation["responses"].items() if status >= "4"}
        return tuple(int(status) for status, said in refusing.items() if "application/json" in said.get("content", {}))

    def _content(self) -> Mapping[str, Any]:
        """What the operation answers where it succeeds, by media type."""
        fine = {status: said for status, said in self._operation["responses"].items() if status.startswith("2")}
        found = [each.get("content", {}) for each in fine.values()]
        return next((each for each in found if each.get("application/json", {}).get("schema")), {})

    def _answer(self) -> str:
        content = self._content()
        if not content:
            return "None"
        return self._answers.written(class_of(content["application/json"]["schema"]["$ref"]), self._source)

    def _item(self) -> str:
        """What a stream tells: the items of the page that the operation answers otherwise."""
        page = class_of(self._content()["application/json"]["schema"]["$ref"])
        return self._answers.written(get_args(get_type_hints(page)["items"])[0], self._source)


def argument_name(field: str, path: str) -> str:
    """What the argument of a field of the body is called; one of the path may have its name already."""
    return f"{path.rpartition('/')[2]}_{field}" if f"{{{field}}}" in path else field


def _wrapped(description: str) -> str:
    """The first paragraph of a description as a docstring."""
    text = " ".join(description.split("\n\n")[0].split())
    lines = textwrap.wrap(text, 106, subsequent_indent=" " * 8)
    return text if len(text) <= 104 else "\n".join([*lines, " " * 8])
