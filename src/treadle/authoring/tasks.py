"""Jobs as classes: `@job` on a `BaseTask`, whose steps are validated, carried out and, where they fail, judged."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar, get_args, get_origin

from treadle.authoring.context import JobContext
from treadle.authoring.retrying import GiveUp, Retry
from treadle.domain.errors import InvalidInput
from treadle.domain.outcomes import Failed, RunError, Skipped
from treadle.domain.priority import Priority

if TYPE_CHECKING:
    from treadle.authoring.decorators import AnyHandler
    from treadle.authoring.submitting import RunHandle

Result = TypeVar("Result")

JobPriority = Priority
"""How urgent a job is, by another name."""

VALIDATIONS: Final = ("_validate_config", "_validate_resources", "_validate_prerequisites", "_validate_task_specific")
"""The questions that a task is asked before it is carried out, in order."""

_ASYNC: Final = (*VALIDATIONS, "_execute_impl", "_handle_execution_error")


if TYPE_CHECKING:
    ResultError = Exception | str | None
else:
    ResultError = str | None
    """An exception that a task puts there is kept as a text, so that is what a result that is read again has."""


@dataclasses.dataclass
class RunnerResult:
    """What became of one thing that a task has dealt with. To be extended by fields of one's own."""

    success: bool = True
    message: str = ""
    error: ResultError = None


class BaseTask(Generic[Result]):
    """A job as a class: `@job("sync", interval_seconds=90) class Sync(BaseTask[SyncResult]): …`.

    An instance is made for each attempt, without arguments. A validation that answers false skips the run, and later
    ones are not asked.
    """

    handler: ClassVar[AnyHandler]
    """What `@job` makes of the class."""

    @classmethod
    async def enqueue(cls, inputs: object | None = None, /, **named: Any) -> RunHandle[list[Result]]:
        """Submit a run; see `Handler.enqueue`. Its result is the list of what `_execute_impl` answered."""
        return await cls.handler.enqueue(inputs, **named)

    async def _validate_config(self, context: JobContext) -> bool:
        """Whether the configuration is all there."""
        return True

    async def _validate_resources(self, context: JobContext) -> bool:
        """Whether what the task uses (services, databases) is there."""
        return True

    async def _validate_prerequisites(self, context: JobContext) -> bool:
        """Whether what must come before has come."""
        return True

    async def _validate_task_specific(self, context: JobContext) -> bool:
        """Whether there is anything to do."""
        return True

    async def _execute_impl(self, context: JobContext) -> list[Result]:
        """Does the work, and answers what became of each thing."""
        raise NotImplementedError

    def _should_retry_on_error(self, error: Exception, context: JobContext) -> bool:
        """Whether another try may help, as far as the job's retries reach."""
        return True

    async def _handle_execution_error(self, error: Exception, context: JobContext) -> list[Result] | None:
        """Results in place of what the work would have answered; None leaves the error to the retries."""
        return None


def task_function(task: type[BaseTask[Any]]) -> Callable[[JobContext], Awaitable[Any]]:
    """The handler's function of a class. Raises InvalidInput for one that cannot be carried out."""
    _check(task)

    async def carry_out(context: JobContext) -> Any:
        made = task()
        for name in VALIDATIONS:
            if not await getattr(made, name)(context):
                return Skipped(f"{task.__name__}.{name} answered no")
        return _outcome(await _results(made, context))

    carry_out.__module__ = task.__module__
    carry_out.__name__ = carry_out.__qualname__ = task.__qualname__
    carry_out.__doc__ = task.__doc__
    carry_out.__annotations__ = {"context": JobContext, "return": _result_type(task)}
    return carry_out


def _result_type(task: type[BaseTask[Any]]) -> Any:
    """What a run of the task results in: `list[SyncResult]` of a `BaseTask[SyncResult]`."""
    for each in task.__mro__:
        for base in getattr(each, "__orig_bases__", ()):
            if get_origin(base) is BaseTask and not isinstance(get_args(base)[0], TypeVar):
                return list[get_args(base)[0]]  # type: ignore[misc]
    return Any


async def _results(task: BaseTask[Any], context: JobContext) -> Any:
    try:
        return await task._execute_impl(context)
    except (GiveUp, Retry):
        raise  # the task has decided already
    except Exception as error:
        recovered = await task._handle_execution_error(error, context)
        if recovered is not None:
            context.logger.warning("recovered from an error", error=repr(error))
            return recovered
        if not task._should_retry_on_error(error, context):
            raise GiveUp(f"{type(error).__name__}: {error}") from error
        raise


def _outcome(results: Any) -> Any:
    """What results come to: a failure where none of them is a success, else the results themselves."""
    told = [each for each in results if isinstance(each, RunnerResult)] if isinstance(results, Sequence) else []
    if told and len(told) == len(results) and not any(each.success for each in told):
        message = "; ".join(filter(None, (each.message or _text(each.error) for each in told))) or "no result succeeded"
        return Failed(RunError("no_success", message), retry=False)
    return [_plain(each) for each in results] if told else results


def _plain(result: Any) -> Any:
    """A result without what JSON cannot hold: its error as a text."""
    if not isinstance(result, RunnerResult):
        return result
    fields: Mapping[str, Any] = {each.name: getattr(result, each.name) for each in dataclasses.fields(result)}
    return {**fields, "error": None if result.error is None else _text(result.error)}


def _text(error: Exception | str | None) -> str:
    return f"{type(error).__name__}: {error}" if isinstance(error, Exception) else error or ""


def _check(task: type[BaseTask[Any]]) -> None:
    if task._execute_impl is BaseTask._execute_impl:
        raise InvalidInput(f"{task.__name__} does nothing: give it `async def _execute_impl(self, context)`")
    for name in _ASYNC:
        if not inspect.iscoroutinefunction(getattr(task, name)):
            raise InvalidInput(f"{task.__name__}.{name} must be async: write `async def {name}(…)`")
    if inspect.iscoroutinefunction(task._should_retry_on_error):
        raise InvalidInput(f"{task.__name__}._should_retry_on_error must not be async: write `def`")
    needed = [
        each.name
        for each in inspect.signature(task).parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if needed:
        raise InvalidInput(f"{task.__name__} is made without arguments, but its __init__ needs {', '.join(needed)}")
