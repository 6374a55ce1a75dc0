"""`@job`: a function becomes a handler, and what it says about itself becomes a job."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import (
    Any,
    Final,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    overload,
)

from treadle.authoring.binding import Binding
from treadle.authoring.context import RunningAttempt
from treadle.authoring.retrying import RetryRule
from treadle.authoring.submitting import RunHandle, Submitter, SyncWords
from treadle.authoring.tasks import BaseTask, task_function
from treadle.authoring.types import remember
from treadle.client.binding import with_client
from treadle.domain import json
from treadle.domain.errors import InvalidInput, Problem, nearest
from treadle.domain.jobs import JobSpec, parse_job
from treadle.domain.jobs.document import CAPABILITIES
from treadle.domain.jobs.later import TOP_LEVEL as LATER
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority

Params = ParamSpec("Params")
Result = TypeVar("Result")
"""What the function returns: of an async one, what is to be awaited."""
Value = TypeVar("Value")
"""The result of a run: what an async function returns once it was awaited."""
Task = TypeVar("Task", bound=BaseTask[Any])


class JobOptions(TypedDict, total=False):
    """What `@job` takes beside the job's id. Each means what the key of that name means in a job's document."""

    name: str
    description: str
    cron: str
    interval_seconds: float
    at: datetime | str
    timezone: str
    start_at: datetime | str
    end_at: datetime | str
    timeout_seconds: float
    max_retries: int
    retries: int
    retry_delay_seconds: float
    backoff: Sequence[float] | Mapping[str, float]
    retry: RetryRule
    priority: Priority | str | int
    queue: str
    tags: Sequence[str]
    searchable: Sequence[str]
    dependencies: Sequence[str]
    after: Sequence[str | Mapping[str, Any]]
    after_join: Literal["all", "any"]
    max_concurrent: int
    flow_group: str
    flow_max_active_runs: int
    concurrency_key: str
    concurrency_limit: int
    rate_limit: Mapping[str, Any]
    isolation: Literal["none", "process"]
    messages: Mapping[str, Any]
    batch_size: int
    preserve_order: bool
    idempotent: bool
    affinity: Mapping[str, Any]
    requires_wallet: bool
    requires_twitter: bool
    requires_discord: bool
    requires_blockchain: bool
    requires_ai: bool
    inputs: Mapping[str, Any]
    inputs_schema: Mapping[str, Any]
    unique: Mapping[str, Any]
    debounce: Mapping[str, Any]
    enabled: bool
    overlap: Overlap | str
    allow_overlap: bool
    misfire: Mapping[str, Any]


_KNOWN: Final = frozenset(JobOptions.__annotations__)
_REQUIRES: Final = "requires_"
_TIMES: Final = frozenset({"cron", "interval_seconds", "at", "timezone", "start_at", "end_at"})


class Declare(Protocol):
    """What `@job(…)` is put on: a function becomes a handler, a class stays what it is and has one."""

    @overload
    def __call__(self, target: type[Task], /) -> type[Task]: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(
        self, target: Callable[Params, Coroutine[Any, Any, Value]], /
    ) -> Handler[Params, Coroutine[Any, Any, Value], Value]: ...
    @overload
    def __call__(self, target: Callable[Params, Result], /) -> Handler[Params, Result, Result]: ...


class Handler(Generic[Params, Result, Value]):
    """A function that carries out a type of job. Called, it is the function itself.

    `spec` is the job that its decorator defines; `source` is where it stands, such as `tasks/report.py:12`; `retry` is
    its own rule for retries.
    """

    def __init__(
        self,
        function: Callable[Params, Result],
        binding: Binding,
        spec: JobSpec,
        source: str,
        retry: RetryRule | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.spec = spec
        self.source = source
        self.retry = retry
        self.is_async = inspect.iscoroutinefunction(function)
        self.binding = binding
        self._submitter = Submitter(spec.job_id, binding)

    @property
    def needs(self) -> frozenset[str]:
        """The capabilities without which no worker may carry it out."""
        affinity = self.spec.work.affinity
        return frozenset(() if affinity is None else affinity.capabilities or ())

    @property
    def type(self) -> str:
        """The name under which runs ask for it."""
        return self.spec.type

    def __call__(self, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<handler {self.type} at {self.source}>"

    async def enqueue(self, inputs: object | None = None, /, **named: Any) -> RunHandle[Value]:
        """Submit a run, with its inputs by name, or as a mapping or a model: `await send.enqueue(org="x", delay=60)`.

        `key`, `priority`, `delay`, `at`, `unique`, `depends_on` and `connection` are options; what they mean and what
        is raised say `AsyncClient.enqueue`. By the client that is bound to the context, else by one opened from the
        settings.
        """
        run_id = await with_client(self._submitter.one(inputs, named), named.get("connection"))
        return RunHandle(run_id, self.binding.result)

    async def enqueue_many(
        self,
        inputs: Iterable[object],
        *,
        priority: Priority | str | int | None = None,
        connection: object | None = None,
    ) -> list[RunHandle[Value]]:
        """Submit a run for each of `inputs` (mappings or models), all or none, in one transaction."""
        run_ids = await with_client(self._submitter.many(inputs, priority, connection), connection)
        return [RunHandle(run_id, self.binding.result) for run_id in run_ids]

    @property
    def sync(self) -> SyncWords[Value]:
        """`enqueue` and `enqueue_many` for sync code."""
        return SyncWords(self._submitter)

    def call(self, inputs: object | None = None, /, **named: Any) -> Result:
        """What the function returns for inputs that are checked and converted as a run's: for tests.

        An async function's is to be awaited. There is no run: a context has an attempt in memory, whose steps are done
        each time, and which can neither sleep nor wait for events.
        """
        from treadle.authoring.calling import CalledAttempt  # for tests: a worker has no use for it

        attempt = CalledAttempt(self.spec, {**self.spec.inputs, **self.binding.inputs_of(inputs, named)})
        return cast("Result", attempt.run(self.function, self.arguments(attempt)))

    def arguments(self, attempt: RunningAttempt) -> dict[str, Any]:
        """What to call the function with. Raises InvalidInput naming every input that is missing or not known."""
        return self.binding.arguments(attempt)


AnyHandler: TypeAlias = Handler[..., Any, Any]


class Collection:
    """The handlers declared while files below `root` are imported."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.handlers: list[AnyHandler] = []


