"""Submitting runs by their handler: `run = await send_report.enqueue(org="x", delay=60)`, `await run.result()`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypedDict, TypeVar, cast

import msgspec

from treadle.authoring.binding import Binding
from treadle.authoring.models import convert
from treadle.client.binding import with_client, with_client_here
from treadle.domain.errors import InvalidInput, Problem, below, nearest
from treadle.engines.connections import session_of

if TYPE_CHECKING:
    from treadle.client.asynchronous import AsyncClient
    from treadle.domain.priority import Priority
    from treadle.domain.runs import RunView, State

T = TypeVar("T")
Value = TypeVar("Value")

Submit: TypeAlias = "Callable[[AsyncClient], Coroutine[Any, Any, T]]"


class SubmitOptions(TypedDict, total=False):
    """What may be said of one run beside its inputs; see `AsyncClient.enqueue`."""

    key: str | None
    priority: Priority | str | int | None
    delay: float | None
    at: datetime | str | None
    unique: Mapping[str, Any] | None
    depends_on: Iterable[str | Mapping[str, Any]]
    connection: object | None


_OPTIONS: Final = frozenset(SubmitOptions.__annotations__)


class _Handle(Generic[Value]):
    """The id of a run that was submitted, and the type of its result."""

    def __init__(self, run_id: str, result: Any) -> None:
        self.id = run_id
        self._result = result

    def __repr__(self) -> str:
        return f"<run {self.id}>"

    def _of_type(self, result: Any) -> Value:
        try:
            return cast("Value", convert(result, self._result))
        except msgspec.ValidationError as error:
            raise InvalidInput(f"the result of {self.id} is not what its handler is said to return: {error}") from error


class RunHandle(_Handle[Value]):
    """A run that was submitted, by its id."""

    async def wait(self) -> RunView:
        """The run once it has ended, however it did."""
        return await with_client(lambda client: client.wait(self.id))

    async def result(self) -> Value:
        """Its result, of the type that the handler's annotation says.

        Raises RunNotCompleted where it has none, and InvalidInput where it is of another type.
        """
        return self._of_type(await with_client(lambda client: client.result(self.id)))

    async def cancel(self) -> State:
        """See `AsyncClient.cancel`."""
        return await with_client(lambda client: client.cancel(self.id))


class SyncRunHandle(_Handle[Value]):
    """`RunHandle` for sync code."""

    def wait(self) -> RunView:
        """See `RunHandle.wait`."""
        return with_client_here(lambda client: client.wait(self.id))

    def result(self) -> Value:
        """See `RunHandle.result`."""
        return self._of_type(with_client_here(lambda client: client.result(self.id)))

    def cancel(self) -> State:
        """See `RunHandle.cancel`."""
        return with_client_here(lambda client: client.cancel(self.id))


class Submitter:
    """How runs of one job are submitted, as work for a client."""

    def __init__(self, job_id: str, binding: Binding) -> None:
        self.result = binding.result
        self._job_id = job_id
        self._binding = binding

    def one(self, given: object | None, named: Mapping[str, Any]) -> Submit[str]:
        """Submit one run, with inputs from a mapping or a model and others by name, and options by theirs.

        Raises InvalidInput for inputs that are none, and for one given by the name of an option.
        """
        options: Any = {name: value for name, value in named.items() if name in _OPTIONS}
        for name in sorted(options.keys() & self._binding.known):
            message = f'{name} is an option: an input of that name is given in a mapping, {{"{name}": …}}'
            if not isinstance(given, Mapping) or name not in given:
                raise InvalidInput([Problem(below("/inputs", name), message)])
        if "connection" in options:
            options["connection"] = session_of(options["connection"])
        inputs = self._binding.inputs_of(given, {name: named[name] for name in named.keys() - _OPTIONS})

        async def submit(client: AsyncClient) -> str:
            try:
                return await client.enqueue(self._job_id, inputs, **options)
            except InvalidInput as error:
                raise InvalidInput([self._or_option(problem) for problem in error.problems]) from None

        return submit

    def _or_option(self, problem: Problem) -> Problem:
        """A problem with an input that there is not: it may be an option that is misspelt."""
        name = problem.pointer.removeprefix("/inputs/")
        if problem.code != "unknown_key" or "/" in name or not (hint := nearest(name, self._binding.known | _OPTIONS)):
            return problem
        return replace(problem, message=f"unknown key{hint}")

    def many(
        self, inputs: Iterable[object], priority: Priority | str | int | None, connection: object | None
    ) -> Submit[list[str]]:
        """Submit a run for each of some inputs, all or none."""
        each, own = [self._binding.inputs_of(given, {}) for given in inputs], session_of(connection)
        return lambda client: client.enqueue_many(self._job_id, each, priority=priority, connection=own)


class SyncWords(Generic[Value]):
    """The words of a handler that submit runs, for sync code: `send_report.sync.enqueue(org="x")`."""

    def __init__(self, submitter: Submitter) -> None:
        self._submitter = submitter

    def enqueue(self, inputs: object | None = None, /, **named: Any) -> SyncRunHandle[Value]:
        """See `Handler.enqueue`."""
        run_id = with_client_here(self._submitter.one(inputs, named), named.get("connection"))
        return SyncRunHandle(run_id, self._submitter.result)

    def enqueue_many(
        self,
        inputs: Iterable[object],
        *,
        priority: Priority | str | int | None = None,
        connection: object | None = None,
    ) -> list[SyncRunHandle[Value]]:
        """See `Handler.enqueue_many`."""
        run_ids = with_client_here(self._submitter.many(inputs, priority, connection), connection)
        return [SyncRunHandle(run_id, self._submitter.result) for run_id in run_ids]
