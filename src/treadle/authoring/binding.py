"""How a handler's parameters are filled: the context by type or by the name `ctx`, everything else from the inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from treadle.authoring.context import JobContext, RunningAttempt
from treadle.domain.errors import InvalidInput, Problem, below
from treadle.domain.shapes import unknown_key

_CONTEXT_NAME: Final = "ctx"
_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Binding:
    """The parameters of one function, looked at once so that a call costs little.

    A function that names inputs gets these and no others, unless it takes `**rest`; one that takes nothing but the
    context reads `ctx.inputs` itself.
    """

    __slots__ = ("_context", "_known", "_open", "_required")

    def __init__(self, function: Callable[..., Any]) -> None:
        """Raises InvalidInput for parameters that no name can reach."""
        parameters = inspect.signature(function).parameters.values()
        kinds = {parameter.kind for parameter in parameters}
        if kinds & {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}:
            raise InvalidInput("inputs are given by name: a handler can have no positional-only parameter and no *args")
        contexts = [parameter.name for parameter in parameters if _is_context(parameter)]
        if len(contexts) > 1:
            raise InvalidInput(f"one parameter can take the context, not {' and '.join(contexts)}")
        named = [each for each in parameters if each.kind in _NAMED and each.name not in contexts]
        self._context = contexts[0] if contexts else None
        self._known = frozenset(each.name for each in named)
        self._required = frozenset(each.name for each in named if each.default is inspect.Parameter.empty)
        self._open = inspect.Parameter.VAR_KEYWORD in kinds

    def arguments(self, attempt: RunningAttempt) -> dict[str, Any]:
        """What to call the function with. Raises InvalidInput naming every input that is missing or not known."""
        inputs: dict[str, Any] = attempt.inputs
        if self._context is None:
            self._check(inputs)
            return inputs
        if not self._known and not self._open:
            return {self._context: JobContext(attempt)}
        self._check(inputs)
        return {**inputs, self._context: JobContext(attempt)}

    def _check(self, inputs: Mapping[str, Any]) -> None:
        given = inputs.keys()
        if self._required <= given and (self._open or given <= self._known) and self._context not in given:
            return
        problems = [
            Problem(below("/inputs", name), "the handler needs this input", "missing")
            for name in sorted(self._required - given)
        ]
        for name in sorted(given - self._known):
            if name == self._context:
                problems.append(Problem(below("/inputs", name), "is the name of the parameter for the context"))
            elif not self._open:
                problems.append(unknown_key("/inputs", name, self._known))
        raise InvalidInput(problems)


def _is_context(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    if isinstance(annotation, str):  # as `from __future__ import annotations` leaves it
        annotation = annotation.rpartition(".")[2]
    elif annotation is JobContext:
        return True
    named = parameter.name == _CONTEXT_NAME and parameter.kind in _NAMED
    return named or annotation == JobContext.__name__