_collection: ContextVar[Collection | None] = ContextVar("collection", default=None)


@contextmanager
def collecting(root: Path) -> Iterator[Collection]:
    """Collects the handlers that are declared within the block; their sources are told relative to `root`."""
    collection = Collection(root)
    token = _collection.set(collection)
    try:
        yield collection
    finally:
        _collection.reset(token)


def job(job_id: str, /, **options: Unpack[JobOptions]) -> Declare:
    """Makes a function the handler of a job: `@job("report.daily", cron="0 7 * * *", timezone="Asia/Jakarta")`.

    The function may be sync or async; or it is a class, a `BaseTask`. Raises TypeError for an option that does not
    exist, and InvalidInput naming every fault in those that do, or in the function.
    """
    if not isinstance(job_id, str):
        raise TypeError('@job needs the id of the job: write @job("report.daily")')
    for option in options:
        known = option in _KNOWN | LATER
        if not known and (not option.startswith(_REQUIRES) or nearest(option.removeprefix(_REQUIRES), CAPABILITIES)):
            raise TypeError(f"@job has no option {option!r}{nearest(option, _KNOWN)}")

    def declare(target: Any) -> Any:
        collection = _collection.get()
        source = _source(target, collection.root if collection else None)
        try:
            handler = _handler(job_id, target, options, source)
        except InvalidInput as error:
            error.add_note(f'in @job("{job_id}") at {source}')
            raise
        remember(handler)
        if collection is not None:
            collection.handlers.append(handler)
        if isinstance(target, type) and issubclass(target, BaseTask):
            target.handler = handler
            return target
        return handler

    return declare


