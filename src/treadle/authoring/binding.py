"""How a handler's parameters are filled: the context by type or by the name `ctx`, everything else from the inputs."""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from treadle.authoring.context import JobContext, RunningAttempt
from treadle.authoring.models import convert, decoder, is_model, plain
from treadle.authoring.schemas import schema_of
from treadle.domain import json
from treadle.domain.errors import InvalidInput, Problem, below
from treadle.domain.inputs import input_problems
from treadle.domain.json import Json
from treadle.domain.shapes import unknown_key

_CONTEXT_NAME: Final = "ctx"
_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_NOTHING: Final = inspect.Parameter.empty
_PATH: Final = re.compile(r"`\$([^`]*)`$")


class Binding:
    """The parameters of one function, looked at once so that a call costs little.

    A function that names inputs gets these and no others, unless it takes `**rest`; one that takes nothing but the
    context reads `ctx.inputs` itself. A parameter that is alone and annotated with a dataclass, a msgspec or pydantic
    model is filled with all the inputs. `result` is the type that the function is said to return.
    """

    __slots__ = ("_context", "_decode", "_open", "_required", "_rest", "_typed", "_whole", "known", "result", "schema")

    def __init__(self, function: Callable[..., Any]) -> None:
        """Raises InvalidInput for parameters that no name can reach, and for types that no JSON can be."""
        parameters = inspect.signature(function).parameters.values()
        kinds = {parameter.kind for parameter in parameters}
        if kinds & {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}:
            raise InvalidInput("inputs are given by name: a handler can have no positional-only parameter and no *args")
        contexts = [parameter.name for parameter in parameters if _is_context(parameter)]
        if len(contexts) > 1:
            raise InvalidInput(f"one parameter can take the context, not {' and '.join(contexts)}")
        named = [each for each in parameters if each.kind in _NAMED and each.name not in contexts]
        rest = [each for each in parameters if each.kind is inspect.Parameter.VAR_KEYWORD]
        self._context = contexts[0] if contexts else None
        self._open = bool(rest)
        resolve = _Resolver(function)
        types = {each.name: resolve(each.annotation, each.name) for each in named}
        self.result = resolve(inspect.signature(function).return_annotation, "the result", strict=False)
        self._whole = named[0].name if not rest and len(named) == 1 and is_model(types[named[0].name]) else None
        self._rest = resolve(rest[0].annotation, rest[0].name) if rest else Any
        self._required = frozenset(each.name for each in named if each.default is _NOTHING) - {self._whole}
        self._typed = self._record(types) if self._whole is None else types[self._whole]
        self.known = frozenset(types if self._whole is None else _field_names(self._typed))
        self._decode = None if rest or self._whole else decoder(self._typed)
        self.schema = "" if self._context and not named and not rest else self._json_schema(named)

    def arguments(self, attempt: RunningAttempt) -> dict[str, Any]:
        """What to call the function with. Raises InvalidInput naming every input that is missing or does not fit."""
        given = self._read(attempt.claim.inputs) if self.schema else {}
        if self._context is not None:
            given[self._context] = JobContext(attempt)
        return given

    def _read(self, inputs: Json) -> dict[str, Any]:
        """The arguments that a run's inputs mean: in one step where they are sound, else with every fault in them."""
        if self._decode is None:
            return self.convert(json.decode(inputs))
        try:
            given = msgspec.structs.asdict(self._decode(inputs))
        except msgspec.ValidationError:
            return self.convert(json.decode(inputs))
        return {name: value for name, value in given.items() if value is not UNSET}

    def convert(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that inputs mean, the context left out. Raises as `arguments` does."""
        if self._whole is None:
            self._check(inputs)
        elif unknown := sorted(inputs.keys() - self.known) if self.known else ():
            raise InvalidInput([unknown_key("/inputs", name, self.known) for name in unknown])
        try:
            record = convert(inputs, self._typed)
            if self._whole is not None:
                return {self._whole: record}
            if not self._open:
                return {name: getattr(record, name) for name in inputs}
            others = {name: inputs[name] for name in inputs.keys() - self.known}
            return {
                **{name: getattr(record, name) for name in inputs.keys() & self.known},
                **convert(others, dict[str, self._rest]),  # type: ignore[name-defined]
            }
        except msgspec.ValidationError as error:
            raise InvalidInput(input_problems(self.schema, inputs) or [_problem(error)]) from error

    def inputs_of(self, given: Mapping[str, Any] | object | None, named: Mapping[str, Any]) -> dict[str, Any]:
        """Inputs as JSON holds them, from a mapping or a model, and others by name. Raises InvalidInput."""
        first = {} if given is None else plain(given)
        if not isinstance(first, dict):
            raise InvalidInput(f"inputs are a mapping or a model, not {given!r:.60}; or give them by their names")
        return {**first, **plain(dict(named))}

    def _record(self, types: Mapping[str, Any]) -> type[msgspec.Struct]:
        """A record with a field for each parameter, which tells what is missing from what is null."""
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
            (name, kind) if name in self._required else (name, kind | UnsetType, UNSET)
            for name, kind in _unions(types).items()
        ]
        return msgspec.defstruct("Inputs", fields, kw_only=True, forbid_unknown_fields=not self._open)

    def _check(self, inputs: Mapping[str, Any]) -> None:
        given = inputs.keys()
        if self._required <= given and (self._open or given <= self.known) and self._context not in given:
            return
        problems = [
            Problem(below("/inputs", name), "the handler needs this input", "missing")
            for name in sorted(self._required - given)
        ]
        for name in sorted(given - self.known):
            if name == self._context:
                problems.append(Problem(below("/inputs", name), "is the name of the parameter for the context"))
            elif not self._open:
                problems.append(unknown_key("/inputs", name, self.known))
        raise InvalidInput(problems)

    def _json_schema(self, named: list[inspect.Parameter]) -> str:
        """The schema of the inputs, as JSON."""
        schema = schema_of(self._typed)
        schema.pop("title", None)
        if self._whole is not None:
            schema.setdefault("additionalProperties", False)
            return json.encode(schema).decode()
        schema["required"] = sorted(self._required)
        schema["additionalProperties"] = schema_of(self._rest) if self._open else False
        for each in named:
            if each.default is not _NOTHING and each.default is not None:
                schema["properties"][each.name]["default"] = plain(each.default)
        if self._open and self._context is not None:
            schema["properties"][self._context] = False
        return json.encode(schema).decode()


class _Resolver:
    """Turns the annotations of a function into types."""

    def __init__(self, function: Callable[..., Any]) -> None:
        function = inspect.unwrap(function)
        self._names = vars(sys.modules[function.__module__]) if function.__module__ in sys.modules else {}
        self._names = getattr(function, "__globals__", self._names)

    def __call__(self, annotation: Any, what: str, *, strict: bool = True) -> Any:
        """The type of an annotation, Any for none. What cannot be found is an error where that is `strict`."""
        if annotation is _NOTHING or annotation is object:
            return Any
        try:
            hints = typing.get_type_hints(_Annotated(annotation), globalns=self._names, include_extras=True)
        except Exception as error:
            if not strict:
                return Any
            message = f"the type of {what} cannot be found ({error}): define or import it at the top of its module"
            raise InvalidInput(message) from error
        kind = hints["of"]
        return Annotated[datetime, Meta(tz=True)] if kind is datetime else kind


class _Annotated:
    """Something with one annotation, of which `typing` makes a type."""

    def __init__(self, annotation: Any) -> None:
        self.__annotations__ = {"of": annotation}


def _unions(types: Mapping[str, Any]) -> dict[str, Any]:
    """Types of which a union can be made by `|`."""
    return {name: typing.Union[kind, None] if kind is None else kind for name, kind in types.items()}  # noqa: UP007


def _field_names(model: type) -> frozenset[str]:
    """The names that a model takes; none where it says itself which others it takes."""
    if hasattr(model, "model_fields") or issubclass(model, msgspec.Struct):
        return frozenset()
    return frozenset(getattr(model, "__dataclass_fields__", ()))


def _problem(error: msgspec.ValidationError) -> Problem:
    said, _, _ = str(error).partition(" - at ")
    found = _PATH.search(str(error))
    steps = re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", found[1]) if found else []
    return Problem("/inputs" + "".join(f"/{name or index}" for name, index in steps), said)


def _is_context(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    if isinstance(annotation, str):  # as `from __future__ import annotations` leaves it
        annotation = annotation.rpartition(".")[2]
    elif annotation is JobContext:
        return True
    named = parameter.name == _CONTEXT_NAME and parameter.kind in _NAMED
    return named or annotation == JobContext.__name__
