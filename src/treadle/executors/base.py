"""What a worker hands to an executor, and what it gets back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol, TypeAlias

from treadle.domain import json
from treadle.domain.errors import TreadleError
from treadle.domain.logs import MAX_LOG_BYTES, Level, Stream
from treadle.domain.outcomes import Cancelled, Failed, Outcome, Released, RunError
from treadle.domain.runs import Claim
from treadle.domain.work import Work
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.runlog import RunLog
from treadle.executors.secrets import SecretSource

MAX_RESULT_BYTES: Final = 256 * 1024

OnProcess: TypeAlias = Callable[[int, bool], None]
"""Called with a process group's id and True when it has started, False when it is gone."""


class CancelSignal:
    """Tells an execution to end before its time, and which outcome it then has. Set in the loop, read from anywhere."""

    __slots__ = ("_event", "outcome")

    def __init__(self) -> None:
        self.outcome: Cancelled | Released | None = None
        self._event = asyncio.Event()

    def set(self, outcome: Cancelled | Released) -> None:
        """Ends the execution: `Cancelled` for somebody's wish, `Released` for a worker that stops. The first counts."""
        if self.outcome is None:
            self.outcome = outcome
            self._event.set()

    def is_set(self) -> bool:
        """Whether the execution is to end."""
        return self.outcome is not None

    async def wait(self) -> None:
        """Returns once the execution is to end."""
        await self._event.wait()


def _nobody(_pgid: int, _started: bool) -> None:  # noqa: FBT001 - the callback's shape
    """For executions whose processes nobody watches."""


@dataclass(eq=False)
class Execution:
    """One attempt as its executor sees it. What few attempts need is made when it is first asked for.

    `deadline` is a moment of the loop's clock in seconds, None for no limit. `on_process` lets the worker's parent kill
    the process groups of a worker process that died.
    """

    claim: Claim
    work: Work
    logs: LogBuffer
    secrets: SecretSource
    deadline: float | None = None
    on_process: OnProcess = _nobody
    max_log_bytes: int = MAX_LOG_BYTES

    @cached_property
    def inputs(self) -> Any:
        """The run's inputs, decoded when first read."""
        return json.decode(self.claim.inputs)

    @cached_property
    def log(self) -> RunLog:
        """Where everything that the attempt says is written."""
        return RunLog(self.claim, self.logs, max_bytes=self.max_log_bytes)

    @cached_property
    def cancelled(self) -> CancelSignal:
        """Tells the attempt to end before its time."""
        return CancelSignal()

    @cached_property
    def partial_lines(self) -> dict[Stream, str]:
        """What was printed since the last line ended."""
        return {}

    @property
    def early_outcome(self) -> Cancelled | Released | None:
        """What the attempt comes to if it was told to end before its time."""
        return self.cancelled.outcome if "cancelled" in self.__dict__ else None

    def close(self) -> None:
        """Ends the attempt's log, with the line that was not ended and what was cut."""
        if "partial_lines" in self.__dict__:
            for stream, text in self.partial_lines.items():
                self.log.write(stream, Level.WARNING if stream is Stream.STDERR else Level.INFO, text)
        if "log" in self.__dict__:
            self.log.close()


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