def _handler(job_id: str, target: Any, options: JobOptions, source: str) -> AnyHandler:
    """What a function or a class becomes. Raises InvalidInput with every fault in it and in the options."""
    _check_target(target)
    is_task = isinstance(target, type) and issubclass(target, BaseTask)
    function = task_function(target) if is_task else target
    binding, rule = Binding(function), _rule(options.get("retry"))
    spec = parse_job(_document(job_id, function, binding, _with_capabilities(options)))
    return Handler(function, binding, spec, source, rule)


def _with_capabilities(options: JobOptions) -> dict[str, Any]:
    """The options with what they require, under whatever name, among the capabilities of the affinity."""
    given: dict[str, Any] = dict(options)
    required = {name: given.pop(name) for name in options if name.startswith(_REQUIRES)}
    problems = [
        Problem(f"/{name}", f"must be true or false, not {value!r:.40}")
        for name, value in required.items()
        if not isinstance(value, bool)
    ]
    if problems:
        raise InvalidInput(problems)
    names = [name.removeprefix(_REQUIRES) for name, value in required.items() if value]
    if names:
        affinity = dict(given.get("affinity") or {})
        given["affinity"] = {**affinity, "capabilities": sorted({*affinity.get("capabilities", ()), *names})}
    return given


def _document(
    job_id: str, function: Callable[..., Any], binding: Binding, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The job's document that the options mean."""
    document: dict[str, Any] = {"job_id": job_id, "type": job_id}
    summary = (inspect.getdoc(function) or "").partition("\n")[0]
    if summary:
        document["description"] = summary
    if binding.schema:
        document["inputs_schema"] = json.decode(binding.schema.encode())
    schedule: dict[str, Any] = {}
    policy: dict[str, Any] = {}
    for option, value in options.items():
        plain = value.isoformat() if isinstance(value, datetime) else value
        if option in _TIMES:
            schedule[option] = plain
        elif option == "backoff":
            key = "backoff" if isinstance(value, Mapping) else "backoff_sec"
            policy[key] = value
        elif option == "retry":
            policy["strategy"] = "custom"
        else:
            document[option] = plain
    if schedule:
        document["schedule"] = schedule
    if policy:
        document["retry_policy"] = policy
    return document


def _rule(retry: Any) -> RetryRule | None:
    if retry is None:
        return None
    if not callable(retry) or inspect.iscoroutinefunction(retry):
        message = f"must be a plain function (error, failures) that answers seconds or None, not {retry!r:.60}"
        raise InvalidInput([Problem("/retry", message)])
    rule: RetryRule = retry
    return rule


def _check_target(function: Any) -> None:
    standing = function if isinstance(function, Handler) else getattr(function, "__dict__", {}).get("handler")
    if isinstance(standing, Handler):
        raise InvalidInput(f"@job is on this already, as {standing.spec.job_id!r}: one function or class is one job")
    if inspect.isclass(function):
        if issubclass(function, BaseTask):
            return
        raise InvalidInput(f"a class of a job is a BaseTask: write `class {function.__name__}(BaseTask[RunnerResult])`")
    if not inspect.isroutine(function):
        raise InvalidInput(f"@job goes on a function, not on {function!r:.60}")
    if next(iter(inspect.signature(function).parameters), "") == "self":
        raise InvalidInput("a method has no object to be called on: make it a function, or its class a BaseTask")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidInput("a handler returns its result: one that yields would never run")


def _source(function: Any, root: Path | None) -> str:
    function = function._execute_impl if inspect.isclass(function) and issubclass(function, BaseTask) else function
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return getattr(function, "__module__", None) or "nowhere"
    file = Path(code.co_filename)
    shown = file.relative_to(root) if root is not None and file.is_relative_to(root) else file
    return f"{shown}:{code.co_firstlineno}"
