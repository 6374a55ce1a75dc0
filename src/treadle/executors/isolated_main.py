"""The process of an isolated handler: `python -m treadle.executors.isolated_main FILE`, started by `IsolatedExecutor`.

It is started for every attempt, so it imports little.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from treadle import tracing
from treadle.authoring.context import Log
from treadle.authoring.decorators import AnyHandler
from treadle.authoring.discovery import discover
from treadle.authoring.inbox import Inbox
from treadle.authoring.parents import KnownParents
from treadle.authoring.signals import Signal
from treadle.authoring.steps import Steps, suspension
from treadle.client.binding import home
from treadle.domain import json
from treadle.domain.errors import NotFound
from treadle.domain.logs import Level, Stream, encodable
from treadle.domain.outcomes import Outcome
from treadle.domain.progress import Progress
from treadle.executors.capture import OpenLines, capture_output, current_speaker, end_lines
from treadle.executors.isolated_keeping import AskingKeeper
from treadle.executors.isolation import Assignment, decode_assignment, encode_ending, encode_record
from treadle.executors.lines import encode_fields
from treadle.executors.outcomes import failure, failure_by_rule, to_outcome
from treadle.redaction import NOTHING_SECRET, quieten
from treadle.settings import load_settings, task_folders
from treadle.system import SystemClock

if TYPE_CHECKING:
    import asyncio

    from treadle.executors.probe import Probe

_RECORD_CHARACTERS: Final = 64 * 1024
_PR_SET_PDEATHSIG: Final = 1


class PipeLog:
    """The run's log, seen from here: what is written goes to the worker, which cleans, masks and caps it."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.pipe = pipe
        self.lock = threading.RLock()  # a signal's handler may write while its own thread does

    def write(self, stream: Stream, level: Level, text: str, fields: Mapping[str, Any] | None = None) -> None:
        """Writes a text and its fields; waits while the worker is slower."""
        extra = None if fields is None else encode_fields(fields, NOTHING_SECRET)
        text = encodable(text)
        with self.lock:
            for start in range(0, max(len(text), 1), _RECORD_CHARACTERS):
                part = text[start : start + _RECORD_CHARACTERS]
                self._send(encode_record(stream, level, part, extra))
                extra = None

    def _send(self, record: bytes) -> None:
        left = memoryview(record)
        while left:
            left = left[self.pipe.write(left) :]


class Stop(Signal):
    """Set by SIGTERM: the attempt is to end. A task that awaits is cancelled too."""

    def __init__(self) -> None:
        super().__init__()
        self._task: asyncio.Task[Any] | None = None
        signal.signal(signal.SIGTERM, self._tell)

    def watch(self, task: asyncio.Task[Any]) -> None:
        """From now on, end this task."""
        self._task = task
        if self.is_set():
            task.cancel()

    def _tell(self, *_: object) -> None:
        self.tell()
        if self._task is not None:
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)


class IsolatedAttempt:
    """The attempt, as its handler's context and the capture of its output see it."""

    def __init__(self, assignment: Assignment, log: PipeLog) -> None:
        self.claim = assignment.claim
        self.clock = SystemClock()
        self.deadline = assignment.deadline
        self.log: Log = log
        self.keeper = AskingKeeper(log.pipe, log.lock)
        self.cancelled = Stop()
        self.open_lines: OpenLines = {}
        self.parents = KnownParents(assignment.parents)
        batch = assignment.messages
        self.messages = None if batch is None else Inbox(batch, preserve_order=assignment.preserve_order)

    @cached_property
    def inputs(self) -> Any:
        """The run's inputs, decoded when first read."""
        return json.decode(self.claim.inputs)

    @cached_property
    def steps(self) -> Steps:
        """What the attempt does for good."""
        return Steps(self.claim, self.keeper, self.clock)

    def report(self, progress: Progress) -> None:
        """See `RunningAttempt`."""
        self.keeper.report(progress)

    def suspension(self, error: BaseException | None = None) -> Outcome | None:
        """What the attempt comes to if a step has ended it for now; see `authoring.steps.suspension`."""
        return suspension(vars(self).get("steps"), error)


def main() -> None:
    """Carry out the assignment, leave its outcome, and end as any Python program does."""
    _die_with_parent()
    assignment = decode_assignment(Path(sys.argv[1]).read_bytes())
    log = PipeLog(_take_over_stdin())
    attempt = IsolatedAttempt(assignment, log)
    os.environ["TREADLE_DOMAIN"] = assignment.claim.domain  # where its handler submits runs
    home.set(load_settings(os.environ))
    probe = _probe(assignment, attempt, log)
    tracing.set_up("handler", os.environ.get("TREADLE_TRACES_URL", ""))
    tracing.attach(os.environ.get(tracing.TRACEPARENT, ""))
    quieten()
    capture_output()
    current_speaker.set(attempt)
    outcome = _carry_out(assignment, attempt)
    end_lines(attempt.open_lines)
    if probe is not None:
        probe.passed("end", type(outcome).__name__.lower())
    verdicts = () if attempt.messages is None else attempt.messages.verdicts()
    tracing.shut_down()
    _leave(encode_ending(outcome, verdicts), Path(assignment.outcome))


def _probe(assignment: Assignment, attempt: IsolatedAttempt, log: PipeLog) -> Probe | None:
    """The probe of an attempt by which `treadle job verify` looks at its job; None in earnest."""
    base = os.environ.get("TREADLE_RUN_PROBE")
    if base is None:
        return None
    from treadle.executors.probe import Probe, ProbedKeeper, ProbedLog

    probe = Probe(Path(base), assignment.claim, assignment.tasks)
    probe.enter()
    attempt.log, attempt.keeper = ProbedLog(log, probe), ProbedKeeper(log.pipe, log.lock, probe)
    return probe


def _carry_out(assignment: Assignment, attempt: IsolatedAttempt) -> Outcome:
    try:
        handler = _find(assignment, attempt.log)
        arguments = handler.arguments(attempt)
        try:
            value = _run(handler, arguments, attempt.cancelled) if handler.is_async else handler.function(**arguments)
        except Exception as error:  # noqa: BLE001 - user code may raise anything
            return attempt.suspension(error) or failure_by_rule(handler, attempt.claim, attempt.log, error)
        return attempt.suspension() or to_outcome(value)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the worker has to learn of it
        return attempt.suspension(error) or failure(error)


def _find(assignment: Assignment, log: Log) -> AnyHandler:
    tasks = discover(*task_folders(assignment.tasks))
    handler = tasks.registry.get(assignment.handler)
    if handler is None:
        for failed in tasks.failures:
            log.write(Stream.SYSTEM, Level.ERROR, f"{failed.file}: {failed.message}", {"traceback": failed.detail})
        raise NotFound(f"no handler {assignment.handler!r} is in {assignment.tasks}")
    return handler


def _run(handler: AnyHandler, arguments: dict[str, Any], stop: Stop) -> Any:
    """Calls an async handler on a loop like the worker's."""
    import asyncio

    import uvloop

    async def run() -> Any:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is a task
        stop.watch(task)
        return await handler.function(**arguments)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def _take_over_stdin() -> IO[bytes]:
    """The line to the worker, which came as standard input; handlers find an empty one in its place."""
    pipe = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return os.fdopen(pipe, "r+b", buffering=0)


def _leave(ending: bytes, file: Path) -> None:
    """Leaves the ending whole or not at all."""
    part = file.with_suffix(".part")
    part.write_bytes(ending)
    part.rename(file)


def _die_with_parent() -> None:
    """A worker that is killed leaves nothing behind that runs on. Linux only; elsewhere the worker's parent does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
