"""What a worker hands to an executor, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from treadle import tracing
from treadle.authoring.inbox import Inbox
from treadle.authoring.keeping import Keeper
from treadle.authoring.parents import KnownParents, ParentSource
from treadle.authoring.signals import Signal
from treadle.authoring.steps import Steps, suspension
from treadle.domain import json
from treadle.domain.errors import TreadleError
from treadle.domain.logs import MAX_LOG_BYTES
from treadle.domain.outcomes import Cancelled, Failed, Outcome, Released, RunError
from treadle.domain.progress import Progress
from treadle.domain.runs import Claim
from treadle.domain.work import Work
from treadle.executors.capture import OpenLines, end_lines
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.reports import ProgressBuffer
from treadle.executors.runlog import RunLog
from treadle.executors.secrets import SecretSource
from treadle.system import Clock, SystemClock

T = TypeVar("T")

_CLOCK: Final = SystemClock()

OnProcess: TypeAlias = Callable[[int, bool], None]
"""Called with a process group's id and True when it has started, False when it is gone."""


class CancelSignal(Signal):
    """Tells an execution to end before its time, and which outcome it then has. Set in the loop, read from anywhere."""

    __slots__ = ("outcome",)

    def __init__(self) -> None:
        super().__init__()
        self.outcome: Cancelled | Released | None = None

    def set(self, outcome: Cancelled | Released) -> None:
        """Ends the execution: `Cancelled` for somebody's wish, `Released` for a worker that stops. The first counts."""
        if self.outcome is None:
            self.outcome = outcome
            self.tell()


def nobody(_pgid: int, _started: bool) -> None:  # noqa: FBT001 - the callback's shape
    """For executions whose processes nobody watches."""


_FIRST: Final = Lock()
"""Held while a part of an execution is made: threads of the attempt may ask for it at the same time."""


def _kept(part: T | None, make: Callable[[], T]) -> T:
    """The part that another thread has made meanwhile, else a new one."""
    return make() if part is None else part


_ORPHANED: Final = KnownParents()


class Execution(Struct, eq=False):
    """One attempt as its executor sees it. What few attempts need is made when it is first asked for.

    `messages` is the batch that it has taken, None where its job takes none. `keeper` may be None for programs, which
    have no steps. `deadline` is a moment of the loop's clock in seconds, None for no limit. `on_process` lets the
    worker's parent kill the process groups of a worker process that died. `reports` takes what the handler says of how
    far it has come; None where nobody asks.
    """

    claim: Claim
    work: Work
    logs: LogBuffer
    secrets: SecretSource
    keeper: Keeper | None = None
    deadline: float | None = None
    on_process: OnProcess = nobody
    max_log_bytes: int = MAX_LOG_BYTES
    parents: ParentSource = _ORPHANED
    clock: Clock = _CLOCK
    messages: Inbox | None = None
    reports: ProgressBuffer | None = None
    _cancelled: CancelSignal | None = None
    _inputs: Any = None
    _log: RunLog | None = None
    _open_lines: OpenLines | None = None
    _steps: Steps | None = None

    @property
    def inputs(self) -> Any:
        """The run's inputs, decoded when first read."""
        if self._inputs is None:
            self._inputs = json.decode(self.claim.inputs)
        return self._inputs

    @property
    def log(self) -> RunLog:
        """Where everything that the attempt says is written."""
        if self._log is None:
            with _FIRST:
                self._log = _kept(self._log, self._make_log)
        return self._log

    @property
    def cancelled(self) -> CancelSignal:
        """Tells the attempt to end before its time."""
        if self._cancelled is None:
            with _FIRST:
                self._cancelled = _kept(self._cancelled, CancelSignal)
        return self._cancelled

    @property
    def open_lines(self) -> OpenLines:
        """What was printed since the last line ended."""
        if self._open_lines is None:
            with _FIRST:
                self._open_lines = _kept(self._open_lines, OpenLines)
        return self._open_lines

    @property
    def steps(self) -> Steps:
        """What the attempt does for good."""
        if self._steps is None:
            with _FIRST:
                self._steps = _kept(self._steps, self._make_steps)
        return self._steps

    @property
    def traceparent(self) -> str:
        """The trace that the attempt belongs to, for its processes; empty for none."""
        return tracing.current() or self.work.trace

    def report(self, progress: Progress) -> None:
        """See `RunningAttempt`."""
        if self.reports is not None:
            self.reports.put(self.claim, progress)

    @property
    def unfinished(self) -> ProgressBuffer | None:
        """Where something told of the attempt waits to be stored; None where nothing does, as for most."""
        return self.reports if self.reports is not None and self.reports.owes(self.claim.id) else None

    def suspension(self, error: BaseException | None = None) -> Outcome | None:
        """What the attempt comes to if a step has ended it for now; see `authoring.steps.suspension`."""
        return suspension(self._steps, error)

    @property
    def early_outcome(self) -> Cancelled | Released | None:
        """What the attempt comes to if it was told to end before its time."""
        return None if self._cancelled is None else self._cancelled.outcome

    def close(self) -> None:
        """Ends the attempt's log, with the lines that were not ended and what was cut."""
        if self._open_lines:
            end_lines(self._open_lines)
        if self._log is not None:
            self._log.close()

    def _make_log(self) -> RunLog:
        return RunLog(self.claim, self.logs, max_bytes=self.max_log_bytes, now=self.clock.wall)

    def _make_steps(self) -> Steps:
        assert self.keeper is not None  # noqa: S101 - there is one wherever handlers are called
        return Steps(self.claim, self.keeper, self.clock)


class Executor(Protocol):
    """Carries out one kind of work.

    `ends_itself` says that it watches the deadline and the cancel signal itself; else its task is cancelled for both.
    """

    @property
    def ends_itself(self) -> bool: ...

    async def run(self, execution: Execution) -> Outcome:
        """Carries out one attempt. It ends soon after `execution.cancelled` is set or the deadline has passed.

        When the awaiting task itself is cancelled, everything that was started is ended before the error passes on.
        """
        ...


class CannotRun(TreadleError):
    """The work cannot be carried out as it is defined, or not on this worker."""

    def __init__(self, code: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retry = retry

    @property
    def outcome(self) -> Failed:
        """What the attempt comes to."""
        return Failed(RunError(self.code, self.message), retry=self.retry)
